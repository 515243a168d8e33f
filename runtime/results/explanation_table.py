"""Explanations in the terminal: how many inputs are explained, the rule, and the curves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.text import Text

from causalspec.runtime.report.explanation import rule_quality, summary
from causalspec.runtime.report.text import visible
from causalspec.runtime.results.explanations import Explanation

SHOWN_LEVELS = (0.8, 0.9, 1.0)
"""The points of the curves that the terminal shows; the report draws all."""


def print_explanations(explanations: Sequence[Explanation], console: Console) -> None:
    """Print each explanation as plain lines: no markup and no escape sequence of a spec acts."""
    for explanation in explanations:
        console.print()
        console.print(_text(f"why {explanation.claim}", console, "bold"))
        for line in _lines(explanation):
            console.print(_text(line and f"  {line}", console), soft_wrap=True)


def _text(line: str, console: Console, style: str = "") -> Text:
    shown = visible(line)
    if console.options.ascii_only:
        shown = shown.encode("ascii", "backslashreplace").decode("ascii")
    return Text(shown, style)


def _lines(explanation: Explanation) -> Iterator[str]:
    if explanation.inputs:
        yield summary(explanation)
    if explanation.reason:
        yield explanation.reason
    rule = explanation.rule
    if rule is not None:
        yield "the others are told apart by"
        yield ""
        yield f"  {rule.line}"
        yield ""
        yield f"which can be pasted into {explanation.model}: {rule_quality(rule)}"
    if explanation.strengths:
        yield ""
        yield "share of inputs covered (IIA on them), where each gets on with so many of the rest:"
        names = [" + ".join(strength.hypotheses) for strength in explanation.strengths]
        width = max(len(name) for name in names)
        yield "  ".join([" " * width, *(f"{level:>13.0%}" for level in SHOWN_LEVELS)])
        for name, strength in zip(names, explanation.strengths, strict=True):
            points = {point.threshold: point for point in strength.curve}
            cells = [
                f"{points[level].share:.3f} ({_figure(points[level].iia)})"
                for level in SHOWN_LEVELS
                if level in points
            ]
            yield "  ".join([f"{name:{width}}", *(f"{cell:>13}" for cell in cells)])


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
