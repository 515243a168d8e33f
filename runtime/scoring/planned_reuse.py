"""How many independent pairs a design's pairs count as, before anything is known of a network.

How far pairs that share a base or source will go together is not known beforehand. Here each
role is given a tenth of what decides whether a pair agrees (a half over all roles, at most), which
is a latent normal number; the clustered effective number of such outcomes is then what a verdict
would find on the pairs as they are drawn.
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler import InterchangePairs
from causalspec.runtime.results.clusters import Inputs, Reuse, effective_pairs

WITHIN = 0.1
"""The part of what decides a pair that is its base's, and likewise each source's."""

_MOST_WITHIN = 0.5
_DRAWS = 32

Agrees = NDArray[np.float64]


def numbered_inputs(pairs: InterchangePairs) -> Inputs:
    """Bases and sources [rows, roles], numbered from 0, the same number for the same input."""
    names = pairs.model.inputs
    runs = [np.column_stack([run[name] for name in names]) for run in (pairs.base, *pairs.sources)]
    _, numbers = np.unique(np.concatenate(runs), axis=0, return_inverse=True)
    return numbers.reshape(len(runs), len(pairs)).T.astype(np.int64)


def reuse_of(pairs: InterchangePairs, inputs: Inputs, distinct: float) -> Reuse:
    """How drawn pairs with these `numbered_inputs` share them; they count as so many distinct."""
    model = pairs.model
    used = np.column_stack([np.ones(len(pairs), np.bool_), pairs.source_used])
    population = math.prod(model.by_name[name].domain.size for name in model.inputs)
    return Reuse(np.where(used, inputs, -1), distinct, population)


def independent_pairs(reuse: Reuse, share: float) -> float:
    """As how many independent ones these pairs would count, were so large a share of them to agree:
    the median over outcomes drawn from one seed.
    """
    chance = np.random.default_rng(0)
    found = [
        effective_pairs(
            agreements(reuse.inputs, share, chance), reuse.inputs, reuse.distinct, reuse.population
        )
        for _ in range(_DRAWS)
    ]
    return float(np.median(found))


def agreements(inputs: NDArray[np.int64], share: float, chance: np.random.Generator) -> Agrees:
    """Whether each pair agrees [rows], drawn so that a `share` of all does and each role of
    `inputs` [rows, roles] has its part in it. Repeated pairs agree as often as they do.
    """
    rows = len(inputs)
    roles = int(inputs.shape[1])
    part = min(WITHIN, _MOST_WITHIN / roles)
    latent: Agrees = np.zeros(rows)
    for role in range(roles):
        column = inputs[:, role]
        own: Agrees = chance.normal(size=int(column.max(initial=0)) + 1)
        alone: Agrees = chance.normal(size=rows)
        latent = latent + math.sqrt(part) * np.where(column < 0, alone, own[column])
    repeated: NDArray[np.int64] = np.unique(inputs, axis=0, return_inverse=True)[1].reshape(-1)
    of_pair: Agrees = chance.normal(size=rows)
    latent = latent + math.sqrt(1 - roles * part) * of_pair[repeated]
    most = NormalDist().inv_cdf(min(max(share, 1e-6), 1 - 1e-6))
    return np.where(latent < most, 1.0, 0.0)
