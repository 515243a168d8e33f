"""The whole vectors at the same sites are swapped, nothing is fitted."""

from __future__ import annotations

from causalspec.runtime.fitting.fit_store import FitStore
from causalspec.runtime.scoring.controls.selected_alignment import SelectedAlignment
from causalspec.runtime.scoring.observed import Observed

EXPLANATION: str = "the whole vector at the site is swapped, nothing is fitted"
FITS: bool = False


def applies(selected: SelectedAlignment) -> bool:
    """Where the claim swaps less than that."""
    return selected.is_trained


def observed(store: FitStore, selected: SelectedAlignment) -> tuple[Observed, ...]:
    """The test pairs with whole vectors taken from the sources."""
    whole = selected.candidates.with_method("full_vector")
    return selected.observed(store, "full_vector", candidates=whole)
