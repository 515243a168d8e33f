"""How often nominal 95 % intervals cover, over reuse of inputs, shares and numbers of pairs.

Whether a pair agrees is drawn from a latent normal number: part of it is the base's, part the
source's, the rest the pair's own, so that pairs that share an input go together. The truth is the
share over all bases and sources that there could be.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler import wilson
from causalspec.runtime.results.clusters import effective_pairs


@dataclass(frozen=True, slots=True)
class Setting:
    """`bases` and `sources` are how many there are to draw `pairs` from; each has its part of what
    decides whether a pair agrees, which a share of `truth` of all pairs does.
    """

    pairs: int
    bases: int
    sources: int
    truth: float
    of_base: float
    of_source: float


def settings() -> Iterator[Setting]:
    """The grid: at least five inputs of each role are expected to have the rarer outcome."""
    for pairs in (200, 400, 1000):
        for bases, sources in ((30, 30), (100, 100), (30, 1000), (400, 400)):
            for truth in (0.5, 0.8, 0.9, 0.95):
                for of_base, of_source in ((0.0, 0.0), (0.1, 0.1), (0.3, 0.3), (0.7, 0.0)):
                    if min(bases, sources, pairs) * (1 - truth) >= 5:
                        yield Setting(pairs, bases, sources, truth, of_base, of_source)


def drawn(
    setting: Setting, chance: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Whether each pair agrees, and its base and source [pairs, 2]."""
    inputs = drawn_inputs(setting, chance)
    return agreements(setting, inputs, chance), inputs


def drawn_inputs(setting: Setting, chance: np.random.Generator) -> NDArray[np.int64]:
    """Bases and sources [pairs, 2]."""
    return np.stack(
        [
            chance.integers(0, setting.bases, setting.pairs),
            chance.integers(0, setting.sources, setting.pairs),
        ],
        axis=1,
    )


def agreements(
    setting: Setting, inputs: NDArray[np.int64], chance: np.random.Generator
) -> NDArray[np.float64]:
    """Whether each pair of these bases and sources agrees."""
    same = np.unique(pair_numbers(inputs), return_inverse=True)[1]
    latent = (
        math.sqrt(setting.of_base) * chance.normal(size=setting.bases)[inputs[:, 0]]
        + math.sqrt(setting.of_source) * chance.normal(size=setting.sources)[inputs[:, 1]]
        + math.sqrt(1 - setting.of_base - setting.of_source)
        * chance.normal(size=setting.pairs)[same]
    )
    agrees = latent < NormalDist().inv_cdf(setting.truth)
    return agrees.astype(np.float64)


def pair_numbers(inputs: NDArray[np.int64]) -> NDArray[np.int64]:
    """A number [pairs] for each base and source [pairs, 2], the same for the same two."""
    return inputs[:, 0] * (inputs[:, 1].max() + 1) + inputs[:, 1]


def coverage(setting: Setting, replicates: int, seed: int = 0) -> tuple[float, float]:
    """The share of replicates whose interval covers the truth: with clusters, and with distinct
    pairs taken as independent.
    """
    chance = np.random.default_rng(seed)
    hits = np.zeros(2)
    for _ in range(replicates):
        agrees, inputs = drawn(setting, chance)
        distinct = float(len(np.unique(pair_numbers(inputs))))
        share = float(agrees.mean())
        for place, pairs in enumerate((effective_pairs(agrees, inputs, distinct), distinct)):
            low, high = wilson(share, pairs)
            hits[place] += low <= setting.truth <= high
    clustered, independent = hits / replicates
    return float(clustered), float(independent)
