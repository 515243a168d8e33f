"""How often two models agree: approximate abstraction between causal models.

The share of (input, intervention) at which the square commutes at the outputs (Geiger et al.,
"Causal abstraction", 2025, approximate transformation, with the indicator as similarity): inputs as
the task draws them, an intervention that takes one aligned variable from an independent source.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy

from ..data.blocks import every, product
from ..data.populations import Population, populate
from ..data.randomness import Stream
from ..data.samplers import RequirementUnmetError, Sampler
from ..domains import Truths
from ..evaluators.columns import Columns
from ..evaluators.intervals import UnsupportedModelError
from ..evaluators.vectorize import solve_columns
from ..model import CausalModel, Role, Variable
from .evidence import Exhaustive, Sampled
from .interchanges import interchange_model, source_input
from .relations import Relation

ENUMERATION_LIMIT = 10_000_000
SAMPLE = 1 << 18
_ROWS_AT_ONCE = 1 << 18
_AGREE = "the outputs differ"
NORMAL_QUANTILE = 1.959963984540054
"""Of a two-sided 95 % interval."""


@dataclass(frozen=True, slots=True)
class Share:
    """How many of so many (input, intervention) agree; `swapped` is the variable, None without an
    intervention.
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
        return wilson(self.agreeing, self.of)


def wilson(hits: int, of: int) -> tuple[float, float]:
    """The 95 % score interval of a share (Wilson, "Probable inference", 1927)."""
    square = NORMAL_QUANTILE**2
    share = hits / of
    middle = (share + square / (2 * of)) / (1 + square / of)
    spread = sqrt(share * (1 - share) / of + square / (4 * of * of))
    half = NORMAL_QUANTILE / (1 + square / of) * spread
    return max(0.0, middle - half), min(1.0, middle + half)


def agreement(relation: Relation, swapped: str | None, seed: int = 0) -> Share | None:
    """On which share of pairs the outputs agree when `swapped` comes from another input, None for
    no intervention at all. None where no input is admitted or columns cannot hold the values.
    """
    names = () if swapped is None else (swapped,)
    model, condition = interchange_model(relation, names, selectable=False)
    result = Variable(_AGREE, Role.OUTPUT, Truths(), condition)
    model = CausalModel(model.name, model.task, (*model.variables, result))
    prefixes = ["", *(source_input(name, "") for name in names)]
    exogenous = CausalModel(
        relation.fine.name,
        relation.fine.task,
        (
            *relation.fine.variables,
            *(
                one
                for one in relation.coarse.variables
                if one.role is Role.NOISE and one.name not in relation.fine.by_name
            ),
        ),
        relation.fine.requirement,
    )
    population = populate(exogenous, {})
    if population.is_empty:
        return None
    try:
        listed = _every(population, len(prefixes))
        if listed is not None:
            agreeing, count = _counted_of_all(model, listed, prefixes)
            return Share(swapped, agreeing, count, Exhaustive(count))
        sides = [
            Sampler(population, Stream.of(seed, "agreement", prefix)).take(SAMPLE)
            for prefix in prefixes
        ]
        agreeing = _counted(model, sides, prefixes)
        return Share(swapped, agreeing, SAMPLE, Sampled(SAMPLE, seed))
    except (RequirementUnmetError, UnsupportedModelError):
        return None


def _every(population: Population, sides: int) -> Columns | None:
    """Each input once, where all of them are equally likely and their pairs few enough."""
    count = 1
    for block in population.blocks:
        count *= block.settings
        if block.total != block.settings:
            return None
    if population.rejections or count**sides > ENUMERATION_LIMIT:
        return None
    return product([every(block) for block in population.blocks])


def _counted_of_all(
    model: CausalModel, listed: Columns, prefixes: Sequence[str]
) -> tuple[int, int]:
    rows = len(next(iter(listed.values())))
    count = rows ** len(prefixes)
    agreeing = 0
    for start in range(0, count, _ROWS_AT_ONCE):
        chosen = numpy.arange(start, min(start + _ROWS_AT_ONCE, count))
        places = [chosen // rows, chosen % rows] if len(prefixes) == 2 else [chosen]
        sides = [{name: column[place] for name, column in listed.items()} for place in places]
        agreeing += _counted(model, sides, prefixes)
    return agreeing, count


def _counted(model: CausalModel, sides: Sequence[Columns], prefixes: Sequence[str]) -> int:
    columns = {
        f"{prefix}{name}": column
        for prefix, side in zip(prefixes, sides, strict=True)
        for name, column in side.items()
    }
    differing = solve_columns(model, columns, wanted=[_AGREE])[_AGREE]
    return int(len(differing) - numpy.count_nonzero(differing))
