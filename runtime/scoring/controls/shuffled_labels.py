"""Maps fitted in the same way to permuted labels."""

from __future__ import annotations

from causalspec.runtime.fitting.fit_store import FitStore, with_shuffled_labels
from causalspec.runtime.scoring.controls.selected_alignment import SelectedAlignment
from causalspec.runtime.scoring.observed import Observed

EXPLANATION: str = "a map fitted in the same way to permuted labels"
FITS: bool = True


def applies(selected: SelectedAlignment) -> bool:
    """Where labels are fitted to."""
    return selected.is_trained


def observed(store: FitStore, selected: SelectedAlignment) -> tuple[Observed, ...]:
    """The test pairs under maps that learned what the labels' frequencies give away."""
    seed = selected.settings.seed + 1
    train = selected.train and with_shuffled_labels(selected.train, seed)
    return selected.observed(store, "shuffled_labels", train=train)
