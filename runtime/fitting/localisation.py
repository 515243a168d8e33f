"""How a search among many sites is cut short: by successive halving.

Every site is given a short fit; the best of them by validation go on to a longer one, the best of
those to a full one (Jamieson and Talwalkar 2016, arXiv 1502.07943). A fit of each round begins
afresh, so that the site which is chosen has the maps that a search in full would have given it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

FEW = 8
"""So few sites are all fitted in full."""

_LEAST_STEPS = 10
_FINALISTS = 2


@dataclass(frozen=True, slots=True)
class Round:
    """Fits of so many `steps`, of which the best `kept` go on."""

    steps: int
    kept: int


def rounds(sites: int, steps: int) -> Iterator[Round]:
    """The rounds before the last sites are fitted in full; none where there are few sites, or where
    a full fit is hardly longer than a short one.

    A twentieth of the steps for all, a quarter for a tenth of them: of 90 sites at 200 steps, 900
    and 450 and 400 steps in the place of 18,000.
    """
    if sites <= FEW:
        return
    short, middle = max(_LEAST_STEPS, steps // 20), steps // 4
    if 2 * short > steps:
        return
    if middle < 2 * short:
        yield Round(short, _FINALISTS)
        return
    yield Round(short, max(_FINALISTS + 1, sites // 10))
    yield Round(middle, _FINALISTS)


def fits(sites: int, steps: int, *, halving: bool) -> Iterator[tuple[int, int]]:
    """How many fits of how many steps a search takes, the short ones first."""
    left = sites
    for part in rounds(sites, steps) if halving else ():
        yield left, part.steps
        left = part.kept
    yield left, steps
