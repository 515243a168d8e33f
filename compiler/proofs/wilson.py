"""The interval of a share that is known from a sample."""

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
