"""Nothing is swapped: the network's own answer to the base, the floor that the data gives away."""

from __future__ import annotations

from causalspec.runtime.fitting.fit_store import FitStore
from causalspec.runtime.scoring.controls.selected_alignment import SelectedAlignment
from causalspec.runtime.scoring.observed import Observed, observe

EXPLANATION: str = (
    "nothing is swapped: the network's own answer to the base, the floor that the data set itself "
    "gives away"
)
FITS: bool = False


def applies(selected: SelectedAlignment) -> bool:
    """Always."""
    return True


def observed(store: FitStore, selected: SelectedAlignment) -> tuple[Observed, ...]:
    """The test pairs with every base left alone."""
    return observe(selected.test, None, has_label=selected.has_label)
