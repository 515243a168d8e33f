"""Inputs that are drawn together: lists of settings, ranges and arrangements too large to list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler.data.arrangements import Arranged
from causalspec.compiler.data.randomness import Stream
from causalspec.compiler.evaluators.columns import Column, Columns

ENUMERATED_SETTINGS = 1 << 20
"""More settings than this are not listed."""

LARGEST_WEIGHT = 1 << 62
"""Weights add up in 64 bits."""


@dataclass(frozen=True)
class Listed:
    """Inputs drawn together from a list of distinct settings, with integer `weights` unless all
    weigh the same.
    """

    columns: Columns
    settings: int
    weights: NDArray[np.int64] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The inputs of the block."""
        return tuple(self.columns)

    @property
    def total(self) -> int:
        """The sum of the weights, 1 each where there are none."""
        return self.settings if self.weights is None else sum(self.weights.tolist())

    @cached_property
    def _ends(self) -> NDArray[np.int64] | None:
        """Running totals of the weights."""
        return None if self.weights is None else np.cumsum(self.weights)

    def draw(self, stream: Stream, start: int, count: int) -> Columns:
        """The settings at positions `start .. start + count - 1` of a stream."""
        chosen = stream.below(self.total, start, count).astype(np.int64)
        if self._ends is not None:
            chosen = np.searchsorted(self._ends, chosen, side="right")
        return self.at(chosen)

    def at(self, places: NDArray[np.int64]) -> Columns:
        """The settings at some places of the list."""
        return {name: column.take(places) for name, column in self.columns.items()}

    def of_side(self, prefix: str) -> Listed:
        """The block of one side of a pair."""
        columns = {f"{prefix}.{name}": column for name, column in self.columns.items()}
        return replace(self, columns=columns)


@dataclass(frozen=True, slots=True)
class Ranged:
    """One input with too many values to list, all of the same weight."""

    name: str
    codes: range

    @property
    def names(self) -> tuple[str, ...]:
        """The input."""
        return (self.name,)

    @property
    def settings(self) -> int:
        """How many values the input has."""
        return len(self.codes)

    @property
    def total(self) -> int:
        """The sum of the weights."""
        return len(self.codes)

    def draw(self, stream: Stream, start: int, count: int) -> Columns:
        """The values at positions `start .. start + count - 1` of a stream."""
        return self.at(stream.below(len(self.codes), start, count).astype(np.int64))

    def at(self, places: NDArray[np.int64]) -> Columns:
        """The values at some places of the range."""
        return {self.name: places * self.codes.step + self.codes.start}

    def of_side(self, prefix: str) -> Ranged:
        """The block of one side of a pair."""
        return replace(self, name=f"{prefix}.{self.name}")


Single = Listed | Ranged
"""What one input is drawn from by itself, or several from a list."""

Block = Single | Arranged


@dataclass(frozen=True, slots=True)
class Grouped:
    """A block's settings in groups that agree in some inputs, one group after the other.

    `ends` are running totals of the settings' weights; group g weighs `sizes[g]`, and begins at the
    setting `firsts[g]` where the running total is `starts[g]`.
    """

    columns: Columns
    ends: NDArray[np.int64]
    firsts: NDArray[np.intp]
    starts: NDArray[np.int64]
    sizes: NDArray[np.int64]

    @staticmethod
    def of(block: Listed, relevant: frozenset[str]) -> Grouped:
        """The settings grouped by the relevant inputs among them."""
        rank = np.zeros(block.settings, dtype=np.int64)
        for name in block.names:
            if name in relevant:
                codes, places = np.unique(block.columns[name], return_inverse=True)
                rank = np.unique(rank * len(codes) + places, return_inverse=True)[1]
        order = np.argsort(rank, kind="stable")
        firsts = np.flatnonzero(np.diff(rank[order], prepend=-1)).astype(np.intp)
        weights = np.ones(block.settings, np.int64) if block.weights is None else block.weights
        ends = np.cumsum(weights[order])
        starts = ends[firsts] - weights[order][firsts]
        sizes = np.diff(starts, append=ends[-1:])
        columns = {name: column[order] for name, column in block.columns.items()}
        return Grouped(columns, ends, firsts, starts, sizes)

    def at(self, groups: NDArray[np.intp], offsets: NDArray[np.int64]) -> Columns:
        """The setting of each given group at an offset `0 .. sizes[group] - 1` of its weight."""
        chosen = np.searchsorted(self.ends, self.starts[groups] + offsets, side="right")
        return {name: column[chosen] for name, column in self.columns.items()}


def every(block: Block) -> Columns:
    """Each setting of a block once."""
    return block.at(np.arange(block.settings))


def product(parts: Sequence[Columns]) -> Columns:
    """Every combination of the parts' rows, the first part varying slowest."""
    lengths = [len(next(iter(part.values()))) for part in parts]
    result: dict[str, Column] = {}
    for i, part in enumerate(parts):
        inner, outer = prod(lengths[i + 1 :]), prod(lengths[:i])
        for name, column in part.items():
            result[name] = np.tile(np.repeat(column, inner), outer)
    return result
