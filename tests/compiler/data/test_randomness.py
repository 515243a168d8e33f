"""Draws are pinned, unbiased, and functions of their position alone."""

from __future__ import annotations

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as some

from causalspec.compiler.data.randomness import Stream, largest_remainder

STREAM = Stream.of(7, "SwapAbove", "train", "base")


def test_the_first_draws_are_pinned() -> None:
    assert STREAM.words(0, 2).tolist() == [6920934047422340820, 6093776101634163888]
    assert STREAM.below(1000, 0, 8).tolist() == [947, 375, 26, 330, 215, 472, 735, 430]
    assert STREAM.permutation(8).tolist() == [6, 7, 1, 0, 3, 2, 4, 5]
    assert STREAM.shuffled((3, 2, 1)).tolist() == [0, 0, 1, 0, 1, 2]


def test_streams_of_different_purposes_differ() -> None:
    keys = {
        STREAM.key,
        Stream.of(8, "SwapAbove", "train", "base").key,
        Stream.of(7, "SwapAbove", "train", "source").key,
        Stream.of(7, "SwapAbove", "trainbase").key,
        Stream.of(7, "SwapAbove", "train").key,
        STREAM.derive().key,
    }
    assert len(keys) == 6
    assert Stream.of(7, "a").derive("b") != Stream.of(7, "a", "b")


@given(
    some.integers(1, 2**33) | some.sampled_from([2**32 - 1, 3 * 2**30, 2**32, 2**63]),
    some.integers(0, 200),
    some.integers(1, 80),
)
def test_a_draw_depends_on_its_position_alone(bound: int, start: int, count: int) -> None:
    whole = STREAM.below(bound, 0, 280)
    assert STREAM.below(bound, start, count).tolist() == whole[start : start + count].tolist()
    assert (whole < bound).all()


def test_halves_are_the_words_low_half_first() -> None:
    words = STREAM.words(0, 4).tolist()
    halves = STREAM.halves(0, 8).tolist()
    assert halves == [half for word in words for half in (word & 0xFFFFFFFF, word >> 32)]
    assert STREAM.halves(3, 4).tolist() == halves[3:7]


@pytest.mark.parametrize("bound", [3, 10, 3 * 2**30])
def test_draws_are_even(bound: int) -> None:
    # At 3 * 2**30 a third of the draws is rejected; a missing replacement would show at once.
    thirds = numpy.bincount((STREAM.below(bound, 0, 300_000) // -(-bound // 3)).astype(int))
    expected = [100_000] * 3 if bound != 10 else [120_000, 120_000, 60_000]
    assert numpy.abs(thirds - expected).max() < 1_500  # six standard deviations


@pytest.mark.parametrize("bound", [0, -1, 2**63 + 1])
def test_a_bound_out_of_range_is_refused(bound: int) -> None:
    with pytest.raises(ValueError, match="bound must be"):
        STREAM.below(bound, 0, 1)


@given(some.integers(0, 300))
def test_a_permutation_holds_everything_once(count: int) -> None:
    assert sorted(STREAM.permutation(count).tolist()) == list(range(count))


@given(some.lists(some.integers(0, 40), min_size=1, max_size=40))
def test_shuffling_keeps_the_counts(counts: list[int]) -> None:
    shuffled = STREAM.shuffled(counts)
    assert numpy.bincount(shuffled, minlength=len(counts)).tolist() == counts


def test_shuffling_by_order_statistics_is_shuffling_by_sorting() -> None:
    few, many = (5, 0, 3, 4), (5, 0, 3, 4, *([0] * 30))
    assert STREAM.shuffled(few).tolist() == STREAM.shuffled(many).tolist()


@given(some.integers(0, 10**6), some.lists(some.integers(0, 50), min_size=1, max_size=9))
def test_shares_add_up_and_are_within_one_of_exact(total: int, weights: list[int]) -> None:
    whole = sum(weights)
    if whole == 0:
        with pytest.raises(ValueError, match="weights"):
            largest_remainder(total, weights)
        return
    shares = largest_remainder(total, weights)
    assert sum(shares) == total
    assert all(
        abs(share * whole - total * weight) < whole
        for share, weight in zip(shares, weights, strict=True)
    )


def test_leftover_rows_go_to_the_largest_remainders() -> None:
    assert largest_remainder(10, (1, 1, 1)) == (4, 3, 3)
    assert largest_remainder(7, (1, 2, 4)) == (1, 2, 4)
    assert largest_remainder(8, (1, 2, 4)) == (1, 2, 5)
