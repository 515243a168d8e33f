"""A claim's `expect` lines, evaluated over the scores of a run."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping

from ..compiler.specification import (
    Control,
    Expectation,
    Metric,
    MetricArithmetic,
    MetricExpression,
)
from ..dsl.diagnostics import InternalError
from .results import ExpectationVerdict, Score

Scores = Mapping[Control | str | None, Score]
"""The score of the claim's own model (None), of each control and of each rival by name."""

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


def judge(expectation: Expectation, scores: Scores) -> ExpectationVerdict:
    """Whether an expectation holds; one over a score without pairs (not a number) does not."""
    left = _value(expectation.left, scores)
    right = _value(expectation.right, scores)
    # Scores are counts, thresholds decimals: compare past the rounding of binary fractions.
    left, right = round(left, 9), round(right, 9)
    return ExpectationVerdict(
        text=expectation.text, value=left, holds=_COMPARISONS[expectation.operator](left, right)
    )


def _value(expression: MetricExpression, scores: Scores) -> float:
    match expression:
        case Metric(bound, of):
            if of not in scores:
                raise InternalError(f"no score for {of!r}")
            score = scores[of]
            return {"mean": score.mean, "lower": score.lower, "upper": score.upper}[bound]
        case MetricArithmetic(sign, left, right):
            return _ARITHMETIC[sign](_value(left, scores), _value(right, scores))
        case _:
            return float(expression)
