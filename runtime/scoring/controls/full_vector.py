"""The whole vectors at the same sites are swapped, nothing is fitted."""

from __future__ import annotations

from causalspec.runtime.fitting.workshop import Workshop
from causalspec.runtime.scoring.controls.finalist import Finalist
from causalspec.runtime.scoring.observed import Observed

EXPLANATION: str = "the whole vector at the site is swapped, nothing is fitted"
FITS: bool = False


def applies(finalist: Finalist) -> bool:
    """Where the claim swaps less than that."""
    return finalist.is_trained


def observed(workshop: Workshop, finalist: Finalist) -> tuple[Observed, ...]:
    """The test pairs with whole vectors taken from the sources."""
    whole = finalist.candidates.with_method("full_vector")
    return finalist.observed(workshop, "full_vector", candidates=whole)
