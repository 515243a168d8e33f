"""How many inputs hypotheses explain, alone and together, against how well: strength against
faithfulness (arXiv 2503.11429).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice, permutations

import numpy as np
from numpy.typing import NDArray

from causalspec.runtime.explaining.partition import Truth, get_on, partition
from causalspec.runtime.results.explanations import Coverage, Strength

THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
"""How much of a set each of its inputs must get on with: each gives a point of the curve."""
_MOST_ORDERS = 24


def strengths(agrees: Mapping[str, Truth]) -> tuple[Strength, ...]:
    """The curve of each hypothesis, and of their combination where there are several; `agrees` has
    the swaps of each, [kinds, bases, sources], over the same inputs.

    Of a combination each input belongs to at most one hypothesis, and is swapped with those of its
    own alone: the hypotheses take what they explain of the rest, one after the other, in the order
    that covers most.
    """
    mutual = {name: get_on(found) for name, found in agrees.items()}
    alone = [
        Strength((name,), tuple(_covered(agrees, mutual, [name], level) for level in THRESHOLDS))
        for name in agrees
    ]
    if len(agrees) < 2:
        return tuple(alone)
    orders = list(islice(permutations(agrees), _MOST_ORDERS))
    points = tuple(
        max(
            (_covered(agrees, mutual, order, level) for order in orders),
            key=lambda point: (point.share, point.iia or 0.0),
        )
        for level in THRESHOLDS
    )
    return (*alone, Strength(tuple(agrees), points))


def iia_within(agrees: Truth, members: Truth) -> tuple[int, int]:
    """How many swaps among some inputs give the label, and how many there are."""
    inside = agrees[:, members][:, :, members]
    return int(inside.sum()), inside.size


def _covered(
    agrees: Mapping[str, Truth],
    mutual: Mapping[str, NDArray[np.bool_]],
    order: Sequence[str],
    threshold: float,
) -> Coverage:
    left = np.ones(len(mutual[order[0]]), np.bool_)
    right = total = 0
    for name in order:
        members = partition(mutual[name], threshold, left).explained
        found, swaps = iia_within(agrees[name], members)
        right, total = right + found, total + swaps
        left = left & ~members
    share = float((~left).mean()) if len(left) else 0.0
    return Coverage(threshold, share, right / total if total else None)
