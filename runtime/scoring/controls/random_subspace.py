"""As many dimensions at the same sites, drawn at random."""

from __future__ import annotations

from causalspec.runtime.fitting.workshop import Workshop
from causalspec.runtime.scoring.controls.finalist import Finalist
from causalspec.runtime.scoring.observed import Observed

EXPLANATION: str = "as many dimensions at the same site, drawn at random"
FITS: bool = False


def applies(finalist: Finalist) -> bool:
    """Where the claim's own dimensions were searched for."""
    return finalist.is_trained


def observed(workshop: Workshop, finalist: Finalist) -> tuple[Observed, ...]:
    """The test pairs under random maps of the dimensions that the claim's maps came to."""
    drawn = finalist.candidates.with_method("random_subspace", finalist.dimensions)
    return finalist.observed(workshop, "random_subspace", candidates=drawn)
