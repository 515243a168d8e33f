"""What an explanation comes to in words, and as the report draws it: a matrix and curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from causalspec.runtime.report.heat import heat_class
from causalspec.runtime.results.explanations import Coverage, Explanation, LearntRule, Strength

MOST_CELLS = 32
"""The matrix has so many rows at most: neighbouring inputs of one sort share one."""
PLOT_WIDTH, PLOT_HEIGHT = 320, 200
"""Pixels of the curves' plot: the share of inputs rightwards, IIA from .5 upwards."""


@dataclass(frozen=True, slots=True)
class Cell:
    """How many of the swaps between two groups of inputs do as the hypothesis says, drawn."""

    x: int
    y: int
    width: int
    height: int
    shade: str
    title: str


@dataclass(frozen=True, slots=True)
class Curve:
    """One hypothesis, or several combined, as points of the plot; `number` is its colour."""

    name: str
    number: int
    points: tuple[tuple[float, float], ...]
    path: str


def summary(explanation: Explanation) -> str:
    """How many inputs are explained, and how well, in a sentence."""
    count, explained = len(explanation.inputs), explanation.explained
    told = f"{explained} of {count} inputs are explained"
    if explanation.iia_explained is not None:
        told += f": IIA {explanation.iia_explained:.3f} on swaps between these"
    if explanation.iia is not None:
        told += f", {explanation.iia:.3f} on swaps between all"
    return told


def rule_quality(rule: LearntRule) -> str:
    """What is left where a rule does not hold, in a sentence."""
    return (
        f"where it does not hold, on {rule.share:.0%} of the inputs, maps fitted to these alone "
        f"have IIA {rule.iia:.3f}, 95 % interval {rule.lower:.3f} to {rule.upper:.3f}, on "
        f"{rule.pairs} test pairs"
    )


def sorts(explanation: Explanation) -> list[tuple[str, int, int]]:
    """The inputs counted by whether they are explained: how many the rule calls exceptional."""
    found: list[tuple[str, int, int]] = []
    for word, is_so in (("explained", True), ("not explained", False)):
        judged = [judged for judged in explanation.inputs if judged.explained is is_so]
        found.append((word, len(judged), sum(bool(each.exceptional) for each in judged)))
    return found


def cells(explanation: Explanation) -> list[Cell]:
    """The matrix of who gets on with whom, explained inputs first."""
    groups = _groups(explanation)
    found: list[Cell] = []
    for top, bottom in groups:
        for left, right in groups:
            rows = explanation.get_on[top:bottom]
            met = sum(row[left:right].count("1") for row in rows)
            share = met / ((bottom - top) * (right - left))
            title = f"inputs {top + 1} to {bottom} and {left + 1} to {right}: {share:.0%} get on"
            shade = heat_class(share)
            found.append(Cell(left, top, right - left, bottom - top, shade, title))
    return found


def _groups(explanation: Explanation) -> list[tuple[int, int]]:
    count, explained = len(explanation.inputs), explanation.explained
    size = max(1, -(-count // MOST_CELLS))
    bounds = sorted({*range(0, explained, size), *range(explained, count, size), explained, count})
    return list(pairwise(bounds))


def curves(strengths: Sequence[Strength]) -> list[Curve]:
    """The curves in the plot's pixels; a set that is empty has no point."""
    return [_curve(number, strength) for number, strength in enumerate(strengths)]


def _curve(number: int, strength: Strength) -> Curve:
    points = tuple(_place(point) for point in strength.curve if point.iia is not None)
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return Curve(" and ".join(strength.hypotheses), number % 5, points, path)


def _place(point: Coverage) -> tuple[float, float]:
    height = min(1.0, max(0.0, 2 * ((point.iia or 0.0) - 0.5)))
    return PLOT_WIDTH * point.share, PLOT_HEIGHT * (1 - height)
