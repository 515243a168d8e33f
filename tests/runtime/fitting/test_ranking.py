"""How sure the best of several sites is."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from causalspec.runtime.fitting.ranking import told_apart
from causalspec.runtime.report.page import render_report
from causalspec.runtime.report.text import held_against
from causalspec.runtime.results.as_json import from_json, to_json
from causalspec.runtime.results.clusters import Reuse, covariance_of_means, effective_pairs
from causalspec.runtime.results.records import SiteRank

FIXTURE = Path(__file__).parents[2] / "helpers" / "indirect_object_result.json"
RUN = from_json(FIXTURE.read_text(encoding="utf-8"))


def alone(rows: int) -> Reuse:
    """Pairs that share nothing."""
    return Reuse(np.arange(2 * rows).reshape(rows, 2), rows, float("inf"))


def test_the_covariance_is_that_of_each_mean():
    chance = np.random.default_rng(0)
    inputs = chance.integers(0, 20, (300, 2))
    by_base = chance.random((20, 3))[inputs[:, 0]]
    values = (chance.random((300, 3)) < by_base).astype(float)
    found = covariance_of_means(values, Reuse(inputs, 300, float("inf")))
    for column in range(3):
        mine = values[:, column]
        told = mine.var() / effective_pairs(mine, inputs, 300)
        assert found[column, column] == pytest.approx(told, rel=0.35)
    difference = values[:, 0] - values[:, 1]
    of_difference = found[0, 0] + found[1, 1] - 2 * found[0, 1]
    assert of_difference == pytest.approx(
        difference.var() / effective_pairs(difference, inputs, 300), rel=0.35
    )


def test_a_site_that_is_clearly_the_best():
    chance = np.random.default_rng(1)
    values = (chance.random((200, 4)) < [0.95, 0.5, 0.5, 0.5]).astype(float)
    assert told_apart([values], [alone(200)]) == (1.0, [0])


def test_sites_that_are_the_same_share_the_first_place():
    column = (np.random.default_rng(2).random(200) < 0.8).astype(float)
    share, alike = told_apart([np.stack([column, column], axis=1)], [alone(200)])
    assert share == pytest.approx(0.5, abs=0.05)
    assert alike == [0, 1]


def test_pairs_that_all_sites_get_wrong_alike_do_not_blur_what_tells_them_apart():
    """Scores of .53 and .47 lie apart pair by pair, although their own intervals overlap."""
    chance = np.random.default_rng(3)
    first = (np.arange(200) < 106).astype(float)
    second = (np.arange(200) < 94).astype(float)
    assert told_apart([np.stack([first, second], axis=1)], [alone(200)])[1] == [0]
    apart = np.stack([chance.permutation(first), chance.permutation(second)], axis=1)
    assert told_apart([apart], [alone(200)])[1] == [0, 1]


@pytest.mark.parametrize("of_base", [0.0, 0.4])
def test_the_set_holds_the_best_in_95_percent_of_runs(of_base: float):
    """Six sites as good as each other, and which is best is the last: the worst case."""
    chance, runs, held = np.random.default_rng(4), 400, 0
    for _ in range(runs):
        inputs = np.stack([chance.integers(0, 60, 200), np.arange(200)], axis=1)
        latent = np.sqrt(of_base) * chance.normal(size=(60, 6))[inputs[:, 0]]
        latent = latent + np.sqrt(1 - of_base) * chance.normal(size=(200, 6))
        values = (latent < 0.7).astype(float)
        order = np.argsort(-values.mean(0), kind="stable")
        _, alike = told_apart([values[:, order]], [Reuse(inputs, 200, float("inf"))])
        held += int(np.flatnonzero(order == 5)[0]) in alike
    assert 0.9 * runs <= held <= 0.99 * runs


def test_the_report_marks_those_that_are_not_told_apart():
    verdict = RUN.verdicts[0]
    others = tuple(fit.sites for fit in verdict.sites if fit.sites != verdict.chosen)[:2]
    rank = SiteRank(verdict.chosen, len(verdict.sites), 0.81, others)
    marked = dataclasses.replace(verdict, ranks=(rank,))
    run = dataclasses.replace(RUN, verdicts=(marked,))
    assert held_against(marked)[0] == (
        f"{verdict.chosen[0]} is the best of 8 sites in 81 % of resamples of the validation pairs; "
        f"2 others are not told apart from the best: {others[0][0]}; {others[1][0]}"
    )
    page = render_report(run)
    assert page.count('class="ring alike"') == 2
    assert "Dashed ones are not told apart from the best." in page
    assert "ring alike" not in render_report(RUN)
    assert from_json(to_json(run)) == run
