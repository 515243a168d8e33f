"""Scores and their 95 % intervals: the one home of what is said of a mean over pairs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from causalspec.compiler import NORMAL_QUANTILE, wilson


@runtime_checkable
class Estimate(Protocol):
    """A mean over pairs with its interval."""

    @property
    def mean(self) -> float:
        """NaN for no pairs, as are the bounds."""
        ...

    @property
    def total(self) -> int:
        """How many pairs it is taken over."""
        ...

    @property
    def drawn(self) -> int | None:
        """Of how many drawn pairs, where that is known."""
        ...

    def unit(self) -> float:
        """How large a difference counts as much as one of 1 does for a share."""
        ...

    def counts_as(self) -> float:
        """How many pairs the interval is of: repeated ones count once."""
        ...

    def interval(self, pairs: float) -> tuple[float, float]:
        """The interval that the same mean would have on so many pairs."""
        ...


@dataclass(frozen=True, slots=True)
class Score:
    """A share of pairs with its 95 % Wilson interval.

    Of `drawn` pairs `total` could be scored. Where some repeat, they count as `effective` ones (see
    `repeats`), and the interval is that of so many. None stands for all of them. Wilson, "Probable
    inference, the law of succession, and statistical inference" (1927).

    With `parts` it is the mean over data sets of their shares, each counting as much as the others:
    its interval lies as far from the mean as the parts' intervals, taken as independent, allow (Zou
    and Donner 2008, "Construction of confidence limits about effect measures", the method of
    variance estimates recovery).
    """

    correct: int
    total: int
    effective: float | None = None
    drawn: int | None = None
    parts: tuple[Score, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.correct <= self.total:
            raise ValueError(f"{self.correct} of {self.total} is not a share")
        least = 0.0 if not self.total else 1.0
        if self.effective is not None and not least <= self.effective <= self.total:
            raise ValueError(f"{self.total} pairs can't count as {self.effective}")
        if self.drawn is not None and self.drawn < self.total:
            raise ValueError(f"{self.total} of {self.drawn} pairs can't be scored")

    def counts_as(self) -> float:
        """How many pairs the interval is of: repeated ones count once."""
        return self.total if self.effective is None else self.effective

    @property
    def mean(self) -> float:
        """NaN for no pairs, as are the bounds."""
        if self.parts:
            return sum(part.mean for part in self.parts) / len(self.parts)
        return self.correct / self.total if self.total else math.nan

    @property
    def lower(self) -> float:
        """The lower end of the 95 % interval."""
        return self.interval(self.counts_as())[0]

    @property
    def upper(self) -> float:
        """The upper end of the 95 % interval."""
        return self.interval(self.counts_as())[1]

    def unit(self) -> float:
        """Shares are compared as they are."""
        return 1.0

    def interval(self, pairs: float) -> tuple[float, float]:
        """The 95 % interval that the same mean would have on so many pairs, shared out among the
        parts as these are.
        """
        if not self.parts:
            return wilson(self.mean, pairs)
        whole = self.counts_as() or 1.0
        ends = [part.interval(pairs * part.counts_as() / whole) for part in self.parts]
        below = math.hypot(
            *(part.mean - low for part, (low, _) in zip(self.parts, ends, strict=True))
        )
        above = math.hypot(
            *(high - part.mean for part, (_, high) in zip(self.parts, ends, strict=True))
        )
        return self.mean - below / len(self.parts), self.mean + above / len(self.parts)


def mean_of(scores: Sequence[Score]) -> Score:
    """The mean of scores on several data sets; a single one as it is."""
    if len(scores) == 1:
        return scores[0]
    drawn = [score.drawn for score in scores if score.drawn is not None]
    return Score(
        sum(score.correct for score in scores),
        sum(score.total for score in scores),
        math.fsum(score.counts_as() for score in scores),
        sum(drawn) if len(drawn) == len(scores) else None,
        tuple(scores),
    )


@dataclass(frozen=True, slots=True)
class Measurement:
    """A mean of numbers of any size over pairs, with the 95 % interval of the normal distribution.

    `spread` is the standard deviation over pairs; `effective` and `drawn` are as in `Score`.
    """

    mean: float
    spread: float
    total: int
    effective: float | None = None
    drawn: int | None = None

    def counts_as(self) -> float:
        """How many pairs the interval is of."""
        return self.total if self.effective is None else self.effective

    @property
    def lower(self) -> float:
        """The lower end of the 95 % interval."""
        return self.interval(self.counts_as())[0]

    @property
    def upper(self) -> float:
        """The upper end of the 95 % interval."""
        return self.interval(self.counts_as())[1]

    def unit(self) -> float:
        """A difference is large or small beside the mean, or beside 1 where that is smaller."""
        return max(1.0, abs(self.mean))

    def interval(self, pairs: float) -> tuple[float, float]:
        """The interval that the same mean and spread would have on so many pairs."""
        if not self.total:
            return math.nan, math.nan
        half = NORMAL_QUANTILE * self.spread / math.sqrt(pairs)
        return self.mean - half, self.mean + half


def mean_measurement(parts: Sequence[Measurement]) -> Measurement:
    """The mean of measurements on several data sets, taken as independent."""
    if len(parts) == 1:
        return parts[0]
    count = len(parts)
    effective = math.fsum(part.counts_as() for part in parts)
    variance = sum(part.spread**2 / part.counts_as() for part in parts if part.total) / count**2
    drawn = [part.drawn for part in parts if part.drawn is not None]
    return Measurement(
        sum(part.mean for part in parts) / count,
        math.sqrt(variance * effective),
        sum(part.total for part in parts),
        effective,
        sum(drawn) if len(drawn) == count else None,
    )
