"""`expect` lines over scores."""

from __future__ import annotations

import math

import pytest

from causalspec.compiler.specification import (
    Control,
    Expectation,
    Metric,
    MetricArithmetic,
    MetricExpression,
)
from causalspec.dsl import InternalError, Source, Span
from causalspec.runtime.expectations import judge
from causalspec.runtime.results import ExpectationVerdict, Score

IIA = Metric("mean", None)
NO_SWAP = Metric("mean", Control.NO_SWAP)
RIVAL = Metric("mean", "Rival")
SCORES = {None: Score(9, 10), Control.NO_SWAP: Score(1, 10), "Rival": Score(0, 0)}
SPAN = Span(Source("test.causal", ""), 0, 0)


def judged(left: MetricExpression, operator: str, right: float) -> ExpectationVerdict:
    return judge(Expectation(left, operator, right, "as written", SPAN), SCORES)


@pytest.mark.parametrize(
    ("left", "operator", "right", "value", "holds"),
    [
        (IIA, ">=", 0.9, 0.9, True),
        (IIA, ">", 0.9, 0.9, False),
        (IIA, "<=", 0.9, 0.9, True),
        (IIA, "<", 0.9, 0.9, False),
        (IIA, "==", 0.9, 0.9, True),
        (MetricArithmetic("-", IIA, NO_SWAP), ">=", 0.8, 0.8, True),  # 0.8000000000000000444
        (MetricArithmetic("+", IIA, NO_SWAP), "==", 1.0, 1.0, True),
        (MetricArithmetic("*", IIA, 0.5), "<", 0.5, 0.45, True),
        (MetricArithmetic("/", IIA, NO_SWAP), "==", 9.0, 9.0, True),
        (Metric("lower", None), ">", 0.59, 0.59585, True),
        (Metric("upper", None), "<", 0.99, 0.982124, True),
    ],
)
def test_judgements(
    left: MetricExpression, operator: str, right: float, value: float, holds: bool
) -> None:
    verdict = judged(left, operator, right)
    assert (verdict.text, verdict.holds) == ("as written", holds)
    assert verdict.value == pytest.approx(value, abs=1e-5)


@pytest.mark.parametrize("operator", ["<", "<=", ">", ">=", "=="])
def test_no_number_meets_nothing(operator: str) -> None:
    for left in (RIVAL, MetricArithmetic("/", IIA, 0.0)):
        verdict = judged(left, operator, 0.5)
        assert math.isnan(verdict.value)
        assert not verdict.holds


def test_a_score_that_was_not_taken_is_our_mistake() -> None:
    with pytest.raises(InternalError, match=r"no score for <Control\.FULL_VECTOR"):
        judged(Metric("mean", Control.FULL_VECTOR), ">", 0.5)
