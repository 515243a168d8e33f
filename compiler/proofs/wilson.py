"""The intervals of a share that is known from a sample, and of a difference of two of them."""

from __future__ import annotations

import math
from collections.abc import Callable

NORMAL_QUANTILE = 1.959963984540054
"""The 97.5 % point of the normal distribution."""


def wilson(share: float, of: float) -> tuple[float, float]:
    """The 95 % score interval of a share of so many (Wilson, "Probable inference", 1927): exactly 0
    where nothing is right, 1 where all is; NaN of NaN.
    """
    if math.isnan(share):
        return math.nan, math.nan
    z = NORMAL_QUANTILE
    centre = share + z * z / (2 * of)
    spread = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    low, high = ((centre + sign * spread) / (1 + z * z / of) for sign in (-1, 1))
    return min(share, max(0.0, low)), max(share, min(1.0, high))


def matched_difference(mean: float, square: float, pairs: float) -> tuple[float, float]:
    """The centre and the variance of the interval of a difference over so many pairs, of which
    `mean` is its mean and `square` that of its square: half a pair is added to each of the two
    cells in which they differ, and to two in which they agree (Agresti and Min 2005, "Simple
    improved confidence intervals for comparing matched proportions").
    """
    count = pairs + 2
    centre = mean * pairs / count
    return centre, ((square * pairs + 1) / count - centre**2) / count


def telling_pairs(agreeing: float) -> int | None:
    """On how many pairs a hypothesis that is always right is told from one that agrees with it on
    such a share of pairs: the interval of the difference leaves out 0. None where they are one.
    """
    apart = 1 - agreeing
    if apart <= 0:
        return None

    def are_told_apart(pairs: int) -> bool:
        centre, variance = matched_difference(apart, apart, pairs)
        return centre > NORMAL_QUANTILE * math.sqrt(variance)

    return fewest(are_told_apart)


def fewest(suffice: Callable[[int], bool], most: int | None = None) -> int | None:
    """The fewest pairs that suffice, where more of them always do; None where no number up to
    `most`, a power of two, does.
    """
    enough = 1
    while not suffice(enough):
        if enough == most:
            return None
        enough *= 2
    few = enough // 2
    while enough - few > 1:
        middle = (few + enough) // 2
        few, enough = (few, middle) if suffice(middle) else (middle, enough)
    return enough
