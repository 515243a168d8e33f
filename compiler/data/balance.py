"""How many rows of each kind and each balanced value a split holds, and where they stand.

A cell is a kind of intervention together with a value of the balanced expression. Kinds are
counted exactly by their weights, values are as even as whole rows allow within each kind and over
all of them, and the cells are shuffled over the rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...dsl.diagnostics import InternalError
from ..evaluators.columns import Column
from ..specification import CounterfactualDesign
from .partitions import SplitValues
from .randomness import Stream, largest_remainder

MOST_VALUES = 1 << 15
"""More balanced values than any checked design has: their numbers are kept in 16 bits."""


@dataclass(frozen=True, slots=True)
class KindCells:
    """The rows of one kind: `places[v]` are the rows, ascending, that are to hold value number v.

    `numbers` turns `(value - lowest) // step` into the value's number, -1 where it is not wanted.
    Without a balanced value there is one place list.
    """

    values: tuple[int, ...]
    places: tuple[NDArray[np.intp] | range, ...]
    lowest: int
    step: int
    numbers: NDArray[np.int32]

    @property
    def rows(self) -> int:
        """How many rows are of this kind."""
        return sum(len(places) for places in self.places)

    def number_of(self, balanced: Column) -> NDArray[np.int32]:
        """Each value's number; -1 for a value that is not wanted."""
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


def lay_out(
    design: CounterfactualDesign, values: SplitValues, rows: int, stream: Stream
) -> tuple[KindCells, ...]:
    """The cells of each kind for `rows` rows."""
    domain = design.balance_domain if design.balance is not None else None
    codes = range(1) if domain is None else domain.codes()
    wanted = balanced_values(design, values)
    kinds = largest_remainder(rows, [kind.weight for kind in design.kinds])
    if len(codes) > MOST_VALUES:
        raise InternalError(f"`{design.name}` balances {len(codes):,} values")
    # Which values get the rows that are left over is random, and goes on from kind to kind, so
    # that the totals differ by one row at most.
    order = stream.derive("leftover").permutation(len(wanted)).tolist()
    counts: list[int] = []
    offset = 0
    for of_kind in kinds:
        each, left = divmod(of_kind, len(wanted))
        more = {order[(offset + i) % len(wanted)] for i in range(left)}
        counts.extend(each + (number in more) for number in range(len(wanted)))
        offset += left
    places = _places(counts, rows, stream)
    numbers = np.full(len(codes), -1, dtype=np.int32)
    numbers[[(code - codes.start) // codes.step for code in wanted]] = np.arange(len(wanted))
    return tuple(
        KindCells(
            wanted,
            places[kind * len(wanted) : (kind + 1) * len(wanted)],
            codes.start,
            codes.step,
            numbers,
        )
        for kind in range(len(kinds))
    )


def _places(counts: list[int], rows: int, stream: Stream) -> tuple[NDArray[np.intp] | range, ...]:
    if max(counts) == rows:
        return tuple(range(count) for count in counts)
    cells = stream.derive("cells").shuffled(counts)
    if len(counts) <= 4:
        return tuple(np.flatnonzero(cells == cell) for cell in range(len(counts)))
    grouped = np.argsort(cells, kind="stable")
    return tuple(np.split(grouped, np.cumsum(counts)[:-1]))
