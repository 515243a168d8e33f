"""`report.html`: a verification for people, in one file that loads nothing and runs nothing.

What it looks like is written in `templates/`. There every value is escaped, and shows what would
act or hide in a terminal or an editor, unless it is `Markup` already.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from importlib.resources import files
from itertools import pairwise
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from causalspec.runtime.report import explanation, heat, sweep, text
from causalspec.runtime.report.graph import graph_drawing
from causalspec.runtime.report.too_few import what_helps
from causalspec.runtime.results.explanations import Explanation
from causalspec.runtime.results.records import Verification


def render_report(verification: Verification, explanations: Sequence[Explanation] = ()) -> str:
    """The report as the text of one HTML file, to be written as UTF-8 with these very newlines.

    Everything that comes from a spec, a network or a tokenizer is escaped. The content security
    policy allows the one style sheet, by its hash, and nothing else.
    """
    return rendered(
        "report.html",
        verification=verification,
        state=_state(verification),
        explanations={explained.claim: explained for explained in explanations},
    )


def rendered(template: str, **values: object) -> str:
    """The text of one HTML file by a template, with the style sheet of all of them."""
    style = files(__package__ or __name__).joinpath("report.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    page = _environment().get_template(template)
    return page.render(style=Markup(style), style_digest=digest, **values)


def prose(sentence: str) -> Markup:
    """A sentence in which `backquotes` mark code, as in the messages of the checker."""
    parts = [Markup.escape(text.visible(part)) for part in sentence.split("`")]
    if len(parts) % 2 == 0:  # a backquote that closes nothing
        return Markup("`").join(parts)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else part
        for place, part in enumerate(parts)
    )


def _state(verification: Verification) -> str:
    if not verification.verdicts:
        return "some-fail"
    return {True: "all-hold", False: "some-fail", None: "some-unknown"}[verification.holds]


def _shown(value: object) -> object:
    """A value as the page shows it; floats are coordinates: at most two places."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return text.visible(value)
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else value


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(__package__ or __name__),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    # `Any`, as in Jinja2's own environments: a template calls what it is given.
    filters: list[Any] = [
        *(text.cost, text.expectation_figure, text.figure, text.headline, text.interval),
        *(text.percent, text.references, text.repeats, text.short_figure, text.site_name),
        *(text.doubts, text.held_against, text.outcome, text.spread_of),
        *(text.sorted_controls, text.verbatim, text.verdict_word),
        *(sweep.column_class, heat.heat_class, sweep.not_told_apart, sweep.plot_height),
        *(sweep.sweep_of, explanation.cells, explanation.curves, explanation.rule_quality),
        *(explanation.sorts, explanation.summary, what_helps, graph_drawing, pairwise, prose),
    ]
    constants: dict[str, Any] = {
        "answers": text.ANSWERS,
        "heat_edges": heat.HEAT_EDGES,
        "ticks": (0.0, 0.25, 0.5, 0.75, 1.0),
        "what_iia_means": text.WHAT_IIA_MEANS,
        "what_a_verdict_does_not_say": text.WHAT_A_VERDICT_DOES_NOT_SAY,
    }
    environment.filters.update({function.__name__: function for function in filters})
    environment.globals.update(constants)
    return environment
