"""Areas under ROC curves and thresholds, beside the slow reference of every pair and every cut."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from causalspec.runtime.scoring.metrics.firing import area, threshold


def drawn(seed: int, apart: float, ties: bool) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    true = torch.rand(60, generator=generator) < 0.4
    features = torch.randn(60, generator=generator, dtype=torch.double) + apart * true
    return (features.round() if ties else features), true


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_an_area_is_the_share_of_pairs(seed: int, ties: bool) -> None:
    features, true = drawn(seed, 1.0, ties)
    shares = [
        1.0 if positive > negative else 0.5 if positive == negative else 0.0
        for positive in features[true].tolist()
        for negative in features[~true].tolist()
    ]
    found = area(features, true)
    assert found.mean == pytest.approx(sum(shares) / len(shares), abs=1e-12)
    assert found.total == 60 and 1 <= found.effective <= 60


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_a_threshold_is_where_f1_is_largest(seed: int, ties: bool) -> None:
    features, true = drawn(seed, 1.0, ties)

    def f1(least: float) -> float:
        fires = features >= least
        return 2 * float((fires & true).sum()) / float(fires.sum() + true.sum())

    best = max(f1(value) for value in features.tolist())
    assert f1(threshold(features, true)) == pytest.approx(best, abs=1e-12)


def test_intervals_cover_the_area_of_two_normals() -> None:
    apart = 1.0
    known = 0.5 * (1 + math.erf(apart / 2))
    inside = 0
    for seed in range(400):
        found = area(*drawn(1000 + seed, apart, ties=False))
        low, high = found.interval(found.counts_as())
        inside += low <= known <= high
    assert 0.92 <= inside / 400 <= 0.99


def test_without_both_classes_there_is_no_area() -> None:
    found = area(torch.arange(3.0), torch.ones(3, dtype=torch.bool))
    assert math.isnan(found.mean) and found.total == 0
