"""The same architecture, untrained, fitted as hard on the same pairs."""

from __future__ import annotations

from causalspec.runtime.fitting.fit_store import FitStore
from causalspec.runtime.scoring.controls.selected_alignment import SelectedAlignment
from causalspec.runtime.scoring.observed import Observed

EXPLANATION: str = "the same architecture, untrained, fitted as hard on the same pairs"
FITS: bool = True


def applies(selected: SelectedAlignment) -> bool:
    """Always."""
    return True


def observed(store: FitStore, selected: SelectedAlignment) -> tuple[Observed, ...]:
    """The test pairs on a network that was never taught anything."""
    untrained = selected.on(selected.network.untrained(selected.settings.seed + 2))
    train, test = untrained.harvested(store, *selected.pairs())
    return untrained.observed(store, "random_network", train=train, test=test)
