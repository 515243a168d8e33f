"""The scores that a claim asks for, of its own maps and of what they are held against."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from causalspec.compiler import Claim, Metric
from causalspec.runtime.engine.subjects import Subject
from causalspec.runtime.fitting.candidates import Candidates
from causalspec.runtime.fitting.placed_maps import PlacedMaps
from causalspec.runtime.results.estimates import Estimate, Score
from causalspec.runtime.results.records import MeasuredScore
from causalspec.runtime.scoring.controls import Compared
from causalspec.runtime.scoring.expectations import Scores
from causalspec.runtime.scoring.metrics import measure_of
from causalspec.runtime.scoring.observed import Observed
from causalspec.runtime.scoring.trust import TRAIN_IIA


def scores_asked(
    claim: Claim,
    observed: tuple[Observed, ...],
    compared: list[Compared],
    on_train: tuple[Observed, ...],
) -> Scores:
    """Every metric that the claim asks for, of its own maps and of controls and rivals."""
    by_name = {comparison.name: comparison for comparison in compared}
    found: dict[Metric, Estimate] = {}
    for metric in claim.metrics:
        mean = metric.plain
        if mean in found:
            continue
        measure = measure_of(metric.name)
        if metric.name == TRAIN_IIA and metric.of is None:
            found[mean] = measure(on_train, metric.kind) if on_train else Score(0, 0)
        elif metric.of is None:
            found[mean] = measure(observed, metric.kind)
        elif metric.of in by_name:
            found[mean] = by_name[metric.of].measured(measure, metric.kind)
        else:  # it was left out
            found[mean] = Score(0, 0)
    return found


def measured_scores(
    estimates: Mapping[Metric, Estimate], without: Mapping[str, str]
) -> Iterator[MeasuredScore]:
    """Those that results list beside IIA."""
    for metric, estimate in estimates.items():
        if metric.of in without:
            continue
        low, high = (
            estimate.interval(estimate.counts_as())
            if estimate.total
            else (estimate.mean, estimate.mean)
        )
        name = metric.name if not metric.kind else f"{metric.name}({', '.join(metric.kind)})"
        if name != "iia":
            yield MeasuredScore(name, metric.of or "", estimate.mean, low, high, estimate.total)


def iia_of(observed: Sequence[Observed]) -> Score:
    """The IIA of what the network did."""
    found = measure_of("iia")(observed, ())
    assert isinstance(found, Score)
    return found


def dimensions_of(maps: PlacedMaps, offered: Candidates, subject: Subject) -> dict[str, int]:
    """How many dimensions each variable's share has, at least one, and no more in all at a site
    than its vector has numbers.
    """
    found: dict[str, int] = {}
    for here in maps.placed:
        most = subject.width(here.site) // len(here.members)
        for member, count in zip(here.members, here.map.dimensions(), strict=True):
            found[offered.variables[member]] = max(1, min(count, most))
    return found
