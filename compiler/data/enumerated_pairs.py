"""Every pair of a kind as far as a design's conditions can tell pairs apart, where those are few.

So it is known which strata are possible at all, and a pair of a rare stratum is drawn outright, by
inversion: from all settings of the stratum, as likely as sampling until one turns up would make it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler.data.blocks import (
    ENUMERATED_SETTINGS,
    LARGEST_WEIGHT,
    Block,
    Grouped,
    Listed,
)
from causalspec.compiler.data.conditions import LabelledPairs, PairKind
from causalspec.compiler.data.populations import Population
from causalspec.compiler.data.randomness import Stream
from causalspec.compiler.data.samplers import own_names
from causalspec.compiler.derived_models import Admission, source_prefix
from causalspec.compiler.evaluators.columns import Column, Columns


@dataclass(frozen=True, slots=True)
class _Free:
    """A block of one side that does not matter, drawn for a purpose of its own."""

    purpose: tuple[str, ...]
    block: Block

    def draw(self, stream: Stream, count: int) -> Columns:
        return self.block.draw(stream.derive(*self.purpose), 0, count)


@dataclass(frozen=True)
class EnumeratedPairs:
    """All pairs of groups of settings: `groups[k]` are the groups of `grouped[k]`, the k-th block
    that matters. `weights` are in proportion to how often a pair is drawn.
    """

    grouped: tuple[Grouped, ...]
    free: tuple[_Free, ...]
    groups: tuple[NDArray[np.intp], ...]
    weights: NDArray[np.int64]
    labelled: LabelledPairs

    @staticmethod
    def of(kind: PairKind, population: Population) -> EnumeratedPairs | None:
        """None where there are too many, or some that cannot be listed."""
        if not population.is_listed or population.is_empty:
            return None
        grouped: list[Grouped] = []
        free: list[_Free] = []
        made = {source_prefix(part.source): part for part in kind.design.derivations}
        for side, prefix in enumerate(kind.sides):
            drawn_from = population
            if prefix in made:
                drawn_from = population.of(own_names(made[prefix], kind.design))
                linking = Admission.of(made[prefix], population.model).linking
                if linking or not drawn_from.is_listed:
                    return None
            for block in drawn_from.blocks:
                mine = block.of_side(prefix)
                if kind.relevant.isdisjoint(mine.names):
                    free.append(_Free((str(side), *block.names), mine))
                elif isinstance(mine, Listed):
                    grouped.append(Grouped.of(mine, kind.relevant))
                else:
                    return None
        shape = [len(block.firsts) for block in grouped]
        heaviest = prod(int(block.sizes.max()) for block in grouped)
        if prod(shape) > ENUMERATED_SETTINGS or heaviest * prod(shape) > LARGEST_WEIGHT:
            return None
        groups = np.unravel_index(np.arange(prod(shape)), shape) if shape else ()
        weights = np.ones(prod(shape), dtype=np.int64)
        drawn: dict[str, Column] = {}
        for block, numbers_of_groups in zip(grouped, groups, strict=True):
            weights *= block.sizes[numbers_of_groups]
            first = np.zeros(len(weights), dtype=np.int64)
            drawn.update(block.at(numbers_of_groups, first))
        for part in free:  # whatever they are
            drawn.update(part.draw(Stream.of(0), len(weights)))
        return EnumeratedPairs(tuple(grouped), tuple(free), groups, weights, kind.label(drawn))

    def draw(self, members: NDArray[np.intp], stream: Stream, count: int) -> Columns:
        """`count` pairs among the given ones."""
        weights = self.weights[members]
        ends = np.cumsum(weights)
        points = stream.below(int(ends[-1]), 0, count).astype(np.int64)
        chosen = np.searchsorted(ends, points, side="right")
        rest = points - (ends - weights)[chosen]
        drawn: dict[str, Column] = {}
        for block, groups in zip(self.grouped, self.groups, strict=True):
            mine = groups[members][chosen]
            drawn.update(block.at(mine, rest % block.sizes[mine]))
            rest //= block.sizes[mine]
        for part in self.free:
            drawn.update(part.draw(stream, count))
        return drawn
