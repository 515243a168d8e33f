"""Every pair of a kind as far as a design's conditions can tell pairs apart, where those are few.

So it is known which strata are possible at all, and a pair of a rare stratum is drawn outright, by
inversion: from all settings of the stratum, as likely as sampling until one turns up would make it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler.data.blocks import ENUMERATED_SETTINGS, Block, Grouped, Listed
from causalspec.compiler.data.conditions import LabelledPairs, Labeller, Relevance, shared_noise
from causalspec.compiler.data.populations import Population
from causalspec.compiler.data.randomness import Stream
from causalspec.compiler.data.samplers import with_noise_of
from causalspec.compiler.evaluators.columns import Column, Columns
from causalspec.compiler.specification import CounterfactualDesign, SwapKind

_LARGEST_WEIGHT = 1 << 62


@dataclass(frozen=True, slots=True)
class _Side:
    """The blocks of base or of one source: those that matter in groups, the others as they are."""

    grouped: tuple[Grouped, ...]
    free: tuple[Block, ...]


@dataclass(frozen=True)
class EnumeratedPairs:
    """All pairs of groups of settings: `groups[k]` are the groups of the k-th grouped block, sides
    in order. `weights` are in proportion to how often a pair is drawn.
    """

    design: CounterfactualDesign
    sides: tuple[_Side, ...]
    groups: tuple[NDArray[np.intp], ...]
    weights: NDArray[np.int64]
    labelled: LabelledPairs

    @staticmethod
    def of(
        design: CounterfactualDesign, kind: SwapKind, population: Population
    ) -> EnumeratedPairs | None:
        """None where there are too many, or some that cannot be listed."""
        if not population.is_listed or population.is_empty:
            return None
        relevance = Relevance.of(design, kind)
        sides: list[_Side] = []
        for relevant in (relevance.base, *relevance.sources):
            matter = [one for one in population.blocks if relevant & set(one.names)]
            if not all(isinstance(one, Listed) for one in matter):
                return None
            grouped = [Grouped.of(one, relevant) for one in matter if isinstance(one, Listed)]
            free = [one for one in population.blocks if not relevant & set(one.names)]
            sides.append(_Side(tuple(grouped), tuple(free)))
        if design.shared_noise and relevance.base & set(design.model.noise):
            return None  # sides that hang together cannot be listed one by one
        blocks = [one for side in sides for one in side.grouped]
        shape = [len(one.firsts) for one in blocks]
        heaviest = prod(int(one.sizes.max()) for one in blocks)
        if prod(shape) > ENUMERATED_SETTINGS or heaviest * prod(shape) > _LARGEST_WEIGHT:
            return None
        number = np.arange(prod(shape))
        groups = np.unravel_index(number, shape) if shape else ()
        weights = np.ones(len(number), dtype=np.int64)
        for block, group in zip(blocks, groups, strict=True):
            weights *= block.sizes[group]
        base, *sources = _first_settings(sides, groups, len(number))
        labelled = Labeller(design).label(kind, base, sources)
        return EnumeratedPairs(design, tuple(sides), tuple(groups), weights, labelled)

    def __len__(self) -> int:
        return len(self.weights)

    def draw(self, members: NDArray[np.intp], stream: Stream, count: int) -> list[Columns]:
        """`count` pairs among the given ones: the base, then each source."""
        totals = np.cumsum(self.weights[members])
        points = stream.below(int(totals[-1]), 0, count).astype(np.int64)
        chosen = np.searchsorted(totals, points, side="right")
        rest = points - (totals - self.weights[members])[chosen]
        groups = iter(self.groups)
        result: list[Columns] = []
        for number, side in enumerate(self.sides):
            columns: dict[str, Column] = {}
            for block in side.grouped:
                mine = next(groups)[members][chosen]
                sizes = block.sizes[mine]
                columns.update(block.at(mine, rest % sizes))
                rest //= sizes
            for free in side.free:
                own = stream.derive(str(number), *free.names)
                columns.update(free.draw(own, 0, count))
            result.append(columns)
        base, *sources = result
        return [base, *with_noise_of(base, sources, shared_noise(self.design))]


def _first_settings(
    sides: Sequence[_Side], groups: Sequence[NDArray[np.intp]], rows: int
) -> list[Columns]:
    remaining = iter(groups)
    result: list[Columns] = []
    for side in sides:
        columns: dict[str, Column] = {}
        for block in side.grouped:
            columns.update(block.first_of(next(remaining)))
        for free in side.free:
            columns.update(free.first(rows))
        result.append(columns)
    return result
