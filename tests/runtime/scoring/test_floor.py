"""Scores above the floor: the figure, its interval, and what the floor is."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from causalspec.runtime.report.text import held_against, references
from causalspec.runtime.results.above_floor import above_floor
from causalspec.runtime.results.as_json import from_json, to_json
from causalspec.runtime.results.estimates import Score
from causalspec.runtime.scoring.floor import commonest

FIXTURE = Path(__file__).parents[2] / "helpers" / "indirect_object_result.json"
RUN = from_json(FIXTURE.read_text(encoding="utf-8"))


def test_it_is_the_share_of_what_there_is_to_gain():
    found = above_floor(Score(85, 100), Score(70, 100), "no_swap", 0.0)
    assert (found.floor, found.mean) == (0.7, pytest.approx(0.5))
    assert 0 < found.lower < 0.5 < found.upper < 1


def test_a_floor_of_zero_leaves_the_score_and_its_interval():
    score = Score(80, 100)
    found = above_floor(score, Score(0, 10**9), "no_swap", 0.0)
    assert (found.mean, found.lower, found.upper) == pytest.approx(
        (score.mean, score.lower, score.upper), abs=1e-6
    )


def test_a_floor_of_one_leaves_nothing_to_say():
    found = above_floor(Score(100, 100), Score(100, 100), "no_swap", 0.0)
    assert all(math.isnan(value) for value in (found.mean, found.lower, found.upper))
    run = dataclasses.replace(
        RUN, verdicts=(dataclasses.replace(RUN.verdicts[0], above_floor=found),)
    )
    assert '"lower": "NaN"' in to_json(run)
    assert held_against(run.verdicts[0])[0] == (
        "nothing lies above the floor of 1.000 (no_swap): the data tell no swap from none"
    )


def test_a_score_that_the_floor_shares_pair_by_pair_has_a_narrower_interval():
    apart = above_floor(Score(75, 100), Score(70, 100), "no_swap", 0.0)
    together = above_floor(Score(75, 100), Score(70, 100), "no_swap", 0.9)
    assert together.upper - together.lower < 0.5 * (apart.upper - apart.lower)


@pytest.mark.parametrize(("right", "floor", "shared"), [(0.9, 0.5, 0.3), (0.75, 0.7, 0.5)])
def test_its_interval_covers(right: float, floor: float, shared: float):
    """Pairs of which a share is right for both, or for neither, by the same number."""
    chance = np.random.default_rng(0)
    truth = (right - floor) / (1 - floor)
    hits = 0
    for _ in range(1000):
        first, second = chance.random(200), chance.random(200)
        second = np.where(chance.random(200) < shared, first, second)
        agrees, also = first < right, second < floor
        correlation = float(np.corrcoef(agrees, also)[0, 1])
        found = above_floor(
            Score(int(agrees.sum()), 200), Score(int(also.sum()), 200), "", correlation
        )
        hits += found.lower <= truth <= found.upper
    assert 930 <= hits <= 970


def test_the_most_frequent_label():
    labels = torch.tensor([[1, 2], [1, 3], [1, 3], [4, 3]])
    assert commonest(labels).tolist() == [False, True, True, False]
    sets = torch.tensor([[[1, 2]], [[2, -1]], [[3, -1]]])
    assert commonest(sets).tolist() == [True, True, False]
    # Of texts of several tokens 5 begins most, and 5 6 is the most frequent.
    texts = torch.tensor([[[5, 7], [6, -1]], [[5, 7], [6, 8]], [[5, 5], [7, 8]], [[-1, -1]] * 2])
    assert commonest(texts).tolist() == [True, True, False, True]


def test_the_report_says_it_and_reads_scores_against_it():
    found = above_floor(Score(451, 500), Score(250, 500), "the most frequent label", 0.0)
    verdict = dataclasses.replace(RUN.verdicts[0], above_floor=found)
    assert held_against(verdict)[0].startswith(
        "0.804 of the way from the floor of 0.500 (the most frequent label) to 1, 95 % interval 0."
    )
    assert references(verdict)[0].text == "floor: the most frequent label"
    run = dataclasses.replace(RUN, verdicts=(verdict,))
    assert from_json(to_json(run)) == run
