"""The same architecture, untrained, searched over the same sites and fitted as hard."""

from __future__ import annotations

from causalspec.runtime.fitting.fit_store import FitStore
from causalspec.runtime.fitting.sweep import sweep
from causalspec.runtime.scoring.controls.selected_alignment import SelectedAlignment
from causalspec.runtime.scoring.observed import Observed, observe

EXPLANATION: str = (
    "the same architecture, untrained, searched over the same sites and fitted as hard on the same "
    "pairs"
)
FITS: bool = True


def applies(selected: SelectedAlignment) -> bool:
    """Always."""
    return True


def observed(store: FitStore, selected: SelectedAlignment) -> tuple[Observed, ...]:
    """The test pairs on a network that was never taught anything, at the site that its own
    validation pairs chose.
    """
    untrained = selected.on(selected.network.untrained(selected.settings.seed + 2))
    found = sweep(
        store,
        untrained.network,
        untrained.experiment,
        selected.candidates,
        selected.settings,
        title=selected.stage("random_network"),
        pairs=selected.fitting_pairs(),
    )
    best = found.best
    test = found.splits.test
    if test is None:
        _, pairs = selected.pairs()
        _, test = untrained.at(best.sites).harvested(store, None, pairs)
    return observe(test, selected.written(best.fit.maps), has_label=selected.has_label)
