"""The intervals of a share that is known from a sample, and of a difference of two of them."""

from __future__ import annotations

import math

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
    pairs = 1
    while not _is_told(apart, pairs):
        pairs *= 2
    least = pairs // 2
    while pairs - least > 1:
        middle = (least + pairs) // 2
        least, pairs = (least, middle) if _is_told(apart, middle) else (middle, pairs)
    return pairs


def _is_told(apart: float, pairs: int) -> bool:
    centre, variance = matched_difference(apart, apart, pairs)
    return centre > NORMAL_QUANTILE * math.sqrt(variance)
