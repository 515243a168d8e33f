"""The same architecture, untrained, fitted as hard on the same pairs."""

from __future__ import annotations

from causalspec.runtime.fitting.workshop import Workshop
from causalspec.runtime.scoring.controls.finalist import Finalist
from causalspec.runtime.scoring.observed import Observed

EXPLANATION: str = "the same architecture, untrained, fitted as hard on the same pairs"
FITS: bool = True


def applies(finalist: Finalist) -> bool:
    """Always."""
    return True


def observed(workshop: Workshop, finalist: Finalist) -> tuple[Observed, ...]:
    """The test pairs on a network that was never taught anything."""
    untrained = finalist.on(finalist.network.untrained(finalist.settings.seed + 2))
    train, test = untrained.harvested(workshop, *finalist.pairs())
    return untrained.observed(workshop, "random_network", train=train, test=test)
