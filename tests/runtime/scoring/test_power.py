"""The power of expectations, against binomial sums by hand, and plans of claims."""

from __future__ import annotations

import math

import numpy as np
import pytest

from causalspec.runtime.results.clusters import Reuse
from causalspec.runtime.results.estimates import Score
from causalspec.runtime.scoring.planned_reuse import ReuseOf
from causalspec.runtime.scoring.power import power_of
from tests.compiler.front.test_scores import claim


def exact(pairs: int, share: float, least_correct: int) -> float:
    return math.fsum(
        math.comb(pairs, n) * share**n * (1 - share) ** (pairs - n)
        for n in range(least_correct, pairs + 1)
    )


def alone(pairs: int) -> list[ReuseOf]:
    """Pairs that share no input."""
    reuse = Reuse(np.arange(2 * pairs).reshape(pairs, 2), pairs, math.inf)
    return [lambda _: reuse]


def test_a_bound_on_a_share():
    [line] = claim("iia >= 0.80").expectations
    found = power_of(line, alone(100))
    assert found.truth == (("iia", 0.85),)
    # From 80 of 100 on it is met, and .8 has the interval .711 to .867, which reaches .089 past.
    assert found.probability == pytest.approx(exact(100, 0.85, 80), abs=0.03)


def test_the_strict_form():
    [line] = claim("lower(iia) >= 0.80").expectations
    least = next(n for n in range(101) if Score(n, 100).lower >= 0.8)
    found = power_of(line, alone(100), margin=0.1)
    assert found.probability == pytest.approx(exact(100, 0.9, least), abs=0.05)


def test_what_no_result_could_show():
    [line] = claim("lower(iia) >= 0.95").expectations
    found = power_of(line, alone(40))
    assert (found.probability, found.can_hold) == (0.0, False)  # 40 of 40: .912
    [line] = claim("iia > 1").expectations
    assert power_of(line, alone(40)).reason == "no true scores from 0 to 1 meet it"


def test_enough_pairs_are_enough():
    [line] = claim("iia - iia(no_swap) >= 0.5").expectations
    found = power_of(line, alone(50))
    assert found.truth == (("iia", 0.775), ("iia(no_swap)", 0.225))
    (_, few), (_, many) = found.enough
    assert few is not None and many is not None and 50 < few < many
    again = power_of(line, alone(many)).probability
    assert again is not None and again >= 0.95


def test_an_upper_bound_and_seeds():
    [line] = claim("iia <= 0.75").expectations
    assert power_of(line, alone(100)).truth == (("iia", 0.7),)
    [once] = claim("iia >= 0.8").expectations
    [all_] = claim("iia >= 0.8 for 5 of 5 seeds").expectations
    single, every = power_of(once, alone(100)).probability, power_of(all_, alone(100)).probability
    assert single is not None and every == pytest.approx(single**5)


def test_a_metric_without_a_distribution():
    [line] = claim("kl <= 0.5").expectations
    found = power_of(line, alone(100))
    assert found.probability is None and found.can_hold
    assert found.reason == "how `kl` spreads is not known before a network is run"
