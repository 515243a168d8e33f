"""Scores have the interval of the literature, and a verdict is the conjunction of its lines."""

import math

import pytest

from causalspec.runtime.results.records import Score


@pytest.mark.parametrize(
    ("correct", "total", "lower", "upper"),
    [
        # Newcombe, "Two-sided confidence intervals for the single proportion" (1998), method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
        # statsmodels.stats.proportion.proportion_confint(count, nobs, method="wilson")
        (8, 10, 0.4901625, 0.9433178),
        (10, 10, 0.7224672, 1.0),
        (0, 10, 0.0, 0.2775328),
    ],
)
def test_the_interval_is_wilsons(correct: int, total: int, lower: float, upper: float):
    score = Score(correct, total)
    places = 7 if total == 10 else 4
    assert (round(score.lower, places), round(score.upper, places)) == (lower, upper)
    assert score.lower <= score.mean <= score.upper


def test_no_pairs_have_no_score():
    score = Score(0, 0)
    assert math.isnan(score.mean)
    assert math.isnan(score.lower)
    assert math.isnan(score.upper)


@pytest.mark.parametrize(("correct", "total"), [(3, 2), (-1, 2), (0, -1)])
def test_a_score_is_a_share(correct: int, total: int):
    with pytest.raises(ValueError, match=f"^{correct} of {total} is not a share$"):
        Score(correct, total)


def test_the_interval_lies_within_zero_and_one_and_around_the_mean():
    for total in range(1, 60):
        for correct in range(total + 1):
            score = Score(correct, total)
            assert 0 <= score.lower <= score.mean <= score.upper <= 1
