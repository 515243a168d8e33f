"""How sure it is that the chosen site is the best of those that were searched.

Means of all sites on the validation pairs are drawn again and again from the normal distribution
with their clustered covariance: a bootstrap by Gaussian multipliers (Chernozhukov, Chetverikov and
Kato 2013, arXiv 1212.6906), paired across sites. Resampling bases and sources together (the
pigeonhole bootstrap; Owen 2007, arXiv 0712.1111) would make up to three times the variance where
inputs are hardly reused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from causalspec.runtime.fitting.localisation import WHOLE_VECTORS
from causalspec.runtime.fitting.search import best_of
from causalspec.runtime.fitting.sweep import Sweep
from causalspec.runtime.results.clusters import Reuse, covariance_of_means
from causalspec.runtime.results.records import SiteRank

DRAWS = 2_000
LEVEL = 0.95
MOST_SITES = 1_000
"""Of more, the best by validation are told apart."""

Numbers = NDArray[np.float64]


def ranks_of(found: Sweep) -> tuple[SiteRank, ...]:
    """The rank of each choice that a sweep made among several sites. Those that were dropped early
    stand with what their short fits came to; where nothing was fitted there is nothing to compare.
    """
    return tuple(_ranks(found))


def _ranks(found: Sweep) -> Iterator[SiteRank]:
    for searched in found.searched:
        if len(searched) < 2:
            continue
        best = best_of(searched)
        fitted = [entry for entry in searched if entry.dropped_after != WHOLE_VECTORS]
        others = [entry for entry in fitted if entry is not best]
        others.sort(key=lambda entry: -entry.fit.score.mean)
        entries = [best, *others[: MOST_SITES - 1]]
        agrees = [
            np.stack([entry.fit.agrees[number].numpy() for entry in entries], axis=1)
            for number in range(len(best.fit.reuse))
        ]
        share, alike = told_apart([rows.astype(float) for rows in agrees], best.fit.reuse)
        sites = tuple(entries[place].sites for place in alike if place)
        yield SiteRank(best.sites, len(searched), share, sites)


def told_apart(values: Sequence[Numbers], reuse: Sequence[Reuse]) -> tuple[float, list[int]]:
    """Of the columns of `values` [rows, columns], of each data set, in which share of resamples the
    first has the greatest mean, and which may have the greatest in truth: a set that with 95 %
    confidence holds the best (multiple comparisons with the best; Hsu 1981, "Simultaneous
    confidence intervals for all distances from the best").
    """
    count = len(values)
    means = np.sum([rows.mean(0) for rows in values], axis=0) / count
    covariance = np.zeros((len(means), len(means)))
    for rows, shared in zip(values, reuse, strict=True):
        covariance += covariance_of_means(rows, shared) / count**2
        # Half a pair on either side, as in Agresti and Min's interval: none is the same for sure.
        covariance += np.eye(len(means)) * 0.5 / (shared.distinct + 2) ** 2 / count**2
    draws = _draws(covariance)
    share = float((np.argmax(means + draws, axis=1) == 0).mean())
    return share, [k for k in range(len(means)) if _may_be_best(k, means, covariance, draws)]


def _may_be_best(place: int, means: Numbers, covariance: Numbers, draws: Numbers) -> bool:
    """Whether no other is better by more than chance allows, were this the best."""
    variances = np.diag(covariance)
    spread = variances + variances[place] - 2 * covariance[place]
    others = np.arange(len(means)) != place
    deviation = np.sqrt(spread[others].clip(min=1e-18))
    behind = float(((means[others] - means[place]) / deviation).max())
    if behind <= NormalDist().inv_cdf(LEVEL):
        return True
    if behind > NormalDist().inv_cdf(1 - (1 - LEVEL) / max(1, len(deviation))):
        return False
    greatest = ((draws[:, others] - draws[:, [place]]) / deviation).max(1)
    return behind <= float(np.quantile(greatest, LEVEL))


def _draws(covariance: Numbers) -> Numbers:
    """Deviations [draws, columns] of the means, the same for every run."""
    values, vectors = np.linalg.eigh(covariance)
    scale = vectors * np.sqrt(values.clip(min=0.0))
    chance = np.random.default_rng(0)
    return chance.normal(size=(DRAWS, len(values))) @ scale.T
