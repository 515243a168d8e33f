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
        return mean_of([one.prepared.score(one.agrees) for one in observed])
    return _shares(observed, [of_kind(one, kind) for one in observed])


def cause(observed: Sequence[Observed], kind: tuple[str, ...]) -> Estimate:
    """Agreement on the pairs whose label the swap changes (Huang et al. 2024, arXiv 2402.17700)."""
    return _shares(observed, [one.changes for one in observed])


def isolate(observed: Sequence[Observed], kind: tuple[str, ...]) -> Estimate:
    """Agreement on the pairs whose label the swap leaves as it is (arXiv 2402.17700)."""
    return _shares(observed, [~one.changes for one in observed])


def cause_isolate(observed: Sequence[Observed], kind: tuple[str, ...]) -> Estimate:
    """The mean of `cause` and `isolate`, the disentangle score (arXiv 2402.17700)."""
    parts = [
        _share(observed, [one.changes for one in observed]),
        _share(observed, [~one.changes for one in observed]),
    ]
    return mean_of(parts)


def of_kind(observed: Observed, kind: tuple[str, ...]) -> Tensor:
    """BoolTensor [rows]: which pairs swap exactly these variables."""
    pairs = observed.prepared.pairs
    mine = [
        number for number, one in enumerate(pairs.design.kinds) if set(one.variables) == set(kind)
    ]
    chosen = from_array(pairs.kinds.copy()).long()
    found = chosen < 0
    for number in mine:
        found |= chosen == number
    return found


def _shares(observed: Sequence[Observed], among: Sequence[Tensor]) -> Score:
    """The mean over the data sets that have such pairs of the share that agrees."""
    found = [
        one.prepared.score(one.agrees, some)
        for one, some in zip(observed, among, strict=True)
        if bool(some.any())
    ]
    return mean_of(found) if found else Score(0, 0)


def _share(observed: Sequence[Observed], among: Sequence[Tensor]) -> Score:
    """The share over the pairs of all data sets."""
    scores = [
        one.prepared.score(one.agrees, some) for one, some in zip(observed, among, strict=True)
    ]
    return Score(
        sum(one.correct for one in scores),
        sum(one.total for one in scores),
        math.fsum(one.counts_as() for one in scores),
    )
