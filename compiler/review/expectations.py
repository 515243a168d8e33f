"""Whether an expectation is harder or easier to meet than it was, however it is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from causalspec.compiler.review.changes import Area, Change
from causalspec.compiler.specification import (
    Expectation,
    Metric,
    MetricArithmetic,
    MetricExpression,
)

_RANKS = {"upper": -1, "mean": 0, "lower": 1}
"""The bounds of one score, from the easiest to exceed."""


@dataclass(frozen=True)
class _Bound:
    """An expectation as `sum of scores ≥ threshold`; `is_strict` where equality fails, and
    `is_equality` where nothing else holds.
    """

    scores: Mapping[Metric, Fraction]
    threshold: Fraction
    is_strict: bool
    is_equality: bool
    least: int
    seeds: int

    @property
    def key(self) -> object:
        """What tells it from an expectation of other scores."""
        return frozenset(self.scores.items()), self.is_equality

    @property
    def scored(self) -> object:
        """What it is about, whichever bounds of the scores it takes."""
        return frozenset((_score(metric), share) for metric, share in self.scores.items())


def expectation_changes(
    where: str, old: tuple[Expectation, ...], new: tuple[Expectation, ...]
) -> Iterator[Change]:
    """Expectations of one combination of scores are one."""
    before, after = (
        {_key(expectation): expectation for expectation in side} for side in (old, new)
    )
    lost = [expectation for key, expectation in before.items() if key not in after]
    won = [expectation for key, expectation in after.items() if key not in before]
    pairs = [(expectation, after[key]) for key, expectation in before.items() if key in after]
    for expectation in list(lost):  # the same scores, now by a bound of their intervals
        bound = _bound(expectation)
        for other in won:
            another = _bound(other)
            if bound and another and bound.scored == another.scored:
                pairs.append((expectation, other))
                lost.remove(expectation)
                won.remove(other)
                break
    for expectation, other in pairs:
        word = _moved(expectation, other)
        if word is not None:
            text = f"{word}: expects `{other.text}` and no longer `{expectation.text}`"
            yield Change(Area.CLAIMS, where, text)
    for expectation in lost:
        yield Change(Area.CLAIMS, where, f"loosened: no longer expects `{expectation.text}`")
    for expectation in won:
        yield Change(Area.CLAIMS, where, f"tightened: expects `{expectation.text}`, too")


def _score(metric: Metric) -> object:
    """What a metric is of, whichever bound of it is taken."""
    return metric.name, metric.of, metric.kind


def _moved(old: Expectation, new: Expectation) -> str | None:
    """None where it is the same."""
    was, now = _bound(old), _bound(new)
    if was is None or now is None or was == now:
        return None
    if was.is_equality or now.is_equality:
        return "changed"
    rank = {_score(metric): _RANKS[metric.bound] for metric in was.scores}
    steps = [
        (share > 0 or -1) * (_RANKS[metric.bound] - rank[_score(metric)])
        for metric, share in now.scores.items()
    ]
    if (was.least, was.seeds) != (now.least, now.seeds):
        # Of one more seed one more, or as many of fewer, is harder; all of fewer is easier.
        steps.append(_sign(now.least - was.least))
        steps.append(_sign((was.seeds - was.least) - (now.seeds - now.least)))
    limits = (was.threshold, was.is_strict), (now.threshold, now.is_strict)
    if limits[1] >= limits[0] and min(steps) >= 0:
        return "tightened"
    return "loosened" if limits[1] <= limits[0] and max(steps) <= 0 else "changed"


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)


def _key(expectation: Expectation) -> object:
    bound = _bound(expectation)
    return (
        bound.key
        if bound is not None
        else (expectation.left, expectation.operator, expectation.right)
    )


def _bound(expectation: Expectation) -> _Bound | None:
    """None where scores are multiplied or divided by each other."""
    total = _linear(MetricArithmetic("-", expectation.left, expectation.right))
    if total is None:
        return None
    sign = -1 if expectation.operator in ("<", "<=") else 1
    threshold = -sign * total.pop(None, Fraction(0))
    scores = {metric: sign * share for metric, share in total.items() if metric and share}
    if not scores:
        return None
    # One scale for all ways to write it; of an equality also one sign.
    scale = min(map(abs, scores.values()))
    if expectation.operator == "==" and scores[min(scores, key=repr)] < 0:
        scale = -scale
    return _Bound(
        {metric: share / scale for metric, share in scores.items()},
        threshold / scale,
        expectation.operator in ("<", ">"),
        expectation.operator == "==",
        expectation.least,
        expectation.seeds,
    )


def _linear(expression: MetricExpression) -> dict[Metric | None, Fraction] | None:
    """The factor of each score, and the constant under None."""
    if isinstance(expression, Metric):
        return {expression: Fraction(1)}
    if not isinstance(expression, MetricArithmetic):
        return {None: Fraction(str(expression))}
    left, right = _linear(expression.left), _linear(expression.right)
    if left is None or right is None:
        return None
    if expression.operator in ("+", "-"):
        sign = 1 if expression.operator == "+" else -1
        none = Fraction(0)
        return {
            metric: left.get(metric, none) + sign * right.get(metric, none)
            for metric in {**left, **right}
        }
    if expression.operator == "*" and left.keys() == {None}:
        left, right = right, left
    if right.keys() != {None}:
        return None
    if expression.operator == "/" and not right[None]:
        return None
    factor = 1 / right[None] if expression.operator == "/" else right[None]
    return {metric: share * factor for metric, share in left.items()}
