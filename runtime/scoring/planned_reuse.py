"""How many independent pairs a design's pairs count as, before anything is known of a network.

How far pairs that share a base or source will go together is not known beforehand. Here each
role is given a tenth of what decides whether a pair agrees (a half over all roles, at most), which
is a latent normal number; the clustered effective number of such outcomes is then what a verdict
would find on the pairs as they are drawn.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler import InterchangePairs, Metric, effective_number, pair_keys
from causalspec.runtime.results.clusters import Clusters, Inputs, Reuse

WITHIN = 0.1
"""The part of what decides a pair that is its base's, and likewise each source's."""

_MOST_WITHIN = 0.5
_DRAWS = 32


TYPICAL = 0.8
"""The share of pairs that agree where an expectation says nothing of it."""

ReuseOf = Callable[[Metric], Reuse]
"""How the pairs that a metric is the share of share inputs, on one data set."""


@dataclass(frozen=True, eq=False)
class PlannedPairs:
    """Pairs as drawn. `inputs` [rows, roles] are numbered from 0, the same number for the same."""

    pairs: InterchangePairs = field(repr=False)
    inputs: Inputs = field(repr=False)

    @staticmethod
    def of(pairs: InterchangePairs) -> PlannedPairs:
        """Those with the inputs told apart."""
        names = pairs.model.inputs
        sides = (pairs.base, *pairs.sources)
        runs = [np.column_stack([run[name] for name in names]) for run in sides]
        _, numbers = np.unique(np.concatenate(runs), axis=0, return_inverse=True)
        inputs = numbers.reshape(len(runs), len(pairs)).T.astype(np.int64)
        return PlannedPairs(pairs, inputs)

    def reuse(self, metric: Metric | None = None) -> Reuse:
        """How all of them share inputs, or those that a metric is of."""
        pairs, model = self.pairs, self.pairs.model
        among = np.ones(len(pairs), np.bool_) if metric is None else self._among(metric)
        cells = pairs.kinds.astype(np.int64) * len(pairs.strata) + pairs.stratum
        _, alike = np.unique(pair_keys(pairs), return_inverse=True)
        distinct = effective_number(alike.reshape(-1)[among], cells[among])
        used = np.column_stack([np.ones(len(pairs), np.bool_), pairs.source_used])
        inputs = np.where(used, self.inputs, -1)[among]
        population = math.prod(model.by_name[name].domain.size for name in model.inputs)
        return Reuse(inputs, distinct, population)

    def _among(self, metric: Metric) -> NDArray[np.bool_]:
        pairs = self.pairs
        match metric.name:
            case "cause":
                return ~pairs.unchanged
            case "isolate":
                return pairs.unchanged
            case _:
                kinds = [set(kind.variables) == set(metric.kind) for kind in pairs.design.kinds]
                asked = np.array(kinds) | (not metric.kind)
                return asked[pairs.kinds]


def independent_pairs(reuse: Reuse, share: float) -> float:
    """As how many independent ones these pairs would count, were so large a share of them to agree:
    the median over outcomes drawn from one seed.
    """
    agree = agreements(reuse.inputs, share, np.random.default_rng(0), _DRAWS)
    return float(np.median(Clusters.of(reuse).effective(agree)))


def agreements(
    inputs: Inputs,
    share: float,
    chance: np.random.Generator,
    draws: int,
    parts: Sequence[float] | None = None,
) -> NDArray[np.float64]:
    """Whether each pair agrees [rows, draws], drawn so that a `share` of all does and each role of
    `inputs` [rows, roles] has its part in it, that of `parts` or else the same. Repeated pairs
    agree as often as they do. `draws` is even: every other draw has the opposite latent numbers of
    the one before (antithetic variates; Hammersley and Morton 1956), so that means over draws are
    surer.
    """
    rows, roles = len(inputs), int(inputs.shape[1])
    of_roles = [min(WITHIN, _MOST_WITHIN / roles)] * roles if parts is None else list(parts)
    repeated = np.unique(inputs, axis=0, return_inverse=True)[1].reshape(-1)
    latent = math.sqrt(1 - sum(of_roles)) * _normal(chance, rows, draws // 2)[repeated]
    for role, part in enumerate(of_roles):
        column = inputs[:, role]
        apart = int(column.max(initial=0)) + 1 + np.arange(rows)  # shared with no other row
        _, numbers = np.unique(np.where(column < 0, apart, column), return_inverse=True)
        latent += math.sqrt(part) * _normal(chance, rows, draws // 2)[numbers]
    most = NormalDist().inv_cdf(min(max(share, 1e-6), 1 - 1e-6))
    both = np.stack([latent, -latent], axis=-1).reshape(rows, draws)
    return (both < most).astype(np.float64)


def _normal(chance: np.random.Generator, rows: int, draws: int) -> NDArray[np.float32]:
    return chance.standard_normal((rows, draws), np.float32)
