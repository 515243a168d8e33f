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
from collections.abc import Iterator, Sequence
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
    """How many independent pairs tell as much of the mean of `values` [rows] as these do: see
    `Clusters`, which asks it of many draws at once.
    """
    return float(Clusters.of(Reuse(inputs, most, population)).effective(values[:, None])[0])


@dataclass(frozen=True, eq=False)
class Reuse:
    """How pairs share inputs: `inputs` [rows, roles] as the network is given them, `distinct` how
    many pairs there are where no input matters more than another, of a `population` of inputs.
    """

    inputs: Inputs = field(repr=False)
    distinct: float
    population: float


@dataclass(frozen=True, eq=False)
class Clusters:
    """The inputs that `rows` pairs share, told apart once: each of the `roles` numbers them [rows].

    `number` is as how many the inputs count that the role with the fewest has, `open_share` the
    part of all inputs that there could be that are not drawn.
    """

    rows: int
    roles: tuple[Inputs, ...] = field(repr=False)
    distinct: float
    number: float
    open_share: float

    @staticmethod
    def of(reuse: Reuse) -> Clusters:
        """Those of pairs so drawn."""
        count = len(reuse.inputs)
        roles = [role for role in _roles(reuse.inputs) if role.max(initial=-1) + 1 < count]
        shares = (1 - (role.max() + 1) / reuse.population for role in roles)
        number = min((_kish(np.bincount(role)) for role in roles), default=float(count))
        return Clusters(count, tuple(roles), reuse.distinct, number, max(shares, default=0.0))

    def effective(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """How many independent pairs [draws] tell as much of the mean of `values` [rows, draws] as
        these do, at least 1 and at most as many as are distinct, which is how many there are where
        no input matters more than another.

        Of all inputs that there could be, those that were drawn are certain: where all are, it no
        longer matters which (the finite population correction; Cochran, "Sampling Techniques",
        1977). Where all values of a draw are the same nothing tells how far pairs that share an
        input go together: then they count as often as there are independent inputs in the role that
        reuses them most. Where few inputs have the rarer value, the variance is not taken to be
        below what so few allow.
        """
        draws, most, number = int(values.shape[1]), self.distinct, self.number
        if self.rows < 2 or self.open_share <= 0:
            return np.full(draws, min(most, float(self.rows)))
        independent = number / self.open_share
        alike = np.full(draws, max(1.0, min(most, independent)))
        varied = np.ptp(values, axis=0) > 0
        if number < 2 or not varied.any():
            return alike
        values = values[:, varied]
        residuals = values - values.mean(0)
        spread = (residuals**2).mean(0)
        least = _least(values, self.roles, number)
        clustered = np.maximum(clustered_variance(residuals, self.roles), least)
        clustered *= number / (number - 1)
        variance = self.open_share * clustered + (1 - self.open_share) * spread / most
        found = np.minimum(most, spread / variance)
        found *= (NORMAL_QUANTILE / student_quantile(independent - 1)) ** 2
        alike[varied] = np.maximum(1.0, found)
        return alike


def covariance_of_means(values: NDArray[np.float64], reuse: Reuse) -> NDArray[np.float64]:
    """The clustered covariance [columns, columns] of the means of `values` [rows, columns], with
    what `effective_pairs` allows for few inputs and for those that are certain.
    """
    count = len(values)
    residuals = values - values.mean(0)
    alone = residuals.T @ residuals / count / reuse.distinct
    clusters = Clusters.of(reuse)
    roles, open_share = clusters.roles, clusters.open_share
    if count < 2 or open_share <= 0:
        return alone
    number = max(2.0, clusters.number)
    by_role = [_sums_of_squares(residuals, role) for role in roles]
    together = np.zeros_like(alone)
    for size in range(1, len(roles) + 1):
        for some in combinations(roles, size):
            squares = _sums_of_squares(residuals, _joint(some))
            together += squares if size % 2 else -squares
    clustered = max(together, *by_role, key=np.trace) / count**2 * (number / (number - 1))
    found = open_share * clustered + (1 - open_share) * alone
    return found * (student_quantile(max(1.0, number / open_share - 1)) / NORMAL_QUANTILE) ** 2


def clustered_variance(
    residuals: NDArray[np.float64], roles: Sequence[Inputs]
) -> NDArray[np.float64]:
    """The variance [draws] of a mean from its residuals [rows, draws] and each role's numbers
    [rows], counted from 0: over every set of roles the squares of sums over rows that have all of
    these in common, added where the set is odd and taken off where it is even. Not below that of
    any role alone.
    """
    total, alone = np.zeros((2, residuals.shape[1]))
    for size in range(1, len(roles) + 1):
        for some in combinations(roles, size):
            squares = (_sums(residuals, _joint(some)) ** 2).sum(0)
            total += squares if size % 2 else -squares
            if size == 1:
                alone = np.maximum(alone, squares)
    return np.maximum(total, alone) / len(residuals) ** 2


def _sums(values: NDArray[np.float64], role: Inputs) -> NDArray[np.float64]:
    """Sums [inputs, columns] of `values` [rows, columns] over rows of an input, in any order."""
    order = np.argsort(role, kind="stable")
    starts = np.flatnonzero(np.diff(role[order], prepend=-1))
    if len(starts) == len(role):
        return values
    return np.add.reduceat(values[order], starts, axis=0)


def _sums_of_squares(residuals: NDArray[np.float64], role: Inputs) -> NDArray[np.float64]:
    """Products [columns, columns] of the sums of `residuals` [rows, columns] over each input."""
    sums = _sums(residuals, role)
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


def _least(
    values: NDArray[np.float64], roles: Sequence[Inputs], independent: float
) -> NDArray[np.float64]:
    """The variance [draws] were all pairs of an input alike, over the square of how many inputs
    have another value than the commonest, of a share or of a difference of two: one such input may
    stand for many, ten may not.
    """
    kinds = [values.min()]
    while len(kinds) <= 3 and (above := values[values > kinds[-1]]).size:
        kinds.append(above.min())
    if not 2 <= len(kinds) <= 3:
        return np.zeros(int(values.shape[1]))
    counts = np.stack([(values == kind).sum(0) for kind in kinds])
    is_rarer = (values != np.array(kinds)[counts.argmax(0)]).astype(np.float64)
    holders = np.stack([_kish_of_each(_sums(is_rarer, role)) for role in roles]).min(0)
    return values.var(0) / independent / holders**2


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
    return float(_kish_of_each(counts[:, None].astype(np.float64))[0])


def _kish_of_each(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    return counts.sum(0) ** 2 / (counts**2).sum(0)
