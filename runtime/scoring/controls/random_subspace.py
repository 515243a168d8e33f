"""As many dimensions at the same sites, drawn at random, again and again."""

from __future__ import annotations

from collections.abc import Iterator

from causalspec.runtime.fitting.fit_store import FitStore
from causalspec.runtime.fitting.placed_maps import build_maps
from causalspec.runtime.scoring.controls.selected_alignment import SelectedAlignment
from causalspec.runtime.scoring.observed import Observed

EXPLANATION: str = "as many dimensions at the same site, drawn at random twenty times: their mean"
FITS: bool = False

DRAWS = 20


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
    drawn = selected.candidates.with_method("random_subspace", selected.dimensions)
    placed = drawn.placed(selected.sites)
    with store.watcher.work(selected.stage("random_subspace"), count) as advance:
        for number in range(count):
            seed = selected.settings.seed + 7_919 * number
            maps = build_maps(placed, selected.test[0].subject, seed).eval()
            what = f"random_subspace, draw {number + 1}"
            yield selected.observed_once(store, what, selected.written(maps))
            advance(number + 1, "")
