"""As many dimensions at the same sites, drawn at random, again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial

from causalspec.runtime.fitting.fit_store import FitStore
from causalspec.runtime.fitting.placed_maps import PlacedMaps, build_maps
from causalspec.runtime.fitting.predict import predict_side_by_side
from causalspec.runtime.scoring.controls.selected_alignment import SelectedAlignment
from causalspec.runtime.scoring.observed import Observed

EXPLANATION: str = "as many dimensions at the same site, drawn at random twenty times: their mean"
FITS: bool = False

DRAWS, TOGETHER = 20, 4
"""How many are drawn, and so many of them are run side by side: 512 rows at a time."""


def applies(selected: SelectedAlignment) -> bool:
    """Where the claim's own dimensions were searched for."""
    return selected.is_trained


def observed(store: FitStore, selected: SelectedAlignment) -> tuple[Observed, ...]:
    """The test pairs under the first draw."""
    return next(_each(store, selected, 1))


def draws(store: FitStore, selected: SelectedAlignment) -> tuple[tuple[Observed, ...], ...]:
    """The test pairs under each of the random maps, of the dimensions that the claim's maps have.
    A draw is a matter of runs alone: nothing is fitted.
    """
    return tuple(_each(store, selected, DRAWS))


def _each(
    store: FitStore, selected: SelectedAlignment, count: int
) -> Iterator[tuple[Observed, ...]]:
    """Draws that the run folder has not are made a few at a time, side by side."""
    drawn = selected.candidates.with_method("random_subspace", selected.dimensions)
    placed, subject = drawn.placed(selected.sites), selected.test[0].subject
    names = [f"random_subspace, draw {number + 1}" for number in range(count)]
    seeds = [selected.settings.seed + 7_919 * number for number in range(count)]
    with store.watcher.work(selected.stage("random_subspace"), count) as advance:
        for start in range(0, count, TOGETHER):
            several = [
                selected.written(build_maps(placed, subject, seed).eval())
                for seed in seeds[start : start + TOGETHER]
            ]
            together = cache(partial(_observed, selected, several))
            for number, maps in enumerate(several):
                name = names[start + number]
                yield selected.kept(store, name, partial(_numbered, together, number), maps)
                advance(start + number + 1, "")


def _numbered(
    together: Callable[[], tuple[tuple[Observed, ...], ...]], number: int
) -> tuple[Observed, ...]:
    return together()[number]


def _observed(
    selected: SelectedAlignment, several: Sequence[PlacedMaps]
) -> tuple[tuple[Observed, ...], ...]:
    """The test pairs under each of several maps."""
    by_split = [
        predict_side_by_side(prepared.subject, several, prepared.rows) for prepared in selected.test
    ]
    return tuple(
        tuple(
            Observed(prepared, maps, predicted, selected.has_label)
            for prepared, predicted in zip(selected.test, answers, strict=True)
        )
        for maps, answers in zip(several, zip(*by_split, strict=True), strict=True)
    )
