"""How far a swap moves a network's outputs, whether or not it comes to say something else."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from causalspec.runtime.results.estimates import Estimate, Measurement, mean_measurement
from causalspec.runtime.scoring.counterparts import counterparts
from causalspec.runtime.scoring.observed import Observed


def log_odds(observed: Sequence[Observed], kind: tuple[str, ...]) -> Estimate:
    """The log odds-ratio: by how much the swap raises the logarithm of the odds of the label
    against the base's own answer, over pairs where these differ (Arora et al. 2024, CausalGym,
    arXiv 2402.12560).
    """
    return _mean(
        observed,
        [seen.label_odds(swapped=True) - seen.label_odds(swapped=False) for seen in observed],
        [seen.changes for seen in observed],
    )


def logit_difference(observed: Sequence[Observed], kind: tuple[str, ...]) -> Estimate:
    """The label's logit less that of the base's own answer under the swap, over pairs where these
    differ (Wang et al. 2022, arXiv 2211.00593).
    """
    return _mean(
        observed,
        [seen.label_odds(swapped=True) for seen in observed],
        [seen.changes for seen in observed],
    )


def kl(observed: Sequence[Observed], kind: tuple[str, ...]) -> Estimate:
    """The Kullback-Leibler divergence, in nats, of the network's answer under the swap from the one
    that it gives an input which amounts to the swap by the hypothesis, over pairs for which the
    data has such an input; of a write that has no label, from its answer to the base.
    """
    others = [
        counterparts(seen.prepared) if seen.has_label else seen.prepared.rows.bases
        for seen in observed
    ]
    return _mean(
        observed,
        [seen.divergence(other.clamp(min=0)) for seen, other in zip(observed, others, strict=True)],
        [other >= 0 for other in others],
    )


def _mean(
    observed: Sequence[Observed], values: Sequence[Tensor], among: Sequence[Tensor]
) -> Estimate:
    """The mean over the data sets that have such pairs of the values [rows] of these."""
    parts: list[Measurement] = []
    for seen, numbers, mine in zip(observed, values, among, strict=True):
        chosen = numbers[mine].double()
        if len(chosen):
            spread = float(chosen.std()) if len(chosen) > 1 else 0.0
            effective = seen.prepared.effective(numbers, mine.numpy())
            parts.append(Measurement(float(chosen.mean()), spread, len(chosen), effective))
    return mean_measurement(parts) if parts else Measurement(float("nan"), 0.0, 0)
