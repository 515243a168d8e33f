"""Effective pairs beside slow sums, known cases, and how often their intervals cover."""

from __future__ import annotations

import math
import os
from dataclasses import replace

import numpy as np
import pytest

from causalspec.runtime.results.clusters import (
    Clusters,
    Reuse,
    clustered_variance,
    effective_pairs,
    student_quantile,
)
from tests.helpers.interval_coverage import coverage, settings

LONG = os.environ.get("CAUSALSPEC_LONG") == "1"


@pytest.mark.parametrize(
    ("degrees", "expected"), [(3, 3.1824), (5, 2.5706), (10, 2.2281), (30, 2.0423), (1000, 1.9623)]
)
def test_students_quantile(degrees: int, expected: float):
    assert student_quantile(degrees) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("roles", [1, 2, 3])
def test_the_variance_is_the_sum_over_pairs_that_share_an_input(roles: int):
    chance = np.random.default_rng(roles)
    inputs = chance.integers(0, 6, (60, roles))
    # A part of each input, so that sharing one shows and the sum is the greater.
    values = inputs.sum(1) + chance.normal(size=60)
    residuals = values - values.mean()
    slow = sum(
        residuals[i] * residuals[j]
        for i in range(60)
        for j in range(60)
        if (inputs[i] == inputs[j]).any()
    )
    [found] = clustered_variance(residuals[:, None], list(inputs.T))
    assert found == pytest.approx(slow / 60**2, rel=1e-12)


@pytest.mark.parametrize("population", [math.inf, 60])
def test_many_draws_at_once_are_each_as_alone(population: float):
    chance = np.random.default_rng(3)
    inputs = chance.integers(-1, 40, (200, 2))
    shares = (chance.random((200, 8)) < np.linspace(0, 1, 8)).astype(float)
    for draws in (shares, shares - (chance.random((200, 8)) < 0.3)):
        alone = [effective_pairs(draw, inputs, 150, population) for draw in draws.T]
        found = Clusters.of(Reuse(inputs, 150, population)).effective(draws)
        assert found.tolist() == pytest.approx(alone, rel=1e-12)
    assert len(set(alone)) > 2


def test_pairs_that_share_nothing_are_independent():
    inputs = np.arange(200).reshape(100, 2)
    values = (np.arange(100) % 4 == 0).astype(float)
    assert effective_pairs(values, inputs, 100) == 100
    assert effective_pairs(np.ones(100), inputs, 100) == 100


def test_pairs_that_all_agree_count_as_their_inputs():
    """Twelve bases with ten sources each, no source twice."""
    inputs = np.stack([np.arange(120) // 10, np.arange(120)], axis=1)
    assert effective_pairs(np.ones(120), inputs, 120) == pytest.approx(12)
    assert effective_pairs(np.zeros(120), inputs, 120) == pytest.approx(12)
    # Of 24 bases that there are, half are no longer a matter of chance.
    assert effective_pairs(np.ones(120), inputs, 120, 24) == pytest.approx(24)
    assert effective_pairs(np.ones(120), inputs, 120, 12) == 120


def test_what_the_base_decides_counts_once_a_base():
    inputs = np.stack([np.arange(1000) // 10, np.arange(1000)], axis=1)
    by_base = (inputs[:, 0] % 2).astype(float)
    by_source = (inputs[:, 1] % 2).astype(float)
    assert 95 < effective_pairs(by_base, inputs, 1000) < 100
    assert 950 < effective_pairs(by_source, inputs, 1000) <= 1000


def test_a_source_that_is_missing_is_shared_by_none():
    bases = np.arange(50)
    alone = np.stack([bases, np.full(50, -1)], axis=1)
    assert effective_pairs((bases % 2).astype(float), alone, 50) == 50


def test_many_sources_are_held_together():
    inputs = np.random.default_rng(1).integers(0, 9, (300, 12))
    found = effective_pairs((inputs[:, 0] < 4).astype(float), inputs, 300)
    assert 5 < found < 12


def test_intervals_cover():
    """Nominal 95 %; the whole grid in the long run, where at most one setting in twenty may lie
    outside of 93 to 97 %, by a point and a half.
    """
    grid = list(settings()) if LONG else list(settings())[5::17]
    found = [coverage(setting, 2000 if LONG else 400)[0] for setting in grid]
    assert all(0.915 <= share <= 0.99 for share in found)
    within = sum(0.93 <= share <= 0.97 for share in found)
    assert within >= (0.93 if LONG else 0.6) * len(grid)


def test_without_clusters_they_would_not_cover():
    setting = replace(next(iter(settings())), pairs=1000, of_base=0.7)
    with_clusters, without = coverage(setting, 300)
    assert without < 0.6 < 0.9 < with_clusters
