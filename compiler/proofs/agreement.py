"""How often two models agree: approximate abstraction between causal models.

The expected agreement of the outputs over inputs and interventions: inputs as the task draws them,
and interchange interventions that take aligned variables from independent sources. So the distance
of Beckers, Eberhardt and Halpern, "Approximate causal abstractions", 2019, with the indicator of a
difference as distance on outcomes, and the interchange intervention accuracy of Geiger et al.,
"Causal abstraction", 2025, of the fine model in the place of a network: 1 is an abstraction, on
what the interventions reach.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy

from causalspec.compiler.data.blocks import Block, Listed, every, product
from causalspec.compiler.data.populations import Population, populate
from causalspec.compiler.data.randomness import Stream
from causalspec.compiler.data.samplers import RequirementUnmetError, Sampler
from causalspec.compiler.domains import Truths
from causalspec.compiler.evaluators.columns import Column, Columns
from causalspec.compiler.evaluators.intervals import UnsupportedModelError
from causalspec.compiler.evaluators.vectorize import solve_columns
from causalspec.compiler.evidence import Exhaustive, Sampled
from causalspec.compiler.expressions import surely
from causalspec.compiler.model import CausalModel, Role, Variable
from causalspec.compiler.proofs.interchanges import interchange_model, source_input
from causalspec.compiler.proofs.relations import Relation
from causalspec.compiler.proofs.wilson import wilson

ENUMERATION_LIMIT = 10_000_000
SAMPLE = 1 << 18
_ROWS_AT_ONCE = 1 << 18
LARGEST_TOTAL = 1 << 62
"""Weights add up in 64 bits."""

_DIFFER = "the outputs differ"
_WEIGHT = "weight of the block"


@dataclass(frozen=True, slots=True)
class Share:
    """On how many of so many (input, intervention) the outputs agree, each counted as often as it
    is drawn. `swapped` names the variables, None without an intervention.
    """

    swapped: str | None
    agreeing: int
    of: int
    evidence: Exhaustive | Sampled

    @property
    def value(self) -> float:
        """The share itself, or its estimate."""
        return self.agreeing / self.of

    @property
    def interval(self) -> tuple[float, float]:
        """The share twice where it is exact, else its 95 % interval."""
        if isinstance(self.evidence, Exhaustive):
            return self.value, self.value
        return wilson(self.value, self.of)


def agreement(relation: Relation, *swapped: str, seed: int = 0) -> Share | None:
    """On which share of inputs the outputs agree when each of the `swapped` variables comes from an
    input of its own. Exact where there are not too many, else estimated from a sample. None where
    no input is admitted or columns cannot hold the values.
    """
    model, condition = interchange_model(relation, swapped, selectable=False)
    differ = Variable(_DIFFER, Role.OUTPUT, Truths(), surely(condition))
    model = replace(model, variables=(*model.variables, differ))
    prefixes = ["", *(source_input(name, "") for name in swapped)]
    fine = relation.fine
    noise = (variable for name, variable in relation.exogenous.items() if name not in fine.by_name)
    population = populate(replace(fine, variables=(*fine.variables, *noise)), {})
    if population.is_empty:
        return None
    named = ", ".join(swapped) or None
    try:
        listed = _every(population, len(prefixes))
        if listed is not None:
            return _share_of_all(model, listed, prefixes, named)
        sides = [
            Sampler(population, Stream.of(seed, "agreement", prefix)).take(SAMPLE)
            for prefix in prefixes
        ]
        agreeing = int(numpy.count_nonzero(_agreeing(model, sides, prefixes)))
        return Share(named, agreeing, SAMPLE, Sampled(SAMPLE, seed))
    except (RequirementUnmetError, UnsupportedModelError):
        return None


def _every(population: Population, sides: int) -> Columns | None:
    """Each input once and how often it is drawn, where combinations of so many are few enough."""
    count = prod(block.settings for block in population.blocks)
    total = prod(block.total for block in population.blocks)
    few = count**sides <= ENUMERATION_LIMIT and total**sides <= LARGEST_TOTAL
    if not (population.is_listed and few):
        return None
    blocks = enumerate(population.blocks)
    listed = dict(
        product([{**every(block), f"{_WEIGHT} {k}": _weights(block)} for k, block in blocks])
    )
    weights = [listed.pop(f"{_WEIGHT} {k}") for k in range(len(population.blocks))]
    return {**listed, _WEIGHT: numpy.prod(weights, axis=0, dtype=numpy.int64)}


def _weights(block: Block) -> Column:
    if isinstance(block, Listed) and block.weights is not None:
        return block.weights
    return numpy.ones(block.settings, numpy.int64)


def _share_of_all(
    model: CausalModel, listed: Columns, prefixes: Sequence[str], swapped: str | None
) -> Share:
    rows = len(listed[_WEIGHT])
    count = rows ** len(prefixes)
    agreeing, of = 0, 0
    for start in range(0, count, _ROWS_AT_ONCE):
        chosen = numpy.arange(start, min(start + _ROWS_AT_ONCE, count))
        places = numpy.unravel_index(chosen, (rows,) * len(prefixes))
        sides = [{name: column[place] for name, column in listed.items()} for place in places]
        weights = numpy.prod([side.pop(_WEIGHT) for side in sides], axis=0, dtype=numpy.int64)
        agreeing += int(weights[_agreeing(model, sides, prefixes)].sum())
        of += int(weights.sum())
    return Share(swapped, agreeing, of, Exhaustive(count))


def _agreeing(model: CausalModel, sides: Sequence[Columns], prefixes: Sequence[str]) -> Any:
    """Row by row, whether the outputs agree."""
    columns = {
        f"{prefix}{name}": column
        for prefix, side in zip(prefixes, sides, strict=True)
        for name, column in side.items()
    }
    return solve_columns(model, columns, wanted=[_DIFFER])[_DIFFER] == 0
