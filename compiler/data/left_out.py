"""How many pairs a design leaves out because the hypothesis gives them no label."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from causalspec.compiler.data.conditions import PairKind
from causalspec.compiler.data.populations import populate
from causalspec.compiler.data.randomness import Stream
from causalspec.compiler.data.samplers import PairSampler, RequirementUnmetError
from causalspec.compiler.expressions import Defined, postorder
from causalspec.compiler.specification import CounterfactualDesign

DRAWN = 1 << 14
"""Pairs of each kind that are looked at, filters aside."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Of so many pairs of a kind, drawn without filters, how many have no label."""

    kind: str
    pairs: int
    of: int

    @property
    def share(self) -> float:
        """The share of pairs without a label."""
        return self.pairs / self.of


def pairs_left_out(design: CounterfactualDesign) -> Iterator[LeftOut]:
    """For each kind of swap that leaves some drawn pair without a label, where the filters ask
    which pairs have one. The same design gives the same counts.
    """
    nodes = (node for clause in design.keep for node in postorder(clause.expression))
    if not any(isinstance(node, Defined) for node in nodes):
        return
    population = populate(design.model, {})
    if population.is_empty:
        return
    for kind in PairKind.all_of(design):
        stream = Stream.of(design.seed, design.name, "left out", kind.swap.name)
        try:
            drawn = PairSampler(design, population, stream).take(DRAWN)
        except RequirementUnmetError:
            continue
        missing = DRAWN - int(np.count_nonzero(kind.evaluate(drawn).has_label))
        if missing:
            yield LeftOut(kind.swap.name, missing, DRAWN)
