"""Interchange intervention accuracy, of all pairs or of some kinds of them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import Tensor

from causalspec.runtime.results.estimates import Estimate, Score, mean_of
from causalspec.runtime.scoring.observed import Observed
from causalspec.runtime.untyped import from_array


def iia(observed: Sequence[Observed], kind: tuple[str, ...]) -> Estimate:
    """The share of pairs on which the network says what the causal model says (Geiger et al. 2021,
    arXiv 2106.02997), of those alone that swap exactly the variables of `kind`, if any are named.
    """
    if not kind:
        return mean_of([seen.prepared.score(seen.agrees) for seen in observed])
    return _shares(observed, [of_kind(seen, kind) for seen in observed])


def cause(observed: Sequence[Observed], kind: tuple[str, ...]) -> Estimate:
    """Agreement on the pairs whose label the swap changes (Huang et al. 2024, arXiv 2402.17700)."""
    return _shares(observed, [seen.changes for seen in observed])


def isolate(observed: Sequence[Observed], kind: tuple[str, ...]) -> Estimate:
    """Agreement on the pairs whose label the swap leaves as it is (arXiv 2402.17700)."""
    return _shares(observed, [~seen.changes for seen in observed])


def cause_isolate(observed: Sequence[Observed], kind: tuple[str, ...]) -> Estimate:
    """The mean of `cause` and `isolate`, the disentangle score (arXiv 2402.17700)."""
    parts = [
        _share(observed, [seen.changes for seen in observed]),
        _share(observed, [~seen.changes for seen in observed]),
    ]
    return mean_of(parts)


def of_kind(observed: Observed, kind: tuple[str, ...]) -> Tensor:
    """BoolTensor [rows]: which pairs swap exactly these variables."""
    pairs = observed.prepared.pairs
    mine = [
        number
        for number, own_kind in enumerate(pairs.design.kinds)
        if set(own_kind.variables) == set(kind)
    ]
    chosen = from_array(pairs.kinds.copy()).long()
    found = chosen < 0
    for number in mine:
        found |= chosen == number
    return found


def _shares(observed: Sequence[Observed], among: Sequence[Tensor]) -> Score:
    """The mean over the data sets that have such pairs of the share that agrees."""
    found = [
        seen.prepared.score(seen.agrees, some)
        for seen, some in zip(observed, among, strict=True)
        if bool(some.any())
    ]
    return mean_of(found) if found else Score(0, 0)


def _share(observed: Sequence[Observed], among: Sequence[Tensor]) -> Score:
    """The share over the pairs of all data sets."""
    scores = [
        seen.prepared.score(seen.agrees, some) for seen, some in zip(observed, among, strict=True)
    ]
    return Score(
        sum(score.correct for score in scores),
        sum(score.total for score in scores),
        math.fsum(score.counts_as() for score in scores),
    )
