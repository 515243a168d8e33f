"""A score above its floor, (iia - floor) / (1 - floor), with its interval: the one home of both."""

from __future__ import annotations

import math
from dataclasses import dataclass

from causalspec.runtime.results.estimates import Score


@dataclass(frozen=True, slots=True)
class AboveFloor:
    """What a score gains of all that there is to gain above a floor, with the 95 % interval from
    `lower` to `upper`: 1 is a perfect score, 0 is the floor. All are NaN where the floor is 1.

    `by` says what scores the floor.
    """

    floor: float
    by: str
    mean: float
    lower: float
    upper: float


def above_floor(score: Score, floor: Score, by: str, correlation: float) -> AboveFloor:
    """The score of some pairs above a floor on the same pairs, where the two means correlate so.

    One less the ratio of the two shares of errors; its interval is that of a ratio by the method of
    variance estimates recovery (Donner and Zou 2012, "Closed-form confidence intervals for
    functions of the normal mean and standard deviation"), from the Wilson intervals of both.
    """
    errors, of_floor = 1 - score.mean, 1 - floor.mean
    if not of_floor > 0:
        return AboveFloor(floor.mean, by, math.nan, math.nan, math.nan)
    least, most = 1 - score.upper, 1 - score.lower
    floor_least, floor_most = 1 - floor.upper, 1 - floor.lower
    low = _end(errors, of_floor, least, floor_most, correlation, -1)
    high = _end(errors, of_floor, most, floor_least, correlation, 1)
    return AboveFloor(floor.mean, by, 1 - errors / of_floor, 1 - high, 1 - low)


def _end(
    first: float, second: float, first_end: float, second_end: float, correlation: float, sign: int
) -> float:
    """One end of the interval of `first` / `second`, from the end of each that lies that way."""
    across = abs(first_end - first) * abs(second_end - second) * correlation
    middle = first * second - across
    scale = second_end * (2 * second - second_end)
    if scale <= 0:  # the floor may be 1
        return 0.0 if sign < 0 else math.inf
    inner = middle**2 - first_end * second_end * (2 * first - first_end) * (2 * second - second_end)
    return max(0.0, (middle + sign * math.sqrt(max(0.0, inner))) / scale)
