"""How many pairs tell two hypotheses apart."""

from __future__ import annotations

import math

import pytest

from causalspec.compiler.proofs.wilson import NORMAL_QUANTILE, matched_difference, telling_pairs


def test_the_interval_of_agresti_and_min():
    centre, variance = matched_difference(0.2, 0.4, 100)
    assert centre == pytest.approx(20 / 102)
    assert variance == pytest.approx((41 - 20**2 / 102) / 102**2)


@pytest.mark.parametrize("agreeing", [0.0, 0.5, 0.9, 0.99, 0.999])
def test_so_many_tell_them_apart_and_no_fewer(agreeing: float):
    pairs = telling_pairs(agreeing)
    assert pairs is not None
    for count, told in ((pairs - 1, False), (pairs, True)):
        centre, variance = matched_difference(1 - agreeing, 1 - agreeing, count)
        assert (centre > NORMAL_QUANTILE * math.sqrt(variance)) is told


def test_those_that_never_differ_are_not_told_apart():
    assert telling_pairs(1.0) is None
