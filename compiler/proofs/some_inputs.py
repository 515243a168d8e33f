"""Inputs of a model to try something on: all of them where they are few, else a sample."""

from __future__ import annotations

from math import prod

from causalspec.compiler.data.blocks import every, product
from causalspec.compiler.data.populations import populate
from causalspec.compiler.data.randomness import Stream
from causalspec.compiler.data.samplers import RequirementUnmetError, Sampler
from causalspec.compiler.evaluators.columns import Columns
from causalspec.compiler.evidence import Exhaustive, Sampled
from causalspec.compiler.model import CausalModel


def some_inputs(
    model: CausalModel, most: int, *purpose: str
) -> tuple[Columns, Exhaustive | Sampled] | None:
    """At most so many settings of inputs and noise, drawn for a purpose; None where none is
    admitted, or too few to be found.
    """
    population = populate(model, {})
    if population.is_empty:
        return None
    count = prod(block.settings for block in population.blocks)
    if count <= most and population.is_listed:
        return product([every(block) for block in population.blocks]), Exhaustive(count)
    try:
        return Sampler(population, Stream.of(0, *purpose)).take(most), Sampled(most, 0)
    except RequirementUnmetError:
        return None
