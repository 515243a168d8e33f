"""As many dimensions at the same sites, drawn at random."""

from __future__ import annotations

from causalspec.runtime.fitting.fit_store import FitStore
from causalspec.runtime.scoring.controls.selected_alignment import SelectedAlignment
from causalspec.runtime.scoring.observed import Observed

EXPLANATION: str = "as many dimensions at the same site, drawn at random"
FITS: bool = False


def applies(selected: SelectedAlignment) -> bool:
    """Where the claim's own dimensions were searched for."""
    return selected.is_trained


def observed(store: FitStore, selected: SelectedAlignment) -> tuple[Observed, ...]:
    """The test pairs under random maps of the dimensions that the claim's maps came to."""
    drawn = selected.candidates.with_method("random_subspace", selected.dimensions)
    return selected.observed(store, "random_subspace", candidates=drawn)
