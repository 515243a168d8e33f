"""Metrics: one function each, of what was observed on a claim's pairs, in one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from causalspec.compiler import full_vocabulary
from causalspec.runtime.extensions import given_by
from causalspec.runtime.results.estimates import Estimate
from causalspec.runtime.scoring.metrics.agreement import cause, cause_isolate, iia, isolate
from causalspec.runtime.scoring.metrics.effects import kl, log_odds, logit_difference
from causalspec.runtime.scoring.metrics.firing import auroc, precision, recall
from causalspec.runtime.scoring.observed import Observed

Measure: TypeAlias = Callable[[Sequence[Observed], tuple[str, ...]], Estimate]
"""Given what was observed on each data set, and the kind of swap that is asked about, if one is."""

METRICS: Mapping[str, Measure] = {
    "iia": iia,
    "train_iia": iia,
    "log_odds": log_odds,
    "logit_difference": logit_difference,
    "kl": kl,
    "cause": cause,
    "isolate": isolate,
    "cause_isolate": cause_isolate,
    "auroc": auroc,
    "precision": precision,
    "recall": recall,
}
"""One row a metric."""


def measure_of(name: str) -> Measure:
    """A metric of ours, or of an installed package."""
    if name in METRICS:
        return METRICS[name]
    entry = full_vocabulary().metrics[name]
    return lambda observed, kind: given_by(entry, Estimate, observed, kind)
