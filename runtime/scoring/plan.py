"""What verifying a claim would take and could show, before any weight is read."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from causalspec.compiler import Claim, PlacedSite, Specification, generate
from causalspec.runtime.scoring.planned_reuse import (
    TYPICAL,
    PlannedPairs,
    ReuseOf,
    independent_pairs,
)
from causalspec.runtime.scoring.power import MARGIN, Power, power_of

LOW_POWER = 0.8
"""A claim whose expectations hold less often, were they true, is warned of."""


@dataclass(frozen=True, slots=True)
class PlannedSplit:
    """A split as drawn: `pairs` rows, which count as `distinct` ones; `inputs` prompts or vectors
    that the network is run on. `independent` is as how many the distinct ones count, since they
    share inputs, were four in five to agree (see `planned_reuse`); None where nothing is scored.
    """

    design: str
    split: str
    pairs: int
    distinct: float
    inputs: int
    independent: float | None = None


@dataclass(frozen=True, slots=True)
class ClaimPlan:
    """`sites` as written for each placement, and how many there are, None where the network's
    layers decide; `fits` is that of the sweep of every seed, None likewise.
    """

    claim: str
    sites: tuple[str, ...]
    candidates: int | None
    fits: int | None
    seeds: int
    splits: tuple[PlannedSplit, ...]
    powers: tuple[Power, ...]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the plan shows to be wrong with the claim, said plainly."""
        found: list[str] = []
        for power in self.powers:
            enough = dict(power.enough).get(LOW_POWER)
            advice = "" if enough is None else f"; about {enough:,} would do"
            if not power.can_hold:
                reason = power.reason or f"no result on {power.pairs:,} pairs could show it"
                found.append(f"`{power.text}` can't hold: {reason}{advice}")
            elif power.probability is not None and power.probability < LOW_POWER:
                found.append(
                    f"`{power.text}` would hold in {power.probability:.0%} of runs were it true, "
                    f"on {power.pairs:,} independent pairs{advice}"
                )
        return tuple(found)


def plan_of(specification: Specification, claim: Claim, margin: float = MARGIN) -> ClaimPlan:
    """The plan of a claim: data are drawn, nothing is run. `margin` is how far above each bound the
    true value is taken to lie.

    Raises:
        SpecError: the data can't be drawn.
    """
    splits: list[PlannedSplit] = []
    scored_pairs: list[ReuseOf] = []
    for name, scored in claim.data:
        design = specification.counterfactuals[name]
        for split in design.splits:
            if split.name in ("train", "validation", scored):
                drawn = PlannedPairs.of(generate(design, split.name))
                planned = _split(drawn)
                if split.name == scored:
                    scored_pairs.append(drawn.reuse)
                    independent = independent_pairs(drawn.reuse(), TYPICAL)
                    planned = replace(planned, independent=independent)
                splits.append(planned)
    statements = {
        placement.statement: placement
        for placement in specification.alignments[claim.alignment].placements
    }
    counts = [_candidates(placement.site) for placement in statements.values()]
    candidates = None if None in counts else int(np.prod([count or 1 for count in counts]))
    return ClaimPlan(
        claim.name,
        tuple(placement.site.text for placement in statements.values()),
        candidates,
        None if candidates is None else candidates * claim.seeds,
        claim.seeds,
        tuple(splits),
        tuple(power_of(expectation, scored_pairs, margin) for expectation in claim.expectations),
    )


def _split(planned: PlannedPairs) -> PlannedSplit:
    pairs = planned.pairs
    inputs = int(planned.inputs.max()) + 1
    return PlannedSplit(
        pairs.design.name, pairs.split, len(pairs), planned.reuse().distinct, inputs
    )


def _candidates(site: PlacedSite) -> int | None:
    """How many sites a placement names, None where the network's last layer decides."""
    first, last = site.first_layer, site.last_layer
    if first is not None and last is None:
        return None
    layers = 1 if first is None or last is None else len(site.layer_set or range(first, last + 1))
    return layers * (1 if site.units is None else len(site.units))
