"""Splits that draw the same few pairs again and again."""

from __future__ import annotations

from collections.abc import Sequence

from causalspec.compiler.data.counterfactuals import generate
from causalspec.compiler.data.pairs import InterchangePairs
from causalspec.compiler.specification import CounterfactualDesign
from causalspec.dsl.diagnostics import Diagnostics

COUNTED = 1 << 14
"""So many pairs of a split are drawn at most to count those that are distinct."""

FITTED = "train"
"""The split that nothing is scored on: fitting reads the same pairs in many steps all the same."""


def examine_repeats(
    design: CounterfactualDesign, tried: Sequence[InterchangePairs], diagnostics: Diagnostics
) -> None:
    """Warn of splits less than half of whose pairs are distinct: repeated ones count once in every
    interval. `tried` are some pairs of each split; where these repeat, more are drawn.
    """
    for split, some in zip(design.splits, tried, strict=True):
        if split.name == FITTED or some.summary.distinct.count == len(some):
            continue
        rows = min(split.rows, COUNTED)
        distinct = generate(design, split.name, rows=rows).summary.distinct.count
        if 2 * distinct < rows:
            counted = "pairs" if rows == split.rows else "pairs tried"
            diagnostics.warning(
                "CS541",
                f"only {distinct:,} of {rows:,} {counted} of `{design.name}.{split.name}` are "
                "distinct",
                design.span,
                help="repeated pairs count once in a score's interval: let types and filters leave "
                f"more of them, or ask for {distinct:,} pairs",
            )
