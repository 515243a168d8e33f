"""Scores have the interval of the literature, and a verdict is the conjunction of its lines."""

import math
import statistics

import pytest

from causalspec.runtime.results.estimates import Measurement, Score, mean_measurement, mean_of


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


# Several data sets, and numbers of any size


def test_a_single_data_set_is_its_own_mean():
    score, measured = Score(8, 10, 7.5, 12), Measurement(1.5, 0.5, 10)
    assert mean_of([score]) is score
    assert mean_measurement([measured]) is measured


def test_data_sets_count_alike_however_many_pairs_they_have():
    score = mean_of([Score(90, 100, drawn=120), Score(1, 2, drawn=2)])
    assert score.mean == pytest.approx((0.9 + 0.5) / 2)
    assert (score.correct, score.total, score.effective, score.drawn) == (91, 102, 102, 122)
    assert mean_of([Score(90, 100, drawn=120), Score(1, 2)]).drawn is None


@pytest.mark.parametrize(
    "parts",
    [
        (Score(8, 10), Score(3, 20)),
        (Score(10, 10), Score(0, 10), Score(5, 10)),
        (Score(40, 50, 12.5), Score(20, 20)),
    ],
)
def test_the_interval_of_a_mean_recovers_the_parts_variances(parts: tuple[Score, ...]):
    """Zou and Donner 2008, equations 6 and 7, with a contrast of 1 / n for each of n parts."""
    score, share = mean_of(parts), 1 / len(parts)
    mean = sum(share * part.mean for part in parts)
    below = math.sqrt(sum((share * (part.mean - part.lower)) ** 2 for part in parts))
    above = math.sqrt(sum((share * (part.upper - part.mean)) ** 2 for part in parts))
    assert (score.lower, score.upper) == pytest.approx((mean - below, mean + above))
    assert 0 <= score.lower <= score.mean <= score.upper <= 1


def test_equal_parts_have_an_interval_narrower_by_the_root_of_their_number():
    alone = Score(50, 100)
    whole = mean_of([alone] * 4)
    assert whole.upper - whole.mean == pytest.approx((alone.upper - alone.mean) / 2)
    assert whole.interval(400) == (whole.lower, whole.upper)
    narrow, wide = whole.interval(4000), whole.interval(40)
    assert wide[0] < whole.lower < narrow[0] < 0.5 < narrow[1] < whole.upper < wide[1]


def test_a_measurement_has_the_normal_interval():
    numbers = [0.5, 2.5, -1.0, 4.0, 3.5, 0.0]
    mean, spread = statistics.mean(numbers), statistics.stdev(numbers)
    measured = Measurement(mean, spread, len(numbers))
    # the mean less and plus 1.959964 standard errors of 0.830830
    assert (round(measured.lower, 6), round(measured.upper, 6)) == (-0.045063, 3.211729)
    normal = statistics.NormalDist(mean, spread / math.sqrt(len(numbers)))
    ends = normal.inv_cdf(0.025), normal.inv_cdf(0.975)
    assert (measured.lower, measured.upper) == pytest.approx(ends)
    repeated = Measurement(mean, spread, len(numbers), effective=1.5)
    assert repeated.upper - mean == pytest.approx(2 * (measured.upper - mean))


def test_a_measurement_of_nothing_has_no_interval():
    nothing = Measurement(math.nan, 0.0, 0)
    assert math.isnan(nothing.lower)
    assert math.isnan(nothing.upper)


def test_the_mean_of_measurements_has_the_variance_of_a_mean_of_independent_ones():
    parts = [Measurement(2.0, 1.0, 25), Measurement(6.0, 3.0, 100, effective=36)]
    whole = mean_measurement(parts)
    assert (whole.mean, whole.total, whole.effective) == (4.0, 125, 61)
    error = math.sqrt(1.0**2 / 25 + 3.0**2 / 36) / 2
    ends = statistics.NormalDist(4.0, error).inv_cdf(0.025), 8 - whole.lower
    assert (whole.lower, whole.upper) == pytest.approx(ends)


def test_a_difference_counts_beside_the_mean_it_is_of():
    assert Score(9, 10).unit() == 1.0
    assert [Measurement(mean, 1.0, 9).unit() for mean in (0.2, -0.5, 4.0, -7.0)] == [1, 1, 4, 7]
