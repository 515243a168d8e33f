"""What docs/fitting.md says was measured, and the rules by which it is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import fitting_page as pages


def test_the_page_is_up_to_date(tmp_path: Path) -> None:
    """Writing it anew from what is kept changes nothing."""
    text = pages.PAGE.read_text(encoding="utf-8")
    copy = tmp_path / "fitting.md"
    copy.write_text(text, encoding="utf-8")
    pages.write_page(copy)
    assert copy.read_text(encoding="utf-8") == text


def test_every_way_was_fitted_with_every_seed() -> None:
    every = pages.read_kept()
    assert len({one.name.split()[0] for one in every}) >= 5
    ways = {
        pages.Way(start, schedule, steps)
        for start in pages.STARTS
        for schedule in pages.SCHEDULES
        for steps in pages.STEPS
    }
    for one in every:
        assert one.fits.keys() == ways
        for fits in one.fits.values():
            assert [fit["seed"] for fit in fits] == list(range(pages.SEEDS))


@pytest.mark.parametrize(
    ("curve", "stop"),
    [
        ([0.5, 0.6, 0.6, 0.6, 0.9], (3, 1)),
        ([0.5, 0.6, 0.6, 0.7, 0.7], (4, 3)),
        ([0.5, 1.0, 1.0, 1.0, 1.0], (1, 1)),
        ([1.0, 1.0], (0, 0)),
        ([0.9, 0.8], (1, 0)),
    ],
)
def test_a_fit_stops_after_looks_that_were_no_better(
    curve: list[float], stop: tuple[int, int]
) -> None:
    assert pages.early_stop(curve, 2) == stop


@pytest.mark.parametrize(
    ("one", "other", "sign"),
    [
        ([0.9, 0.92, 0.94], [0.8, 0.82, 0.84], 1),
        ([0.8, 0.82, 0.84], [0.9, 0.92, 0.94], -1),
        ([0.9, 0.92, 0.94], [0.8, 0.9, 0.91], 0),
        ([1.0, 1.0, 1.0], [1.0, 1.0, 1.0], 0),
    ],
)
def test_less_than_the_seeds_are_apart_is_no_difference(
    one: list[float], other: list[float], sign: int
) -> None:
    assert pages.compared(one, other) == sign
