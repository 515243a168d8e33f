"""How likely an expectation is to hold on a design's pairs where the truth lies above its bound.

What verdicts would score is drawn (`simulated_scores`), and each draw is judged by their rule
(`expectations`). A claim that is almost always unknown, or that no result could meet, shows here
before a network is run.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from causalspec.compiler import (
    Expectation,
    Metric,
    MetricArithmetic,
    MetricExpression,
    full_vocabulary,
)
from causalspec.runtime.scoring.expectations import holds
from causalspec.runtime.scoring.linear import AskedDifference, difference_asked
from causalspec.runtime.scoring.planned_reuse import TYPICAL, ReuseOf, independent_pairs
from causalspec.runtime.scoring.simulated_scores import SimulatedScores, simulated

MARGIN = 0.05
"""How far above the bound the true value is taken to lie where nothing else is asked."""

MOST_PAIRS = 1 << 17
SHARES = frozenset({"iia", "cause", "isolate", "cause_isolate"})
"""Metrics that are shares of pairs: others have no distribution before a network is run."""

_FEW_DRAWS = 200
"""Where about how many pairs would do is looked for."""

PAIRED = frozenset({"iia", "cause", "isolate"})
"""Those whose differences are judged pair by pair."""


@dataclass(frozen=True, slots=True)
class Power:
    """The probability that an expectation holds on pairs that count as `pairs` independent ones,
    were its scores truly `truth`; None where that can't be told beforehand, `reason` says why.
    `enough` gives for a power about how many independent pairs would do, None where none up to
    131,072 would.
    """

    text: str
    pairs: int
    probability: float | None
    truth: tuple[tuple[str, float], ...] = ()
    enough: tuple[tuple[float, int | None], ...] = ()
    reason: str = ""

    @property
    def can_hold(self) -> bool:
        """Whether some result on so many pairs could hold, as far as draws show."""
        return self.probability is None or self.probability > 0


def power_of(
    expectation: Expectation,
    data: Sequence[ReuseOf],
    margin: float = MARGIN,
    parts: Sequence[float] | None = None,
) -> Power:
    """The power of an expectation on the pairs of each data set, where the true values of its
    scores lie `margin` on the right side of its bound; `parts` as in `agreements`.
    """
    named = _named(expectation)
    unknown = [metric.text for metric in named if metric.name not in SHARES]
    truth = None if unknown else truth_of(expectation, margin)
    if truth is None:
        pairs = sum(independent_pairs(reuse_of(named[0]), TYPICAL) for reuse_of in data)
        reason = "no true scores from 0 to 1 meet it"
        if unknown:
            reason = f"how `{unknown[0]}` spreads is not known before a network is run"
        return Power(expectation.text, int(pairs), None if unknown else 0.0, reason=reason)
    told = tuple((metric.text, round(value, 4)) for metric, value in truth.items())
    if not all(len(reuse_of(metric).inputs) for reuse_of in data for metric in truth):
        return Power(expectation.text, 0, 0.0, told, reason="no pair is of that kind")
    drawn = simulated(truth, _on_same_pairs(expectation), data, parts)
    found = _share(expectation, drawn, 1.0, drawn.draws)
    count = max(1, int(drawn.counts_as))

    @cache
    def probability(pairs: int) -> float:
        return found if pairs == count else _share(expectation, drawn, pairs / count, _FEW_DRAWS)

    enough = tuple((asked, _least_pairs(probability, asked, count)) for asked in (0.8, 0.95))
    return Power(expectation.text, count, found, told, enough)


def _share(expectation: Expectation, drawn: SimulatedScores, scale: float, draws: int) -> float:
    """The share of draws that hold, were there `scale` times as many pairs."""
    judged = (holds(expectation, *drawn.scores(draw, scale)) for draw in range(draws))
    return _at_least(sum(judged) / draws, expectation.least, expectation.seeds)


def _on_same_pairs(expectation: Expectation) -> AskedDifference | None:
    """The difference that is bounded, where both scores are certain to be of the same pairs: a
    rival's may be of others.
    """
    asked = difference_asked(expectation)
    if asked is None or (asked.first.name, asked.first.kind) != (
        asked.second.name,
        asked.second.kind,
    ):
        return None
    shared = {None, *full_vocabulary().controls}
    is_shared = {asked.first.of, asked.second.of} <= shared
    return asked if is_shared and asked.first.name in PAIRED else None


def _at_least(single: float, least: int, of: int) -> float:
    """The probability that at least so many of `of` independent trials succeed."""
    return math.fsum(
        math.comb(of, n) * single**n * (1 - single) ** (of - n) for n in range(least, of + 1)
    )


def _least_pairs(probability: Callable[[int], float], asked: float, now: int) -> int | None:
    """The fewest pairs found by doubling and halving, from those that there are `now`; powers rise
    with the pairs but for steps.
    """
    least = most = now
    while probability(most) < asked:
        least, most = most, 2 * most
        if most > MOST_PAIRS:
            return None
    while least == most and least > 1:
        least //= 2
        if probability(least) >= asked:
            most = least
    while most - least > max(1, least // 20):
        middle = (least + most) // 2
        if probability(middle) >= asked:
            most = middle
        else:
            least = middle
    return most


def truth_of(expectation: Expectation, margin: float = MARGIN) -> Mapping[Metric, float] | None:
    """True scores that meet the bound by `margin`, or by half of what there is room for; several
    have come equally far from the end that speaks against the expectation to the other. None where
    no scores from 0 to 1 meet it.
    """
    named = _named(expectation)
    wants_more = expectation.operator in (">", ">=", "==")

    def gap(scores: Mapping[Metric, float]) -> float:
        difference = _value(expectation.left, scores) - _value(expectation.right, scores)
        return difference if wants_more else -difference

    middle = dict.fromkeys(named, 0.5)
    best = {
        metric: float(gap({**middle, metric: 1.0}) >= gap({**middle, metric: 0.0}))
        for metric in named
    }
    room = gap(best)
    if expectation.operator == "==":
        margin, room = 0.0, max(0.0, room)
    if room < 0 or (room == 0 and expectation.operator in ("<", ">")):
        return None
    wanted = min(margin, room / 2)
    low, high = 0.0, 1.0  # how far from the worst scores to the best
    for _ in range(50):
        step = (low + high) / 2
        reached = gap(_between(best, step)) >= wanted
        low, high = (low, step) if reached else (step, high)
    return _between(best, high)


def _between(best: Mapping[Metric, float], step: float) -> dict[Metric, float]:
    return {metric: 1 - end + step * (2 * end - 1) for metric, end in best.items()}


def _named(expectation: Expectation) -> list[Metric]:
    return sorted({metric.plain for metric in expectation.metrics}, key=lambda m: m.text)


def _value(expression: MetricExpression, scores: Mapping[Metric, float]) -> float:
    match expression:
        case Metric():
            return scores[expression.plain]
        case MetricArithmetic(sign, left, right):
            first, other = _value(left, scores), _value(right, scores)
            match sign:
                case "+":
                    return first + other
                case "-":
                    return first - other
                case "*":
                    return first * other
                case _:
                    return first / other if other else math.inf
        case _:
            return float(expression)
