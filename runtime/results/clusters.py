"""How many independent pairs a mean over pairs rests on, where these share bases and sources.

The variance of the mean is that of clusters in several ways: residuals of pairs that have a base,
or a source, in common go together (Cameron, Gelbach and Miller 2011, "Robust inference with
multiway clustering"; for pairs of units Aronow, Samii and Assenova 2015, arXiv 1312.3398). The
effective number is that of independent pairs whose mean would vary as much, made smaller by the
ratio of the normal to Student's quantile where the inputs are few (Korn and Graubard 1998,
"Confidence intervals for proportions with small expected number of positive counts estimated from
survey data"); Wilson's interval on it is the one that Franco, Little, Louis and Slud (2019,
"Comparative study of confidence intervals for proportions in complex sample surveys") recommend.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler import NORMAL_QUANTILE

Inputs = NDArray[np.int64]
"""What the network is given [rows, roles]: the base, then each source; -1 where there is none."""

MOST_ROLES = 5
"""So many roles are told apart, which takes 31 sums; further sources are one role together."""


def effective_pairs(
    values: NDArray[np.float64], inputs: Inputs, most: float, population: float = math.inf
) -> float:
    """How many independent pairs tell as much of the mean of `values` [rows] as these do, at least
    1 and at most `most`, which is how many there are where no input matters more than another.

    Of `population` inputs that there could be, those that were drawn are certain: where all are, it
    no longer matters which (the finite population correction; Cochran, "Sampling Techniques",
    1977). Where all values are the same nothing tells how far pairs that share an input go
    together: then they count as often as there are independent inputs in the role that reuses them
    most. Where few inputs have the rarer value, the variance is not taken to be below what so few
    allow.
    """
    count = len(values)
    roles = [role for role in _roles(inputs) if role.max(initial=-1) + 1 < count]
    open_share = max((1 - (role.max() + 1) / population for role in roles), default=0.0)
    if count < 2 or open_share <= 0:
        return min(most, float(count))
    number = min(_kish(np.bincount(role)) for role in roles)
    independent = number / open_share
    residuals = values - values.mean()
    spread = float((residuals**2).mean())
    if number < 2 or np.ptp(values) == 0:
        return max(1.0, min(most, independent))
    clustered = max(clustered_variance(residuals, roles), _least(values, roles, number))
    clustered *= number / (number - 1)
    variance = open_share * clustered + (1 - open_share) * spread / most
    found = min(most, spread / variance)
    return max(1.0, found * (NORMAL_QUANTILE / student_quantile(independent - 1)) ** 2)


@dataclass(frozen=True, eq=False)
class Reuse:
    """How pairs share inputs: `inputs` [rows, roles] as the network is given them, `distinct` how
    many pairs there are where no input matters more than another, of a `population` of inputs.
    """

    inputs: Inputs = field(repr=False)
    distinct: float
    population: float


def covariance_of_means(values: NDArray[np.float64], reuse: Reuse) -> NDArray[np.float64]:
    """The clustered covariance [columns, columns] of the means of `values` [rows, columns], with
    what `effective_pairs` allows for few inputs and for those that are certain.
    """
    count = len(values)
    residuals = values - values.mean(0)
    alone = residuals.T @ residuals / count / reuse.distinct
    roles = [role for role in _roles(reuse.inputs) if role.max(initial=-1) + 1 < count]
    open_share = max((1 - (role.max() + 1) / reuse.population for role in roles), default=0.0)
    if count < 2 or open_share <= 0:
        return alone
    number = max(2.0, min(_kish(np.bincount(role)) for role in roles))
    by_role = [_sums_of_squares(residuals, role) for role in roles]
    together = np.zeros_like(alone)
    for size in range(1, len(roles) + 1):
        for some in combinations(roles, size):
            squares = _sums_of_squares(residuals, _joint(some))
            together += squares if size % 2 else -squares
    clustered = max(together, *by_role, key=np.trace) / count**2 * (number / (number - 1))
    found = open_share * clustered + (1 - open_share) * alone
    return found * (student_quantile(max(1.0, number / open_share - 1)) / NORMAL_QUANTILE) ** 2


def clustered_variance(residuals: NDArray[np.float64], roles: list[Inputs]) -> float:
    """The variance of a mean from its residuals [rows] and each role's numbers [rows], counted from
    0: over every set of roles the squares of sums over rows that have all of these in common, added
    where the set is odd and taken off where it is even. Not below that of any role alone.
    """
    total, alone = 0.0, [0.0]
    for size in range(1, len(roles) + 1):
        for some in combinations(roles, size):
            squares = float((np.bincount(_joint(some), residuals) ** 2).sum())
            total += squares if size % 2 else -squares
            if size == 1:
                alone.append(squares)
    return max(total, *alone) / len(residuals) ** 2


def _sums_of_squares(residuals: NDArray[np.float64], role: Inputs) -> NDArray[np.float64]:
    """Products [columns, columns] of the sums of `residuals` [rows, columns] over each input."""
    sums = np.zeros((role.max() + 1, residuals.shape[1]))
    np.add.at(sums, role, residuals)
    return sums.T @ sums


def student_quantile(degrees: float) -> float:
    """The 97.5 % point of Student's distribution, by its expansion about the normal one
    (Abramowitz and Stegun 1964, 26.7.5), within .01 from 3 degrees of freedom on.
    """
    z = NORMAL_QUANTILE
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(term / degrees**power for power, term in enumerate(terms, 1))


def _least(values: NDArray[np.float64], roles: list[Inputs], independent: float) -> float:
    """The variance were all pairs of an input alike, over the square of how many inputs have the
    rarer of two values, or of a difference of two such, another than the commonest: one such input
    may stand for many, ten may not.
    """
    kinds, which = np.unique(values, return_inverse=True)
    if not 2 <= len(kinds) <= 3:
        return 0.0
    counts = np.bincount(which)
    rarer = which == counts.argmin() if len(kinds) == 2 else which != counts.argmax()
    holders = min(_kish(np.bincount(role[rarer])) for role in roles)
    return float(values.var()) / independent / holders**2


def _roles(inputs: Inputs) -> Iterator[Inputs]:
    """The numbers of each role's inputs [rows], counted from 0; a row without a source there shares
    it with none. Roles that always hold the same inputs are one.
    """
    columns = list(inputs.T)
    if len(columns) > MOST_ROLES:
        rest = [np.unique(column, return_inverse=True)[1] for column in columns[MOST_ROLES - 1 :]]
        columns[MOST_ROLES - 1 :] = [_joint(tuple(rest))]
    seen: set[bytes] = set()
    for column in columns:
        alone = np.where(column < 0, -1 - np.arange(len(column)), column)
        _, numbers = np.unique(alone, return_inverse=True)
        if numbers.tobytes() not in seen:
            seen.add(numbers.tobytes())
            yield numbers


def _joint(roles: tuple[Inputs, ...]) -> Inputs:
    """A number [rows] for each combination of the roles' numbers."""
    found, *others = roles
    for other in others:
        _, found = np.unique(found * (other.max() + 1) + other, return_inverse=True)
    return found


def _kish(counts: NDArray[np.int64]) -> float:
    """How many inputs of equal use would tell as much as those used so often (Kish 1965)."""
    return float(counts.sum()) ** 2 / float((counts.astype(np.float64) ** 2).sum())
