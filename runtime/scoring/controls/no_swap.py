"""Nothing is swapped: the network's own answer to the base, the floor that the data gives away."""

from __future__ import annotations

from causalspec.runtime.fitting.workshop import Workshop
from causalspec.runtime.scoring.controls.finalist import Finalist
from causalspec.runtime.scoring.observed import Observed, observe

EXPLANATION: str = (
    "nothing is swapped: the network's own answer to the base, the floor that the data set itself "
    "gives away"
)
FITS: bool = False


def applies(finalist: Finalist) -> bool:
    """Always."""
    return True


def observed(workshop: Workshop, finalist: Finalist) -> tuple[Observed, ...]:
    """The test pairs with every base left alone."""
    return observe(finalist.test, None, has_label=finalist.has_label)
