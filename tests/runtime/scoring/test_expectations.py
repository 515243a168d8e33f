"""`expect` lines over scores."""

from __future__ import annotations

import math

import pytest

from causalspec.compiler.specification import (
    Expectation,
    Metric,
    MetricArithmetic,
    MetricExpression,
)
from causalspec.dsl.diagnostics import InternalError
from causalspec.dsl.source import Source, Span
from causalspec.runtime.results.estimates import Score
from causalspec.runtime.results.records import ExpectationVerdict
from causalspec.runtime.scoring.expectations import judge

IIA = Metric("iia", "mean", None)
NO_SWAP = Metric("iia", "mean", "no_swap")
RIVAL = Metric("iia", "mean", "Rival")
SPAN = Span(Source("test.causal", ""), 0, 0)


def minus(left: MetricExpression, right: MetricExpression) -> MetricArithmetic:
    return MetricArithmetic("-", left, right)


def judged(
    left: MetricExpression, operator: str, right: MetricExpression, own: Score, other: Score
) -> ExpectationVerdict:
    scores = {IIA: own, NO_SWAP: other, RIVAL: Score(0, 0)}
    return judge(Expectation(left, operator, right, "as written", SPAN), scores)


@pytest.mark.parametrize(
    ("left", "operator", "right", "value", "holds"),
    [
        (IIA, ">=", 0.9, 0.9, True),
        (IIA, ">", 0.9, 0.9, False),
        (IIA, "<=", 0.9, 0.9, True),
        (IIA, "<", 0.9, 0.9, False),
        (IIA, "==", 0.9, 0.9, True),
        (minus(IIA, NO_SWAP), ">=", 0.8, 0.8, True),  # 0.8000000000000000444
        (MetricArithmetic("+", IIA, NO_SWAP), "==", 1.0, 1.0, True),
        (MetricArithmetic("*", IIA, 0.5), "<", 0.5, 0.45, True),
        (IIA, ">=", MetricArithmetic("*", 9.0, NO_SWAP), 0.9, True),
        (MetricArithmetic("/", IIA, 0.9), "<=", 1.0, 1.0, True),
        (Metric("iia", "lower", None), ">", 0.87, 0.879846, True),
        (Metric("iia", "lower", None), ">=", 0.9, 0.879846, False),
        (Metric("iia", "upper", None), "<", 0.92, 0.917089, True),
    ],
)
def test_judgements_on_enough_pairs(
    left: MetricExpression, operator: str, right: MetricExpression, value: float, holds: bool
) -> None:
    verdict = judged(left, operator, right, Score(900, 1000), Score(100, 1000))
    assert (verdict.text, verdict.holds, verdict.reason) == ("as written", holds, "")
    assert verdict.value == pytest.approx(value, abs=1e-5)


@pytest.mark.parametrize(
    ("left", "operator", "right", "own", "reason", "enough"),
    [
        # 2 of 2 have the interval .342 to 1, and n of n the lower end n / (n + z²).
        (
            IIA, ">=", 0.9, Score(2, 2),
            "on 2 independent pairs the interval reaches 0.558 past the bound; 12 would do", 12,
        ),
        (
            IIA, ">", 0.75, Score(2, 2),
            "on 2 independent pairs the interval reaches 0.408 past the bound; 6 would do", 6,
        ),
        (
            IIA, "<=", 0.1, Score(0, 4),
            "on 4 independent pairs the interval reaches 0.390 past the bound; 12 would do", 12,
        ),
        (
            IIA, "==", 0.5, Score(5, 10),
            "on 10 independent pairs the interval reaches 0.263 past the bound; 39 would do", 39,
        ),
        (
            IIA, ">=", 0.9, Score(400, 400, effective=7.8),
            "on 7.8 independent pairs the interval reaches 0.230 past the bound; 12 would do", 12,
        ),
        # Taken the lenient way, a bound has the interval of its score.
        (
            Metric("iia", "upper", None), ">=", 0.9, Score(1, 2),
            "on 2 independent pairs the interval reaches 0.805 past the bound; no number would do",
            None,
        ),
        # Whatever the two have to do with each other: 20 pairs each, .839 and .161.
        (
            minus(IIA, NO_SWAP), ">=", 0.9, Score(20, 20),
            "on 20 independent pairs the interval reaches 0.222 past the bound; 27 would do", 27,
        ),
        # Both sides times ten: the same claim.
        (
            MetricArithmetic("*", 10.0, IIA), ">=", 9.0, Score(2, 2),
            "on 2 independent pairs the interval reaches 5.576 past the bound; 12 would do", 12,
        ),
        (
            IIA, ">=", 0.5, Score(100, 100, drawn=300),
            "only 100 of 300 drawn pairs could be scored; 150 would do", 150,
        ),
        (
            minus(IIA, NO_SWAP), ">=", 0.9, Score(2, 2, drawn=12),
            "only 2 of 12 drawn pairs could be scored, and on 2 independent pairs the interval "
            "reaches 0.719 past the bound; 27 would do", 27,
        ),
        # The strict form has no slack to want, but pairs that were not scored it wants as well.
        (
            Metric("iia", "lower", None), ">=", 0.5, Score(100, 100, drawn=300),
            "only 100 of 300 drawn pairs could be scored; 150 would do", 150,
        ),
    ],
)  # fmt: skip
def test_a_bound_that_is_met_on_too_few_pairs_is_unknown(
    left: MetricExpression,
    operator: str,
    right: MetricExpression,
    own: Score,
    reason: str,
    enough: int | None,
) -> None:
    other = Score(0, 20)
    verdict = judged(left, operator, right, own, other)
    assert (verdict.holds, verdict.reason, verdict.enough) == (None, reason, enough)


@pytest.mark.parametrize("total", range(1, 60))
def test_so_many_pairs_would_do_and_no_fewer(total: int) -> None:
    for right in range(total + 1):
        verdict = judged(IIA, ">=", right / total, Score(right, total), Score(0, 1))
        if verdict.holds is None and right == total:
            assert verdict.enough is not None
            for pairs, holds in ((verdict.enough - 1, None), (verdict.enough, True)):
                again = judged(IIA, ">=", 1.0, Score(pairs, pairs), Score(0, 1))
                assert again.holds is holds


def test_a_bound_that_is_missed_fails_however_few_pairs_there_are() -> None:
    verdict = judged(IIA, ">=", 0.9, Score(0, 1, drawn=12), Score(0, 1))
    assert verdict == ExpectationVerdict("as written", 0.0, False)


@pytest.mark.parametrize("operator", ["<", "<=", ">", ">=", "=="])
def test_no_number_meets_nothing(operator: str) -> None:
    for left in (RIVAL, MetricArithmetic("/", IIA, 0.0)):
        verdict = judged(left, operator, 0.5, Score(9, 10), Score(1, 10))
        assert math.isnan(verdict.value)
        assert (verdict.holds, verdict.reason) == (None, "no pair was scored")


def test_a_score_that_was_not_taken_is_our_mistake() -> None:
    with pytest.raises(InternalError, match=r"no score for Metric\(.*of='full_vector'"):
        judged(Metric("iia", "mean", "full_vector"), ">", 0.5, Score(9, 10), Score(1, 10))
