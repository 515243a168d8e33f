"""The inputs that a hypothesis explains: the largest set within which swaps do as it says.

Inputs are judged by pairwise interchange (arXiv 2605.02234): two of them get on where every swap
from either into the other gives the label of the hypothesis. The largest set in which all get on is
a maximum clique; one in which most do is sought, since networks err.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

THRESHOLD = 0.8
"""The share of an explained set that each of its inputs gets on with, itself among them."""

Truth = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Partition:
    """`explained` [inputs], and `agreement` [inputs]: the share of the explained inputs that each
    input gets on with, 0 where none is explained.
    """

    explained: Truth = field(repr=False)
    agreement: NDArray[np.float64] = field(repr=False)

    @property
    def share(self) -> float:
        """How many of the inputs are explained."""
        return float(self.explained.mean()) if len(self.explained) else 0.0


def get_on(agrees: Truth) -> Truth:
    """BoolArray [inputs, inputs], symmetric, of `agrees` [kinds, bases, sources]: whether every
    kind of swap between two inputs, either way, gives the hypothesis' label.
    """
    both: Truth = np.logical_and.reduce(agrees, axis=0)
    return both & both.T


def partition(mutual: Truth, threshold: float = THRESHOLD, among: Truth | None = None) -> Partition:
    """The largest set that is found in which every input gets on with at least the share
    `threshold` of it; `mutual` [inputs, inputs] says who gets on, `among` who may be in it.

    From all inputs, and from those that each one gets on with, the worst are dropped one by one
    until the rest is such a set, and who fits in is taken back. Of sets as large, the one that gets
    on best.
    """
    count = len(mutual)
    allowed = np.ones(count, np.bool_) if among is None else among
    weights = mutual.astype(np.float64)
    best, merit = np.zeros(count, np.bool_), (0, 0.0)
    seen: set[bytes] = set()
    for start in (np.ones(count, np.bool_), *mutual):
        if (start & allowed).tobytes() in seen:
            continue
        seen.add((start & allowed).tobytes())
        members = _grown(weights, _peeled(weights, start & allowed, threshold), allowed, threshold)
        size = int(members.sum())
        found = (size, round(float(weights[np.ix_(members, members)].mean()), 9) if size else 0.0)
        if found > merit:
            best, merit = members, found
    agreement = weights[:, best].mean(axis=1) if best.any() else np.zeros(count)
    return Partition(best, agreement)


def _peeled(weights: NDArray[np.float64], start: Truth, threshold: float) -> Truth:
    """What is left of a set when the worst are dropped until each gets on with enough of it."""
    members = start.copy()
    size, totals = int(members.sum()), weights[:, members].sum(axis=1)
    while size:
        shares = np.where(members, totals / size, np.inf)
        worst = int(shares.argmin())
        if shares[worst] >= threshold - 1e-12:
            break
        members[worst] = False
        totals = totals - weights[:, worst]
        size -= 1
    return members


def _grown(weights: NDArray[np.float64], members: Truth, allowed: Truth, threshold: float) -> Truth:
    """The set with all that can join it, the best first, and leave it such a set."""
    members = members.copy()
    if not members.any():
        return members
    refused = ~allowed
    totals = weights[:, members].sum(axis=1)
    while True:
        waiting = ~members & ~refused
        if not waiting.any():
            return members
        joining = int(np.where(waiting, totals, -1.0).argmax())
        after = totals + weights[:, joining]
        inside = members.copy()
        inside[joining] = True
        if (after[inside] / inside.sum()).min() >= threshold - 1e-12:
            members, totals = inside, after
            refused = ~allowed  # who did not fit in before may now
        else:
            refused[joining] = True
