"""How many rows of each kind and each stratum a split holds, and where they stand.

A cell is a kind of intervention together with a stratum. Kinds are counted exactly by their
weights; combinations of covered values, balanced values and strata are each as even as whole rows
allow over all rows, and strata within each kind as well.

Rows are laid out in stretches of `STRETCH` rows, so that a part of a large split is made without
the rest: permuted blocks, as clinical trials use them (Zelen, "The randomization and
stratification of patients to clinical trials", 1974). Every stretch gets its share of each cell,
less than two rows off; together they hold exactly what the split does. Within a stretch, cells are
shuffled.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import lcm

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler.data.randomness import Stream, largest_remainder, rows_by_number
from causalspec.compiler.data.strata import Strata

STRETCH = 1 << 17
"""Rows that are made together."""

Places = NDArray[np.intp] | range
"""Some rows of a stretch, ascending."""


class Layout:
    """The cells of a split of `rows` rows. `counts[kind, stratum]` are the rows of each."""

    def __init__(self, strata: Strata, rows: int, stream: Stream) -> None:
        self.rows = rows
        self.strata = strata
        self.counts = _counts(strata, rows, stream)
        self._stream = stream
        # Cells in random order, so that no cell goes with another through the stretches.
        self._order = stream.derive("cells").permutation(self.counts.size)
        self._edges = np.zeros(self.counts.size + 1, dtype=np.int64)
        np.cumsum(self.counts.ravel()[self._order], out=self._edges[1:])

    @property
    def stretches(self) -> int:
        """How many stretches there are; the last may be shorter."""
        return -(-self.rows // STRETCH)

    def stretch(self, number: int) -> tuple[tuple[Places, ...], ...]:
        """For each kind, the rows of a stretch, counted within it and ascending, that are to hold
        each stratum.
        """
        counts = self._of_stretch(number).tolist()
        places = _places(counts, self._stream.derive("places", str(number)))
        strata = len(self.strata)
        return tuple(places[k * strata : (k + 1) * strata] for k in range(len(self.counts)))

    def _of_stretch(self, number: int) -> NDArray[np.int64]:
        """The rows of each cell in one stretch: a systematic sample of the split's rows in order of
        their cells, so that both sums are kept.
        """
        full = self.stretches - 1
        in_last = self._edges * (self.rows - full * STRETCH) // self.rows
        others = (self._edges - in_last + full - 1 - number) // max(1, full)
        counts = np.zeros(self.counts.size, dtype=np.int64)
        counts[self._order] = np.diff(in_last if number == full else others)
        return counts


def _counts(strata: Strata, rows: int, stream: Stream) -> NDArray[np.int64]:
    # Which strata get the rows that are left over is random, and goes on from kind to kind, so
    # that the totals differ by one row at most.
    order = _order(strata, stream.derive("leftover"))
    kinds = largest_remainder(rows, [kind.weight for kind in strata.design.kinds])
    counts = np.zeros((len(kinds), len(strata)), dtype=np.int64)
    offset = 0
    for kind, of_kind in enumerate(kinds):
        each, left = divmod(of_kind, len(strata))
        counts[kind] = each
        counts[kind, order[(offset + np.arange(left)) % len(strata)]] += 1
        offset += left
    return counts


def _order(strata: Strata, stream: Stream) -> NDArray[np.int64]:
    """The strata so that any first few of them are spread evenly over the combinations, and over
    the balanced values: diagonals of a table whose sides are in random order.
    """
    combinations, balanced = len(strata.combinations), len(strata.balanced)
    steps = np.arange(combinations * balanced)
    shift = steps // lcm(combinations, balanced)
    first = stream.derive("combinations").permutation(combinations)[steps % combinations]
    second = stream.derive("balanced").permutation(balanced)[(steps + shift) % balanced]
    return first * balanced + second


def _places(counts: Sequence[int], stream: Stream) -> tuple[Places, ...]:
    if max(counts) == sum(counts):
        return tuple(range(count) for count in counts)
    return tuple(rows_by_number(stream.shuffled(counts), len(counts)))
