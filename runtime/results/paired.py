"""The difference of two scores over the same pairs, with its interval: the one home of both."""

from __future__ import annotations

import math
from dataclasses import dataclass

from causalspec.compiler import NORMAL_QUANTILE, fewest, matched_difference
from causalspec.runtime.results.estimates import Score


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """How much more often the one is right than the other on the same pairs, with the 95 %
    interval from `lower` to `upper`.
    """

    mean: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class PairedPart:
    """Of one data set's pairs, by how much more the first agrees than the second: the `mean` over
    pairs, and that of the `square`. `effective` is how many independent pairs the mean rests on.
    """

    mean: float
    square: float
    effective: float


@dataclass(frozen=True, slots=True)
class Paired:
    """The mean over data sets of such differences.

    Where one of the two is the mean over random draws, `between` is the variance that these add.
    """

    parts: tuple[PairedPart, ...]
    between: float = 0.0

    @property
    def mean(self) -> float:
        """The mean difference."""
        return sum(part.mean for part in self.parts) / len(self.parts)

    def counts_as(self) -> float:
        """How many independent pairs it rests on."""
        return math.fsum(part.effective for part in self.parts)

    def interval(self, pairs: float) -> tuple[float, float]:
        """The 95 % interval that the same difference would have on so many independent pairs,
        shared out among the data sets as they are.

        Wald's, with half a pair added to each of the cells in which the two differ (Agresti and Min
        2005, "Simple improved confidence intervals for comparing matched proportions"): where they
        differ nowhere it still knows how few pairs it has.
        """
        scale = pairs / (self.counts_as() or 1.0)
        centre, variance = 0.0, self.between
        for part in self.parts:
            there, varies = matched_difference(part.mean, part.square, part.effective * scale)
            centre += there / len(self.parts)
            variance += varies / len(self.parts) ** 2
        half = NORMAL_QUANTILE * math.sqrt(variance)
        return max(-1.0, centre - half), min(1.0, centre + half)

    @property
    def result(self) -> PairedDifference:
        """As results hold it."""
        low, high = self.interval(self.counts_as())
        return PairedDifference(self.mean, low, high)


@dataclass(frozen=True, slots=True)
class Unpaired:
    """The difference of two scores on pairs of their own, taken as independent (Zou and Donner
    2008, "Construction of confidence limits about effect measures").
    """

    first: Score
    second: Score

    @property
    def mean(self) -> float:
        """The difference of the means."""
        return self.first.mean - self.second.mean

    def counts_as(self) -> float:
        """How many independent pairs the smaller of the two rests on."""
        return min(self.first.counts_as(), self.second.counts_as())

    def interval(self, pairs: float) -> tuple[float, float]:
        """The 95 % interval that the same difference would have, were there so many of each."""
        (low, high), (least, most) = self.first.interval(pairs), self.second.interval(pairs)
        below = math.hypot(self.first.mean - low, most - self.second.mean)
        above = math.hypot(high - self.first.mean, self.second.mean - least)
        return max(-1.0, self.mean - below), min(1.0, self.mean + above)


def settled_by(difference: Paired | Unpaired) -> int | None:
    """On how many independent pairs the interval of the same difference would leave out 0; None
    where no number up to a million would do.
    """

    def is_settled(pairs: int) -> bool:
        low, high = difference.interval(pairs)
        return low > 0 or high < 0

    return fewest(is_settled, most=1 << 20)
