"""Scores as dots with their intervals, one row each, on a common scale from 0 to 1.

Positions are percentages of the drawing's width and sizes are pixels, so a chart follows the width
of the page while its dots stay round and its figures readable.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from causalspec.runtime.report.markup import NOTHING, Markup, joined, markup, prose
from causalspec.runtime.report.text import Reference, figure, interval, references, sorted_controls
from causalspec.runtime.results.estimates import Score
from causalspec.runtime.results.records import ClaimVerdict, ControlScore

_CONTROLS_CAPTION = (
    "IIA on test pairs with 95 % Wilson intervals: the filled dot is the claim’s own map, "
    "the hollow ones are what it is held against"
)

TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


def control_rows(verdict: ClaimVerdict) -> Markup:
    """The claim's own score above its controls and rivals, best first, as a table with a chart."""
    own = ControlScore(verdict.method, verdict.score, "The claim’s own map, on the test pairs.")
    rows = [
        _row(own, references(verdict), "own"),
        *_rows(sorted_controls(verdict), references(verdict)),
    ]
    return joined(
        [
            _table("map", _CONTROLS_CAPTION, rows),
            reference_key(references(verdict)),
        ]
    )


def kind_rows(verdict: ClaimVerdict) -> Markup:
    """The test score of each kind of swap."""
    rows = _rows(verdict.per_kind, references(verdict))
    return _table("swap", "The score on the test pairs, by kind of swap", rows)


def dot_and_interval(score: Score, lines: Iterable[Reference]) -> Markup:
    """One score on the scale from 0 to 1, over grid and reference lines."""
    parts = [_upright("grid", tick) for tick in TICKS]
    parts += [_upright(f"reference {line.name}", line.value) for line in lines]
    if score.total:
        parts.append(
            markup(
                '<line class="span" x1="{low}%" x2="{high}%" y1="50%" y2="50%"/>'
                '<circle class="dot" cx="{mean}%" cy="50%" r="4.5"/>',
                low=100 * score.lower,
                high=100 * score.upper,
                mean=100 * score.mean,
            )
        )
    return markup(
        '<svg class="dots" role="img" aria-label="{label}">{parts}</svg>',
        label=f"{figure(score.mean)}, 95 % interval {interval(score)}",
        parts=joined(parts),
    )


def reference_key(lines: Sequence[Reference]) -> Markup:
    """What each reference line stands for, with its value."""
    if not lines:
        return NOTHING
    items = [
        markup(
            '<li><svg class="sample" width="30" height="10" aria-hidden="true">'
            '<line class="reference {name}" x1="1" x2="29" y1="5" y2="5"/></svg>'
            "{text} <b>{value}</b></li>",
            name=line.name,
            text=line.text,
            value=figure(line.value),
        )
        for line in lines
    ]
    return markup('<ul class="key">{items}</ul>', items=joined(items))


def _rows(scores: Iterable[ControlScore], lines: Sequence[Reference]) -> list[Markup]:
    return [_row(one, lines, "control") for one in scores]


def _row(one: ControlScore, lines: Iterable[Reference], role: str) -> Markup:
    return markup(
        '<tr role="row" class="{role}"><th role="rowheader" scope="row"><code>{name}</code>'
        '<span class="why">{explanation}</span></th>'
        '<td role="cell" class="plot">{plot}</td>'
        '<td role="cell" class="score"><b>{mean}</b> <span class="interval">{interval}</span></td>'
        "</tr>",
        role=role,
        name=one.name,
        explanation=prose(one.explanation),
        plot=dot_and_interval(one.score, lines),
        mean=figure(one.score.mean),
        interval=interval(one.score),
    )


def _table(what: str, caption: str, rows: Iterable[Markup]) -> Markup:
    ticks = [
        markup(
            '<text class="{place}" x="{x}%" y="12">{tick}</text>',
            place="start" if tick == 0 else "end" if tick == 1 else "middle",
            x=100 * tick,
            tick=f"{tick:g}",
        )
        for tick in TICKS
    ]
    return markup(
        '<table role="table" class="scores"><caption>{caption}</caption>'
        '<thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">{what}</th>'
        '<th role="columnheader" scope="col" class="plot">'
        '<span class="unseen">on a scale from 0 to 1</span>'
        '<svg class="ticks" aria-hidden="true">{ticks}</svg></th>'
        '<th role="columnheader" scope="col" class="score">IIA '
        '<span class="interval">95 % interval</span></th></tr></thead>'
        '<tbody role="rowgroup">{rows}</tbody></table>',
        what=what,
        caption=caption,
        ticks=joined(ticks),
        rows=joined(rows),
    )


def _upright(kind: str, value: float) -> Markup:
    return markup(
        '<line class="{kind}" x1="{x}%" x2="{x}%" y1="0" y2="100%"/>', kind=kind, x=100 * value
    )
