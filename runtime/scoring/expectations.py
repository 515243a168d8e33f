"""A claim's `expect` lines, evaluated over the scores of a run.

A line fails where the scores miss its bound. Where they meet it, it holds if they rest on enough
pairs: at least half of those drawn, and so many that the interval reaches no more than .15 past the
bound. Else it is unknown, which is never a pass.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from causalspec.compiler import (
    Expectation,
    Metric,
    MetricArithmetic,
    MetricExpression,
    fewest,
)
from causalspec.dsl.diagnostics import InternalError
from causalspec.runtime.report.text import count_of
from causalspec.runtime.results.estimates import Estimate
from causalspec.runtime.results.paired import Paired
from causalspec.runtime.results.records import ExpectationVerdict
from causalspec.runtime.scoring.linear import AskedDifference, difference_asked

Scores = Mapping[Metric, Estimate]
"""What each metric came to that the claim asks for, by the metric with the bound `mean`."""

Differences = Mapping[tuple[Metric, Metric], Paired]
"""How much greater the first score is than the second on the same pairs."""

SLACK = 0.15
"""How far the interval may reach past a bound that is met, for each unit of a score."""

LEAST_SCORED = 0.5
"""The share of drawn pairs that have to be scored: others say little of those drawn."""

_MOST_PAIRS = 1 << 40

_ARITHMETIC: Mapping[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": lambda left, right: left / right if right else math.nan,
}
_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
}


def judge(
    expectation: Expectation,
    scores: Scores,
    left_out: Mapping[str, str] | None = None,
    differences: Differences | None = None,
) -> ExpectationVerdict:
    """Whether an expectation holds, fails, or is unknown on these pairs. It is unknown where it
    asks for a control or rival that was `left_out`, by name, for the reason given there.

    The interval of an expression runs from the least to the greatest that it comes to with every
    score anywhere in its own interval: whatever the scores have to do with each other, it is no
    narrower than theirs allow. What bounds one of the `differences` has the interval of that, which
    knows what they have to do with each other. `lower(iia)` and `upper(iia)` have the interval of
    their score, so that `lower(iia) >= 0.9`, the strict form, has no slack.
    """
    for metric in expectation.metrics:
        reason = (left_out or {}).get(metric.of or metric.name)
        if reason is not None:
            return ExpectationVerdict(expectation.text, math.nan, None, reason)
    left, right = _sides(expectation, scores)
    if math.isnan(left) or math.isnan(right):
        return ExpectationVerdict(expectation.text, left, None, "no pair was scored")
    if not _COMPARISONS[expectation.operator](left, right):
        return ExpectationVerdict(expectation.text, left, False)
    lacking = _Lacking.of(expectation, scores, _bounded(expectation, differences or {}))
    if lacking is None:
        return ExpectationVerdict(expectation.text, left, True)
    return ExpectationVerdict(expectation.text, left, None, lacking.text, lacking.enough)


def holds(expectation: Expectation, scores: Scores, differences: Differences) -> bool:
    """Whether `judge` finds that an expectation holds where all drawn pairs are scored, without
    looking for what to say where it doesn't: plans ask it of many draws.
    """
    if not _COMPARISONS[expectation.operator](*_sides(expectation, scores)):
        return False
    past = _reach(expectation, scores, _bounded(expectation, differences), None)
    return past <= _slack(expectation, scores)


def _sides(expectation: Expectation, scores: Scores) -> tuple[float, float]:
    """Scores are counts, thresholds decimals: compared past the rounding of binary fractions."""
    return (
        round(_value(expectation.left, scores), 9),
        round(_value(expectation.right, scores), 9),
    )


@dataclass(frozen=True, slots=True)
class _Lacking:
    """Why pairs do not suffice, and how many would."""

    reasons: tuple[str, ...]
    enough: int | None

    @staticmethod
    def of(expectation: Expectation, scores: Scores, bounded: _Bounded | None) -> _Lacking | None:
        """None where they suffice."""
        named = {metric.plain: scores[metric.plain] for metric in expectation.metrics}
        half = 0
        few: dict[tuple[int, int], str] = {}  # controls share the claim's own pairs
        for metric, score in named.items():
            of = metric.of
            if score.drawn is not None and score.total < LEAST_SCORED * score.drawn:
                half = max(half, math.ceil(LEAST_SCORED * score.drawn))
                whose = "" if of is None else f" of `{of}`"
                text = f"only {score.total:,} of {score.drawn:,} drawn pairs{whose} could be scored"
                few.setdefault((score.total, score.drawn), text)
        reasons = list(few.values())
        past = _reach(expectation, scores, bounded, None)
        if past > _slack(expectation, scores):
            fewest = min(score.counts_as() for score in named.values())
            fewest = fewest if bounded is None else bounded.difference.counts_as()
            reasons.append(
                f"on {count_of(fewest)} independent pairs the interval reaches {past:.3f} past "
                "the bound"
            )
        if not reasons:
            return None
        enough = _enough(expectation, scores, bounded)
        return _Lacking(tuple(reasons), None if enough is None else max(enough, half))

    @property
    def text(self) -> str:
        """As reports say it."""
        advice = "no number" if self.enough is None else f"{self.enough:,}"
        return f"{', and '.join(self.reasons)}; {advice} would do"


@dataclass(frozen=True, slots=True)
class _Bounded:
    """The difference of two scores on the same pairs that an expectation bounds."""

    asked: AskedDifference
    difference: Paired

    def gap(self, pairs: int | None) -> tuple[float, float]:
        """The interval of the expectation's left side less its right."""
        difference = self.difference
        low, high = difference.interval(difference.counts_as() if pairs is None else pairs)
        scale, constant = self.asked.scale, self.asked.constant
        return scale * low + constant, scale * high + constant


def _bounded(expectation: Expectation, differences: Differences) -> _Bounded | None:
    asked = difference_asked(expectation)
    found = None if asked is None else differences.get((asked.first, asked.second))
    return None if asked is None or found is None else _Bounded(asked, found)


def _enough(expectation: Expectation, scores: Scores, bounded: _Bounded | None) -> int | None:
    """The fewest pairs on which the interval would reach no further than it may, were the means of
    all scores the same; None where no number would do.
    """
    slack = _slack(expectation, scores)
    return fewest(
        lambda pairs: not _reach(expectation, scores, bounded, pairs) > slack, most=_MOST_PAIRS
    )


def _reach(
    expectation: Expectation, scores: Scores, bounded: _Bounded | None, pairs: int | None
) -> float:
    """How far past the bound the interval reaches; `pairs` as in `_interval`."""
    if bounded is None:
        left = _interval(expectation.left, scores, pairs)
        right = _interval(expectation.right, scores, pairs)
        below, above = right[1] - left[0], left[1] - right[0]
    else:
        low, above = bounded.gap(pairs)
        below = -low
    match expectation.operator:
        case ">" | ">=":
            past = below
        case "<" | "<=":
            past = above
        case _:
            past = max(below, above)
    return round(past, 9)


def _slack(expectation: Expectation, scores: Scores) -> float:
    """What the interval may reach past the bound: a score that counts twice may reach twice as far,
    so that a claim stays the same when both its sides are multiplied.
    """
    return SLACK * max(_weight(side, scores) for side in (expectation.left, expectation.right))


def _weight(expression: MetricExpression, scores: Scores) -> float:
    """By how much an expression moves at most for each unit that one of its scores moves."""
    match expression:
        case Metric():
            return scores[expression.plain].unit()
        case MetricArithmetic(sign, left, right):
            first, other = _weight(left, scores), _weight(right, scores)
            match sign:
                case "*":
                    first *= abs(_value(right, scores))
                    other *= abs(_value(left, scores))
                case "/":
                    first /= abs(_value(right, scores))
                case _:
                    pass
            return max(first, other)
        case _:
            return 0.0


def _interval(
    expression: MetricExpression, scores: Scores, pairs: int | None
) -> tuple[float, float]:
    """The least and the greatest value; with `pairs`, as if every score rested on so many."""
    match expression:
        case Metric():
            score = scores[expression.plain]
            return score.interval(score.counts_as() if pairs is None else pairs)
        case MetricArithmetic(sign, left, right):
            first, other = _interval(left, scores, pairs), _interval(right, scores, pairs)
            if sign == "/" and other[0] <= 0 <= other[1]:
                return -math.inf, math.inf
            # Each operation is monotone in each side, so its extremes are at the ends.
            corners = [_ARITHMETIC[sign](a, b) for a in first for b in other]
            return min(corners), max(corners)
        case _:
            return float(expression), float(expression)


def _value(expression: MetricExpression, scores: Scores) -> float:
    match expression:
        case Metric():
            if expression.plain not in scores:
                raise InternalError(f"no score for {expression!r}")
            score = scores[expression.plain]
            if expression.bound == "mean" or not score.total:
                return score.mean
            low, high = score.interval(score.counts_as())
            return low if expression.bound == "lower" else high
        case MetricArithmetic(sign, left, right):
            return _ARITHMETIC[sign](_value(left, scores), _value(right, scores))
        case _:
            return float(expression)
