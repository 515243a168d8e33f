"""The mean over random draws of a control, with an interval that knows of their spread."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from causalspec.compiler import NORMAL_QUANTILE
from causalspec.runtime.results.estimates import Estimate, Score


def over_draws(found: Sequence[Estimate]) -> Estimate:
    """The mean of what some draws came to on the same pairs.

    Its variance is that of one draw's mean over the pairs and the variance between draws divided by
    their number: pairs are shared, so that more draws make up for no pairs.
    """
    scores = [estimate for estimate in found if isinstance(estimate, Score)]
    if len(scores) == len(found):
        return mean_score(scores)
    return MeanOfDraws(tuple(found))


def mean_score(scores: Sequence[Score]) -> Score:
    """The mean of shares: the pairs of all draws, counting as so many that the interval is that of
    the mean.
    """
    if len(scores) == 1:
        return scores[0]
    parts = tuple(
        mean_score([score.parts[number] for score in scores])
        for number in range(len(scores[0].parts))
    )
    drawn = [score.drawn for score in scores if score.drawn is not None]
    total = sum(score.total for score in scores)
    if parts:
        effective = math.fsum(part.counts_as() for part in parts)
    else:
        effective = min(_effective(scores), total) if total else 0.0
    return Score(
        sum(score.correct for score in scores),
        total,
        effective,
        sum(drawn) if len(drawn) == len(scores) else None,
        parts,
    )


def _effective(scores: Sequence[Score]) -> float:
    """As how many pairs some draws count: p(1 - p) over the variance of their mean."""
    pairs = min(score.counts_as() for score in scores)
    mean = sum(score.mean for score in scores) / len(scores)
    single = mean * (1 - mean)
    if not single:
        return pairs
    between = statistics.variance([score.mean for score in scores]) / len(scores)
    return max(1.0, 1 / (1 / pairs + between / single))


@dataclass(frozen=True, slots=True)
class MeanOfDraws:
    """The same of estimates of any kind, each of the same pairs."""

    draws: tuple[Estimate, ...]

    @property
    def mean(self) -> float:
        """NaN for no pairs."""
        return sum(draw.mean for draw in self.draws) / len(self.draws)

    @property
    def total(self) -> int:
        """How many pairs each draw is taken over."""
        return self.draws[0].total

    @property
    def drawn(self) -> int | None:
        """Of how many drawn pairs."""
        return self.draws[0].drawn

    def unit(self) -> float:
        """As of one draw."""
        return max(draw.unit() for draw in self.draws)

    def counts_as(self) -> float:
        """As of one draw."""
        return min(draw.counts_as() for draw in self.draws)

    def interval(self, pairs: float) -> tuple[float, float]:
        """As far from the mean as one draw's interval, on average, and the draws' spread allow."""
        ends = [draw.interval(pairs) for draw in self.draws]
        means = [draw.mean for draw in self.draws]
        count = len(means)
        between = NORMAL_QUANTILE * statistics.stdev(means) / math.sqrt(count) if count > 1 else 0.0
        below = sum(mean - low for mean, (low, _) in zip(means, ends, strict=True)) / count
        above = sum(high - mean for mean, (_, high) in zip(means, ends, strict=True)) / count
        return self.mean - math.hypot(below, between), self.mean + math.hypot(above, between)
