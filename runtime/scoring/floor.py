"""The floor of a claim: what predicts its labels best without looking at what is swapped."""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import Tensor

from causalspec.runtime.inputs.experiment import score_of
from causalspec.runtime.results.above_floor import AboveFloor, above_floor
from causalspec.runtime.scoring.observed import Observed
from causalspec.runtime.untyped import numbered_rows

NO_SWAP, COMMONEST = "no_swap", "the most frequent label"


def floor_of(observed: Sequence[Observed], left_alone: Sequence[Observed]) -> AboveFloor | None:
    """How far the claim's score lies above the better of two that know nothing of the swap: the
    network left alone, and always saying the label that is the most frequent in its data set.
    """
    if not observed or len(observed) != len(left_alone):
        return None
    splits = tuple(seen.prepared for seen in observed)
    agrees = [seen.agrees for seen in observed]
    offered = {
        NO_SWAP: [seen.agrees for seen in left_alone],
        COMMONEST: [commonest(seen.prepared.rows.labels) for seen in observed],
    }
    scores = {by: score_of(splits, rows) for by, rows in offered.items()}
    by = max(scores, key=lambda name: scores[name].mean)  # the first of equals
    return above_floor(
        score_of(splits, agrees), scores[by], by, _correlation(observed, offered[by])
    )


def commonest(labels: Tensor) -> Tensor:
    """BoolTensor [rows]: where the most frequent answer is right. Of a set of right ones each is
    counted; an answer of several places counts whole. A label that is none agrees with all.
    """
    texts = (labels if labels.ndim == 3 else labels[..., None]).transpose(1, 2)
    absent = texts[..., 0] < 0  # [rows, texts]
    which = numbered_rows(texts.flatten(0, 1)).view(absent.shape)
    is_most = which == which[~absent].bincount(minlength=1).argmax()
    return (is_most & ~absent).any(1) | absent.all(1)


def _correlation(observed: Sequence[Observed], others: Sequence[Tensor]) -> float:
    """How the means of two on the same pairs correlate, from the variance of their difference."""
    ours = theirs = of_difference = 0.0
    for seen, also in zip(observed, others, strict=True):
        first, second = seen.agrees.double(), also.double()
        ours += _variance(seen, first)
        theirs += _variance(seen, second)
        of_difference += _variance(seen, first - second)
    if not ours or not theirs:
        return 0.0
    found = (ours + theirs - of_difference) / (2 * math.sqrt(ours * theirs))
    return max(-1.0, min(1.0, found))


def _variance(seen: Observed, values: Tensor) -> float:
    """Of the mean of `values` [rows], clustered."""
    spread = float(values.var(correction=0))
    return spread / seen.prepared.effective(values, slice(None))
