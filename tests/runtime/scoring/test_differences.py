"""Differences of two scores on the same pairs, beside slow sums and known cases."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from causalspec.compiler.specification import Metric
from causalspec.runtime.report.text import held_against
from causalspec.runtime.results.as_json import from_json, to_json
from causalspec.runtime.results.clusters import effective_pairs
from causalspec.runtime.results.estimates import Score
from causalspec.runtime.results.paired import Paired, PairedPart, Unpaired, settled_by
from causalspec.runtime.results.records import RivalDifference
from causalspec.runtime.scoring.expectations import judge
from causalspec.runtime.scoring.linear import AskedDifference, difference_asked
from tests.compiler.front.test_scores import claim
from tests.helpers.interval_coverage import Setting, drawn

FIXTURE = Path(__file__).parents[2] / "helpers" / "indirect_object_result.json"
RUN = from_json(FIXTURE.read_text(encoding="utf-8"))
IIA, NO_SWAP = Metric("iia"), Metric("iia", of="no_swap")


@pytest.mark.parametrize(
    ("line", "scale", "constant"),
    [
        ("iia - iia(no_swap) >= 0.3", 1, -0.3),
        ("iia >= iia(no_swap) + 0.3", 1, -0.3),
        ("0.3 <= iia - iia(no_swap)", -1, 0.3),
        ("2 * iia - 2 * iia(no_swap) > 0.6", 2, -0.6),
        ("(iia - iia(no_swap)) / 2 > 0.1", 0.5, -0.1),
    ],
)
def test_what_is_a_difference_of_two(line: str, scale: float, constant: float):
    [expectation] = claim(line).expectations
    first, second = (IIA, NO_SWAP) if scale > 0 else (NO_SWAP, IIA)
    found = difference_asked(expectation)
    assert found == AskedDifference(
        first, second, pytest.approx(abs(scale)), pytest.approx(constant)
    )


@pytest.mark.parametrize(
    "line",
    ["iia >= 0.3", "iia - 0.5 * iia(no_swap) >= 0.3", "iia * iia(no_swap) >= 0.2", "iia - iia >= 0",
     "lower(iia) - iia(no_swap) >= 0.3", "iia + iia(no_swap) >= 0.3"],
)  # fmt: skip
def test_what_is_none(line: str):
    assert difference_asked(claim(line).expectations[0]) is None


def test_what_two_scores_have_in_common_takes_no_part():
    """Of 40 pairs both get 20 right and the first 10 more: nothing speaks against the first."""
    [line] = claim("iia - iia(no_swap) >= 0.2").expectations
    scores = {IIA: Score(30, 40), NO_SWAP: Score(20, 40)}
    apart = judge(line, scores)
    assert apart.holds is None
    assert apart.reason == (
        "on 40 independent pairs the interval reaches 0.250 past the bound; 90 would do"
    )
    same = {(IIA, NO_SWAP): Paired((PairedPart(0.25, 0.25, 40),))}
    assert judge(line, scores, None, same).holds is True
    few = {(IIA, NO_SWAP): Paired((PairedPart(0.25, 0.75, 12),))}
    found = judge(line, scores, None, few)
    assert found.holds is None
    assert found.reason.startswith("on 12 independent pairs the interval reaches ")
    assert found.enough is not None
    again = {(IIA, NO_SWAP): Paired((PairedPart(0.25, 0.75, found.enough),))}
    assert judge(line, scores, None, again).holds is True
    fewer = {(IIA, NO_SWAP): Paired((PairedPart(0.25, 0.75, found.enough - 1),))}
    assert judge(line, scores, None, fewer).holds is None


def test_an_upper_bound_and_the_other_way_round():
    same = {(NO_SWAP, IIA): Paired((PairedPart(0.0, 0.0, 40),))}
    scores = {IIA: Score(30, 40), NO_SWAP: Score(30, 40)}
    [line] = claim("iia(no_swap) - iia <= 0.1").expectations
    assert judge(line, scores, None, same).holds is True
    [line] = claim("0.1 >= iia(no_swap) - iia").expectations
    assert judge(line, scores).holds is None


def test_several_data_sets_and_draws():
    one = Paired((PairedPart(0.2, 0.4, 100),))
    two = Paired((PairedPart(0.2, 0.4, 50), PairedPart(0.2, 0.4, 50)))
    assert two.mean == pytest.approx(one.mean)
    assert two.interval(100) == pytest.approx(one.interval(100), abs=0.02)
    widened = dataclasses.replace(one, between=0.01)
    low, high = one.interval(100)
    least, most = widened.interval(100)
    assert (most - least) ** 2 == pytest.approx(
        (high - low) ** 2 + (2 * 1.959963984540054) ** 2 * 0.01
    )


@pytest.mark.parametrize("of_base", [0.0, 0.5])
def test_its_interval_covers_under_reuse_of_inputs(of_base: float):
    """Two scores of .8 and .7 on the same pairs, whose bases decide a part of both."""
    hits, runs = 0, 400
    for seed in range(runs):
        chance = np.random.default_rng(seed)
        setting = Setting(300, 60, 300, 0.8, of_base, 0.0)
        first, inputs = drawn(setting, chance)
        second, _ = drawn(dataclasses.replace(setting, truth=0.7), np.random.default_rng(seed))
        difference = first - second
        effective = effective_pairs(difference, inputs, 300)
        part = PairedPart(difference.mean(), (difference**2).mean(), effective)
        low, high = Paired((part,)).interval(effective)
        hits += low <= 0.1 <= high
    assert 0.92 * runs <= hits <= 0.99 * runs


def test_how_many_pairs_would_settle_a_tie():
    tie = Paired((PairedPart(0.02, 0.3, 100),))
    enough = settled_by(tie)
    assert enough is not None
    assert tie.interval(enough)[0] > 0 >= tie.interval(enough - 1)[0]
    # (1.96 / .02)² times the variance, and the four half pairs
    assert enough == pytest.approx((1.96 / 0.02) ** 2 * (0.3 - 0.02**2), rel=0.02)
    assert settled_by(Paired((PairedPart(0.0, 0.3, 100),))) is None
    apart = Unpaired(Score(62, 100), Score(60, 100))
    assert apart.interval(100)[0] < 0 < apart.interval(100)[1]
    assert settled_by(apart) == pytest.approx(
        (1.96 / 0.02) ** 2 * (0.62 * 0.38 + 0.6 * 0.4), rel=0.02
    )


def test_the_verdict_says_who_is_ahead_and_what_would_settle_a_tie():
    tie = RivalDifference("Rival", -0.02, -0.06, 0.02, True, 420)
    ahead = RivalDifference("Other", 0.3, 0.2, 0.4, False, None)
    same = RivalDifference("Same", 0.0, -0.1, 0.1, True, None)
    verdict = dataclasses.replace(RUN.verdicts[0], rivals=(tie, ahead, same))
    assert held_against(verdict) == (
        "0.020 below Rival on the same pairs, 95 % interval −0.060 to 0.020: a tie, which 420 "
        "independent pairs would settle",
        "0.300 above Other, on pairs of its own, 95 % interval 0.200 to 0.400",
        "0.000 above Same on the same pairs, 95 % interval −0.100 to 0.100: a tie, which no number "
        "of pairs would settle",
    )
    run = dataclasses.replace(RUN, verdicts=(verdict,))
    assert from_json(to_json(run)) == run
