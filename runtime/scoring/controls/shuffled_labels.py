"""Maps fitted in the same way to permuted labels."""

from __future__ import annotations

from causalspec.runtime.fitting.workshop import Workshop, with_shuffled_labels
from causalspec.runtime.scoring.controls.finalist import Finalist
from causalspec.runtime.scoring.observed import Observed

EXPLANATION: str = "a map fitted in the same way to permuted labels"
FITS: bool = True


def applies(finalist: Finalist) -> bool:
    """Where labels are fitted to."""
    return finalist.is_trained


def observed(workshop: Workshop, finalist: Finalist) -> tuple[Observed, ...]:
    """The test pairs under maps that learned what the labels' frequencies give away."""
    seed = finalist.settings.seed + 1
    train = finalist.train and with_shuffled_labels(finalist.train, seed)
    return finalist.observed(workshop, "shuffled_labels", train=train)
