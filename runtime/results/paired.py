"""The difference of two shares over the same pairs, with its interval: the one home of both."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from causalspec.compiler import NORMAL_QUANTILE


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """How much more often the one is right than the other on the same pairs, with the 95 %
    interval from `lower` to `upper`.
    """

    mean: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class Discordant:
    """Of one data set's pairs, those on which the first alone is right, and the second alone;
    `effective` is how many pairs the data set counts as.
    """

    first: int
    second: int
    total: int
    effective: float


def paired_difference(parts: Sequence[Discordant]) -> PairedDifference:
    """The mean over data sets of the difference of the shares.

    Its interval is Wald's with half a pair added to each cell of the table (Agresti and Min 2005,
    "Simple improved confidence intervals for comparing matched proportions"), on as many pairs as
    the data sets count as: one that has no discordant pairs still knows how few pairs it has.
    """
    mean = sum((part.first - part.second) / part.total for part in parts) / len(parts)
    centre, variance = 0.0, 0.0
    for part in parts:
        scale = part.effective / part.total
        first, second = part.first * scale + 0.5, part.second * scale + 0.5
        pairs = part.effective + 2
        difference = (first - second) / pairs
        centre += difference / len(parts)
        variance += ((first + second) / pairs - difference**2) / pairs / len(parts) ** 2
    half = NORMAL_QUANTILE * math.sqrt(variance)
    return PairedDifference(mean, max(-1.0, centre - half), min(1.0, centre + half))
