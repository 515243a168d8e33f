"""Which expectations bound the difference of two scores, however they are written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from causalspec.compiler import Expectation, Metric, MetricArithmetic, MetricExpression


@dataclass(frozen=True, slots=True)
class AskedDifference:
    """Left less right of an expectation is `scale` times (`first` - `second`), and `constant`."""

    first: Metric
    second: Metric
    scale: float
    constant: float


def difference_asked(expectation: Expectation) -> AskedDifference | None:
    """The difference that `iia - iia(no_swap) >= 0.3` and `iia >= iia(Rival) + 0.1` bound; None
    where an expectation is about something else.
    """
    whole = _linear(MetricArithmetic("-", expectation.left, expectation.right))
    if whole is None:
        return None
    weights, constant = whole
    metrics = [metric for metric, weight in weights.items() if weight]
    if len(metrics) != 2 or any(metric.bound != "mean" for metric in metrics):
        return None
    first, second = metrics
    if weights[first] != -weights[second]:
        return None
    if weights[first] < 0:
        first, second = second, first
    return AskedDifference(first, second, weights[first], constant)


def _linear(expression: MetricExpression) -> tuple[Mapping[Metric, float], float] | None:
    """The weight of each metric and the constant; None where it is not linear in them."""
    match expression:
        case Metric():
            return {expression: 1.0}, 0.0
        case MetricArithmetic(sign, left, right):
            first, second = _linear(left), _linear(right)
            if first is None or second is None:
                return None
            match sign:
                case "+":
                    return _sum(first, second, 1.0)
                case "-":
                    return _sum(first, second, -1.0)
                case "*" if not first[0]:
                    return _sum(({}, 0.0), second, first[1])
                case "*" if not second[0]:
                    return _sum(({}, 0.0), first, second[1])
                case "/" if not second[0] and second[1]:
                    return _sum(({}, 0.0), first, 1 / second[1])
                case _:
                    return None
        case _:
            return {}, float(expression)


def _sum(
    first: tuple[Mapping[Metric, float], float],
    second: tuple[Mapping[Metric, float], float],
    scale: float,
) -> tuple[Mapping[Metric, float], float]:
    weights = dict(first[0])
    for metric, weight in second[0].items():
        weights[metric] = weights.get(metric, 0.0) + scale * weight
    return weights, first[1] + scale * second[1]
