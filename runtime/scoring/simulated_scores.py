"""Scores as verdicts would find them on a design's pairs, were the truth known.

Whether a pair agrees is drawn with the design's reuse of inputs (`agreements`), and each score has
the clustered effective number that a verdict would find on such pairs. Of two scores on the same
pairs what the one gets right tells nothing of what the other does.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler import Metric
from causalspec.runtime.results.clusters import Clusters
from causalspec.runtime.results.estimates import Score, mean_of
from causalspec.runtime.results.paired import Paired, PairedPart
from causalspec.runtime.scoring.linear import AskedDifference
from causalspec.runtime.scoring.planned_reuse import ReuseOf, agreements

_DRAWS, _LEAST_DRAWS, _MOST_NUMBERS = 1_000, 400, 1 << 20
"""A share of 400 draws, opposite ones in pairs, is within .035 in 19 of 20 cases."""

_AT_ONCE = 1 << 16

Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Means:
    """Of one data set's `rows` pairs in each draw: the mean [draws] of what agrees, or of by how
    much more the first of two does, that of its square, and as how many independent pairs they
    count. `truth` and `true_square` are what the means are drawn about.
    """

    rows: int
    truth: float
    true_square: float
    mean: Numbers = field(repr=False)
    square: Numbers = field(repr=False)
    effective: Numbers = field(repr=False)

    def score(self, draw: int, scale: float) -> Score:
        """That of a share."""
        total = max(1, round(self.rows * scale))
        share = min(1.0, max(0.0, self._scaled(self.truth, self.mean[draw], scale)))
        return Score(round(share * total), total, self._effective(draw, scale, total))

    def part(self, draw: int, scale: float) -> PairedPart:
        """That of a difference."""
        total = max(1, round(self.rows * scale))
        mean = min(1.0, max(-1.0, self._scaled(self.truth, self.mean[draw], scale)))
        square = self._scaled(self.true_square, self.square[draw], scale)
        square = min(1.0, max(abs(mean), square))
        return PairedPart(mean, square, self._effective(draw, scale, total))

    @staticmethod
    def _scaled(truth: float, drawn: float, scale: float) -> float:
        """A mean of `scale` times as many pairs lies nearer to the truth, or less near."""
        return truth + (float(drawn) - truth) / math.sqrt(scale)

    def _effective(self, draw: int, scale: float, total: int) -> float:
        return min(float(total), max(1.0, float(self.effective[draw]) * scale))


@dataclass(frozen=True, eq=False)
class SimulatedScores:
    """What each metric came to in so many `draws`, by data set, and the difference of two that is
    `asked` for.
    """

    draws: int
    shares: Mapping[Metric, Sequence[_Means]] = field(repr=False)
    asked: AskedDifference | None = None
    differences: Sequence[_Means] = ()

    @cached_property
    def counts_as(self) -> float:
        """As how many independent pairs those count that the expectation is judged on: the median
        over draws, the least of several scores.
        """
        found = [self.differences] if self.differences else self.shares.values()
        return min(float(np.median(sum(part.effective for part in parts))) for parts in found)

    def scores(
        self, draw: int, scale: float
    ) -> tuple[Mapping[Metric, Score], Mapping[tuple[Metric, Metric], Paired]]:
        """What is judged in a draw, were there `scale` times as many pairs that share their inputs
        as these do: every score, and every difference of two on the same pairs.
        """
        scores = {
            metric: mean_of([part.score(draw, scale) for part in parts])
            for metric, parts in self.shares.items()
        }
        if self.asked is None:
            return scores, {}
        found = Paired(tuple(part.part(draw, scale) for part in self.differences))
        return scores, {(self.asked.first, self.asked.second): found}


def simulated(
    truth: Mapping[Metric, float],
    asked: AskedDifference | None,
    data: Sequence[ReuseOf],
    parts: Sequence[float] | None = None,
) -> SimulatedScores:
    """Scores with these true values, drawn from one seed; `parts` as in `agreements`."""
    rows = max(len(reuse_of(metric).inputs) for reuse_of in data for metric in truth)
    draws = min(_DRAWS, max(_LEAST_DRAWS, _MOST_NUMBERS // rows // 2 * 2))
    chance = np.random.default_rng(0)
    shares: dict[Metric, list[_Means]] = {metric: [] for metric in truth}
    differences: list[_Means] = []
    for reuse_of in data:
        reuses = {metric: reuse_of(metric) for metric in truth}
        clusters = {metric: Clusters.of(reuse) for metric, reuse in reuses.items()}
        found: dict[Metric | None, list[tuple[Numbers, ...]]] = {m: [] for m in (*truth, None)}
        for size in _chunks(draws, rows):
            agree = {
                metric: agreements(reuses[metric].inputs, share, chance, size, parts)
                for metric, share in truth.items()
            }
            for metric, values in agree.items():
                found[metric].append(_summary(values, clusters[metric]))
            if asked is not None:
                values = agree[asked.first] - agree[asked.second]
                found[None].append(_summary(values, clusters[asked.first]))
        for metric, share in truth.items():
            count = len(reuses[metric].inputs)
            shares[metric].append(_Means(count, share, share, *_joined(found[metric])))
        if asked is not None:
            ours, theirs = truth[asked.first], truth[asked.second]
            true_square = ours + theirs - 2 * ours * theirs
            count = len(reuses[asked.first].inputs)
            drawn = _joined(found[None])
            differences.append(_Means(count, ours - theirs, true_square, *drawn))
    return SimulatedScores(draws, shares, asked, differences)


def _chunks(draws: int, rows: int) -> Iterator[int]:
    """Even numbers of draws, so many at once that they stay near the processor."""
    size = max(2, _AT_ONCE // rows // 2 * 2)
    for start in range(0, draws, size):
        yield min(size, draws - start)


def _summary(values: Numbers, clusters: Clusters) -> tuple[Numbers, ...]:
    return values.mean(0), (values**2).mean(0), clusters.effective(values)


def _joined(found: Sequence[tuple[Numbers, ...]]) -> Sequence[Numbers]:
    return [np.concatenate(column) for column in zip(*found, strict=True)]
