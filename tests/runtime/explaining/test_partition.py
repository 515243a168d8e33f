"""The explained set on matrices whose answer is known, and against all subsets where few."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from causalspec.runtime.explaining.partition import get_on, partition
from causalspec.runtime.explaining.strength import strengths

Truth = NDArray[np.bool_]


def planted(sizes: list[int], noise: float, seed: int) -> tuple[Truth, NDArray[np.int64]]:
    """Who gets on: those of one group, but for a share of `noise` of all pairs."""
    generator = np.random.default_rng(seed)
    group = np.repeat(np.arange(len(sizes)), sizes)
    mutual = group[:, None] == group
    flipped = np.triu(generator.random(mutual.shape) < noise, 1)
    return mutual ^ (flipped | flipped.T), group


def is_set(mutual: Truth, members: list[int], threshold: float) -> bool:
    """By the definition: each gets on with enough of the set."""
    return all(
        sum(bool(mutual[one, other]) for other in members) >= threshold * len(members) - 1e-9
        for one in members
    )


def largest(mutual: Truth, threshold: float) -> int:
    """The size of the largest such set, by trying all."""
    inputs = range(len(mutual))
    return next(
        size
        for size in range(len(mutual), -1, -1)
        if any(is_set(mutual, list(some), threshold) for some in combinations(inputs, size))
    )


@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.02, 0.05]))
@settings(max_examples=25, deadline=None)
def test_a_planted_majority_is_found_in_noise(seed: int, noise: float) -> None:
    mutual, group = planted([40, 20, 10], noise, seed)
    found = partition(mutual, 0.8)
    assert (found.explained == (group == 0)).all()


@given(st.integers(1, 9), st.integers(0, 10_000), st.sampled_from([0.6, 0.8, 1.0]))
@settings(max_examples=60, deadline=None)
def test_against_all_subsets(count: int, seed: int, threshold: float) -> None:
    generator = np.random.default_rng(seed)
    upper = np.triu(generator.random((count, count)) < 0.6)
    mutual = upper | upper.T | np.eye(count, dtype=np.bool_)  # a swap with itself changes nothing
    members = np.flatnonzero(partition(mutual, threshold).explained).tolist()
    best = largest(mutual, threshold)
    assert is_set(mutual, members, threshold)
    # Of random matrices the greedy search may fall short: in 4,000 by 2 at most, in 32 at all.
    assert max(best / 2, best - 2) <= len(members) <= best
    outside = set(range(count)) - set(members)
    assert not any(is_set(mutual, [*members, one], threshold) for one in outside)


def test_where_groups_are_cliques_the_search_is_exact() -> None:
    for sizes in ([1], [2, 1], [3, 3, 2], [4, 1, 1], [2, 2, 2, 1]):
        mutual, _ = planted(sizes, 0.0, 0)
        assert partition(mutual, 1.0).explained.sum() == largest(mutual, 1.0) == max(sizes)


def test_everything_nothing_and_no_input() -> None:
    everything = partition(np.ones((5, 5), np.bool_))
    assert everything.explained.all() and everything.share == 1.0
    assert (everything.agreement == 1.0).all()
    nothing = partition(np.zeros((5, 5), np.bool_))
    assert not nothing.explained.any() and (nothing.agreement == 0.0).all()
    assert partition(np.zeros((0, 0), np.bool_)).share == 0.0


def test_who_may_not_be_in_it_is_not() -> None:
    mutual, group = planted([6, 3], 0.0, 0)
    found = partition(mutual, among=group == 1)
    assert found.explained.tolist() == [False] * 6 + [True] * 3


def test_inputs_get_on_where_every_kind_of_swap_agrees_either_way() -> None:
    agrees = np.ones((2, 3, 3), np.bool_)
    agrees[1, 0, 2] = False
    assert get_on(agrees).tolist() == [[True, True, False], [True, True, True], [False, True, True]]


def test_hypotheses_cover_together_what_neither_covers_alone() -> None:
    first, second = np.zeros((2, 1, 10, 10), np.bool_)
    first[:, :6, :6] = True
    second[:, 4:, 4:] = True
    alone, other, both = strengths({"First": first, "Second": second})
    assert [alone.hypotheses, other.hypotheses, both.hypotheses] == [
        ("First",),
        ("Second",),
        ("First", "Second"),
    ]
    assert {(point.share, point.iia) for point in alone.curve if point.threshold > 0.6} == {
        (0.6, 1.0)
    }
    assert {(point.share, point.iia) for point in both.curve if point.threshold > 0.6} == {
        (1.0, 1.0)
    }


@pytest.mark.parametrize("seed", range(3))
def test_a_combination_never_covers_less_than_a_part_of_it(seed: int) -> None:
    generator = np.random.default_rng(seed)
    agrees = {name: generator.random((2, 12, 12)) < 0.8 for name in ("A", "B", "C")}
    *alone, together = strengths(agrees)
    for number, point in enumerate(together.curve):
        assert all(point.share >= part.curve[number].share for part in alone)
