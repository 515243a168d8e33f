"""How likely an expectation is to hold on so many pairs where the truth lies above its bound.

The rule is that of verdicts (`expectations`): scores are drawn from binomial distributions, and
each draw is judged; of two scores on the same pairs what the one gets right tells nothing of what
the other does. A claim that is almost always unknown, or that no result could meet, shows here
before a network is run.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from causalspec.compiler import (
    Expectation,
    Metric,
    MetricArithmetic,
    MetricExpression,
    full_vocabulary,
)
from causalspec.runtime.results.estimates import Score
from causalspec.runtime.results.paired import Paired, PairedPart
from causalspec.runtime.scoring.expectations import judge
from causalspec.runtime.scoring.linear import AskedDifference, difference_asked

MARGIN = 0.05
"""How far above the bound the true value is taken to lie where nothing else is asked."""

DRAWS = 400
MOST_PAIRS = 1 << 17
SHARES = frozenset({"iia", "cause", "isolate", "cause_isolate"})
"""Metrics that are shares of pairs: others have no distribution before a network is run."""

PAIRED = frozenset({"iia", "cause", "isolate"})
"""Those whose differences are judged pair by pair."""


@dataclass(frozen=True, slots=True)
class Power:
    """The probability that an expectation holds on `pairs` independent pairs, were its scores truly
    `truth`; None where that can't be told beforehand, `reason` says why. `enough` gives for a power
    how many pairs would do, None where none up to 131,072 would.
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


def power_of(expectation: Expectation, pairs: int, margin: float = MARGIN) -> Power:
    """The power of an expectation on `pairs` independent pairs, where the true values of its scores
    lie `margin` on the right side of its bound.
    """
    named = _named(expectation)
    unknown = [metric.text for metric in named if metric.name not in SHARES]
    if unknown:
        reason = f"how `{unknown[0]}` spreads is not known before a network is run"
        return Power(expectation.text, pairs, None, reason=reason)
    truth = truth_of(expectation, margin)
    if truth is None:
        reason = "no true scores from 0 to 1 meet it"
        return Power(expectation.text, pairs, 0.0, reason=reason)

    def probability(count: int) -> float:
        single = _probability(expectation, truth, count)
        return _at_least(single, expectation.least, expectation.seeds)

    told = tuple((metric.text, round(value, 4)) for metric, value in truth.items())
    enough = tuple((asked, _least_pairs(probability, asked)) for asked in (0.8, 0.95))
    return Power(expectation.text, pairs, probability(pairs), told, enough)


def _probability(expectation: Expectation, truth: Mapping[Metric, float], pairs: int) -> float:
    """The share of draws that hold, each distinct draw judged once."""
    if pairs < 1:
        return 0.0
    chance = np.random.default_rng(0)
    alone = replace(expectation, least=1, seeds=1)
    asked = _on_same_pairs(alone)
    if asked is None:
        drawn = np.stack([chance.binomial(pairs, share, DRAWS) for share in truth.values()], axis=1)
    else:  # on the same pairs: both, the first alone, the second alone, neither
        first, second = truth[asked.first], truth[asked.second]
        cells = [first * second, first * (1 - second), (1 - first) * second]
        drawn = chance.multinomial(pairs, [*cells, (1 - first) * (1 - second)], DRAWS)
    counts, times = np.unique(drawn, axis=0, return_counts=True)
    holding = 0
    for row, repeated in zip(counts.tolist(), times.tolist(), strict=True):
        if asked is None:
            scores = {metric: Score(n, pairs) for metric, n in zip(truth, row, strict=True)}
            verdict = judge(alone, scores)
        else:
            both, ours, theirs, _ = row
            scores = {
                asked.first: Score(both + ours, pairs),
                asked.second: Score(both + theirs, pairs),
            }
            part = PairedPart((ours - theirs) / pairs, (ours + theirs) / pairs, pairs)
            found = {(asked.first, asked.second): Paired((part,))}
            verdict = judge(alone, scores, None, found)
        holding += repeated * (verdict.holds is True)
    return holding / DRAWS


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


def _least_pairs(probability: Callable[[int], float], asked: float) -> int | None:
    """The fewest pairs found by doubling and halving; powers rise with the pairs but for steps."""
    most = 8
    while probability(most) < asked:
        most *= 2
        if most > MOST_PAIRS:
            return None
    least = most // 2
    while most - least > max(1, least // 50):
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
