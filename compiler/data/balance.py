"""How many rows of each kind and each balanced value a split holds, and where they stand.

A cell is a kind of intervention together with a value of the balanced expression. Kinds are
counted exactly by their weights, values are as even as whole rows allow within each kind and over
all of them.

Rows are laid out in stretches of `STRETCH` rows, so that a part of a large split is made without
the rest: permuted blocks, as clinical trials use them (Zelen, "The randomization and
stratification of patients to clinical trials", 1974). Every stretch gets its share of each cell, to
a row at most; together they hold exactly what the split does; within a stretch cells are shuffled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...dsl.diagnostics import InternalError
from ..evaluators.columns import Column
from ..specification import CounterfactualDesign
from .partitions import SplitValues
from .randomness import Stream, largest_remainder

STRETCH = 1 << 17
"""Rows that are made together."""

MOST_VALUES = 1 << 15
"""More balanced values than any checked design has: their numbers are kept in 16 bits."""

Places = tuple[NDArray[np.intp] | range, ...]


@dataclass(frozen=True, slots=True)
class Values:
    """The wanted codes of the balanced value: `numbers` turns `(code - lowest) // step` into a
    code's place among them, -1 where it is not wanted.
    """

    codes: tuple[int, ...]
    lowest: int
    step: int
    numbers: NDArray[np.int32]

    def number_of(self, balanced: Column) -> NDArray[np.int32]:
        """Each code's number; -1 for one that is not wanted."""
        index = (balanced.astype(np.int64) - self.lowest) // self.step
        inside = (index >= 0) & (index < len(self.numbers))
        return np.where(inside, self.numbers.take(index, mode="clip"), np.int32(-1))


def balanced_values(design: CounterfactualDesign, values: SplitValues) -> tuple[int, ...]:
    """The codes that a split is balanced over: all of the balanced value's domain, but of a type
    that is shared out among the splits only the split's own. One stand-in without a balance.
    """
    if design.balance is None or design.balance_domain is None:
        return (0,)
    own = values.of_domain(design.balance_domain)
    return tuple(design.balance_domain.codes() if own is None else own.tolist())


class Layout:
    """The cells of a split of `rows` rows. `counts[kind, value]` are the rows of each."""

    def __init__(
        self, design: CounterfactualDesign, values: SplitValues, rows: int, stream: Stream
    ) -> None:
        domain = design.balance_domain if design.balance is not None else None
        codes = range(1) if domain is None else domain.codes()
        wanted = balanced_values(design, values)
        if len(codes) > MOST_VALUES:
            raise InternalError(f"`{design.name}` balances {len(codes):,} values")
        numbers = np.full(len(codes), -1, dtype=np.int32)
        numbers[[(code - codes.start) // codes.step for code in wanted]] = np.arange(len(wanted))
        self.rows = rows
        self.values = Values(wanted, codes.start, codes.step, numbers)
        self.counts = _counts(design, rows, len(wanted), stream)
        self._stream = stream
        # Cells in random order, so that no cell goes with another through the stretches.
        self._order = stream.derive("cells").permutation(self.counts.size)
        self._edges = np.zeros(self.counts.size + 1, dtype=np.int64)
        np.cumsum(self.counts.ravel()[self._order], out=self._edges[1:])

    @property
    def stretches(self) -> int:
        """How many stretches there are; the last may be shorter."""
        return -(-self.rows // STRETCH)

    def stretch(self, number: int) -> tuple[Places, ...]:
        """For each kind, the rows of a stretch, counted within it and ascending, that are to hold
        each value.
        """
        counts = self._of_stretch(number).tolist()
        places = _places(counts, self._stream.derive("places", str(number)))
        values = self.counts.shape[1]
        return tuple(places[k * values : (k + 1) * values] for k in range(len(self.counts)))

    def _of_stretch(self, number: int) -> NDArray[np.int64]:
        """The rows of each cell in one stretch: a systematic sample of the split's rows in order of
        their cells, so that both sums are kept and every share is rounded up or down.
        """
        full = self.stretches - 1
        in_last = self._edges * (self.rows - full * STRETCH) // self.rows
        others = (self._edges - in_last + full - 1 - number) // max(1, full)
        counts = np.zeros(self.counts.size, dtype=np.int64)
        counts[self._order] = np.diff(in_last if number == full else others)
        return counts


def _counts(
    design: CounterfactualDesign, rows: int, values: int, stream: Stream
) -> NDArray[np.int64]:
    # Which values get the rows that are left over is random, and goes on from kind to kind, so
    # that the totals differ by one row at most.
    order = stream.derive("leftover").permutation(values)
    kinds = largest_remainder(rows, [kind.weight for kind in design.kinds])
    counts = np.zeros((len(kinds), values), dtype=np.int64)
    offset = 0
    for kind, of_kind in enumerate(kinds):
        each, left = divmod(of_kind, values)
        counts[kind] = each
        counts[kind, order[(offset + np.arange(left)) % values]] += 1
        offset += left
    return counts


def _places(counts: Sequence[int], stream: Stream) -> Places:
    if max(counts) == sum(counts):
        return tuple(range(count) for count in counts)
    cells = stream.shuffled(counts)
    if len(counts) <= 4:
        return tuple(np.flatnonzero(cells == cell) for cell in range(len(counts)))
    grouped = np.argsort(cells, kind="stable")
    return tuple(np.split(grouped, np.cumsum(counts)[:-1]))
