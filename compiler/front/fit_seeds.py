"""`for 4 of 5 seeds`: for how many seeds of the fit an expectation has to hold."""

from __future__ import annotations

from causalspec.compiler.front.names import Compilation
from causalspec.dsl import syntax

MOST_SEEDS = 100
"""Each seed is a whole sweep."""


def seeds_of(compilation: Compilation, written: syntax.Seeds) -> tuple[int, int] | None:
    """At least how many seeds, and of how many; None with the reason reported."""
    least, of = (_count(compilation, number) for number in (written.least, written.of))
    if least is None or of is None:
        return None
    if least > of:
        advice = f"write `for {of} of {least} seeds`, or `for {of} of {of} seeds` for all of them"
        message = f"`{least} of {of}` seeds are more than there are"
        return compilation.error("CS750", message, written.span, help=advice)
    return least, of


def _count(compilation: Compilation, number: syntax.Number) -> int | None:
    text = number.text.replace("_", "")
    if not text.isdigit() or not 1 <= int(text) <= MOST_SEEDS:
        advice = f"maps are fitted for 1 to {MOST_SEEDS} seeds, e.g. `for 4 of 5 seeds`"
        return compilation.error(
            "CS750", f"`{number.text}` is not a number of seeds", number.span, help=advice
        )
    return int(text)
