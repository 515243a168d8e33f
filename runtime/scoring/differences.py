"""Differences of two scores over the same pairs: what they have in common takes no part."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from causalspec.compiler import Claim, InterchangePairs, Metric
from causalspec.runtime.results.paired import (
    Paired,
    PairedDifference,
    PairedPart,
    Unpaired,
    settled_by,
)
from causalspec.runtime.results.records import RivalDifference
from causalspec.runtime.scoring.asked import iia_of
from causalspec.runtime.scoring.controls import Compared
from causalspec.runtime.scoring.expectations import Differences
from causalspec.runtime.scoring.linear import difference_asked
from causalspec.runtime.scoring.metrics.agreement import of_kind
from causalspec.runtime.scoring.observed import Observed

Draws = Sequence[Sequence[Observed]]
"""What was observed on each data set, for each draw: one draw of what is not drawn at random."""

_AMONG: Mapping[str, Callable[[Observed, tuple[str, ...]], Tensor]] = {
    "iia": lambda seen, kind: of_kind(seen, kind) if kind else torch.ones_like(seen.agrees),
    "cause": lambda seen, _: seen.changes,
    "isolate": lambda seen, _: ~seen.changes,
}
"""The pairs that a share is of."""


def difference_of(first: Sequence[Observed], second: Sequence[Observed]) -> PairedDifference | None:
    """How much more often the first agrees with its label than the second, on the same pairs; None
    where these are others.
    """
    found = paired_of([first], [second], Metric("iia"), Metric("iia"))
    return None if found is None else found.result


def differences_asked(
    claim: Claim, observed: Sequence[Observed], compared: Sequence[Compared]
) -> Differences:
    """Every difference of two scores on the same pairs that the claim's expectations ask for."""
    return dict(_differences(claim, observed, compared))


def _differences(
    claim: Claim, observed: Sequence[Observed], compared: Sequence[Compared]
) -> Iterator[tuple[tuple[Metric, Metric], Paired]]:
    seen: dict[str | None, Draws] = {
        comparison.name: comparison.draws or (comparison.observed,) for comparison in compared
    }
    seen[None] = (observed,)
    for expectation in claim.expectations:
        asked = difference_asked(expectation)
        if asked is None:
            continue
        first, second = asked.first, asked.second
        if not {first.of, second.of} <= seen.keys():
            continue
        found = paired_of(seen[first.of], seen[second.of], first, second)
        if found is not None:
            yield (first, second), found


def rivals_of(
    rivals: Collection[str], observed: Sequence[Observed], compared: Sequence[Compared]
) -> tuple[RivalDifference, ...]:
    """How the claim's IIA compares with that of each rival, on the same pairs where the rival's are
    the same, and how many would settle a tie.
    """
    return tuple(
        _rival(observed, comparison)
        for comparison in compared
        if comparison.name in rivals and comparison.observed
    )


def _rival(observed: Sequence[Observed], rival: Compared) -> RivalDifference:
    iia = Metric("iia")
    on_same = paired_of([observed], [rival.observed], iia, iia)
    found = on_same or Unpaired(iia_of(observed), iia_of(rival.observed))
    low, high = found.interval(found.counts_as())
    is_tie = low <= 0 <= high
    enough = settled_by(found) if is_tie else None
    return RivalDifference(rival.name, found.mean, low, high, on_same is not None, enough)


def paired_of(first: Draws, second: Draws, ours: Metric, theirs: Metric) -> Paired | None:
    """The difference of a share of the first and one of the second; None where these are not shares
    of the same pairs. Labels may differ, as a rival's do.
    """
    if ours.name not in _AMONG or theirs.name not in _AMONG:
        return None
    parts: list[PairedPart] = []
    ours_by_set = list(zip(*first, strict=True))
    theirs_by_set = list(zip(*second, strict=True))
    if not ours_by_set or len(ours_by_set) != len(theirs_by_set):
        return None
    drawn: list[list[Tensor]] = []
    for mine, others in zip(ours_by_set, theirs_by_set, strict=True):
        prepared = mine[0].prepared
        if not _same_inputs(prepared.pairs, others[0].prepared.pairs):
            return None
        among = _AMONG[ours.name](mine[0], ours.kind)
        if not torch.equal(among, _AMONG[theirs.name](others[0], theirs.kind)):
            return None
        if not bool(among.any()):
            continue
        agree = [torch.stack([seen.agrees for seen in lot]).double() for lot in (mine, others)]
        found = agree[0].mean(0) - agree[1].mean(0)
        parts.append(
            PairedPart(
                float(found[among].mean()),
                float((found[among] ** 2).mean()),
                prepared.effective(found, among.numpy()),
            )
        )
        drawn.append([rows[:, among].mean(1) for rows in agree])
    return Paired(tuple(parts), _between(drawn)) if parts else None


def _between(drawn: Sequence[Sequence[Tensor]]) -> float:
    """What draws at random add to the variance of a mean over data sets: that between their means
    over their number. `drawn` has the means [draws] of both, of each data set.
    """
    total = 0.0
    for side in zip(*drawn, strict=True):
        means = torch.stack(list(side)).mean(0)
        if len(means) > 1:
            total += float(means.var()) / len(means)
    return total


def _same_inputs(first: InterchangePairs, second: InterchangePairs) -> bool:
    """Whether two have the same bases and sources, row by row."""
    if len(first) != len(second) or len(first.sources) != len(second.sources):
        return False
    sides = zip((first.base, *first.sources), (second.base, *second.sources), strict=True)
    return all(
        ours.keys() == theirs.keys()
        and all(np.array_equal(ours[name], theirs[name]) for name in ours)
        for ours, theirs in sides
    )
