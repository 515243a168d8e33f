"""Values without repetition, each arrangement as likely as any other, drawn without rejection.

An arrangement is a row of digits: how many of the values that are left come before the one that is
taken, of n at first, then of n - 1, and so on. Lehmer ("Teaching combinatorial tricks to a
computer", 1960) numbers permutations so; uniform digits give uniform arrangements, and all rows are
decoded at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import perm, prod

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler.data.randomness import Stream
from causalspec.compiler.evaluators.columns import Column, Columns, storage

_LARGEST_DRAW = 1 << 16  # of those that are nearly never rejected


@dataclass(frozen=True, slots=True)
class Arranged:
    """Inputs that take different ones of some codes, which are at least as many."""

    names: tuple[str, ...]
    codes: range | Column

    @property
    def settings(self) -> int:
        """How many arrangements there are."""
        return perm(len(self.codes), len(self.names))

    @property
    def total(self) -> int:
        """The sum of the weights, which are all 1."""
        return self.settings

    def draw(self, stream: Stream, start: int, count: int) -> Columns:
        """The arrangements at positions `start .. start + count - 1` of a stream."""
        digits: list[Column] = []
        for number, radices in enumerate(self._runs()):
            own = stream.derive("run", str(number)) if number else stream
            digits += _digits(own.below(prod(radices), start, count).astype(np.int64), radices)
        return self._decoded(digits)

    def at(self, places: NDArray[np.int64]) -> Columns:
        """The arrangements at some places of the list of all, in lexicographic order. There must
        be fewer than 2⁶³.
        """
        return self._decoded(_digits(places, self._radices))

    def of_side(self, prefix: str) -> Arranged:
        """The block of one side of a pair."""
        return replace(self, names=tuple(f"{prefix}.{name}" for name in self.names))

    @property
    def _radices(self) -> Sequence[int]:
        return [len(self.codes) - taken for taken in range(len(self.names))]

    def _runs(self) -> Iterator[Sequence[int]]:
        """The radices in runs that one draw has room for."""
        run: list[int] = []
        for radix in self._radices:
            if prod(run) * radix > _LARGEST_DRAW:
                yield run
                run = []
            run.append(radix)
        yield run

    def _decoded(self, digits: Sequence[Column]) -> Columns:
        """The codes that the digits of each row stand for."""
        places = zip(self.names, arranged(digits, len(self.codes)), strict=True)
        if isinstance(self.codes, range):
            codes = self.codes
            wide = ((name, column.astype(np.int64)) for name, column in places)
            return {name: column * codes.step + codes.start for name, column in wide}
        return {name: self.codes.take(column) for name, column in places}


def arranged(digits: Sequence[Column], values: int) -> list[Column]:
    """What is taken of so many values, by its place among all of them: digit k of a row, below
    `values - k`, is the place of the k-th among those that the first k have left.
    """
    narrow = storage(0, values)
    places = [digit.astype(narrow) for digit in digits]
    # From the last to the first, each one's value is put in among those that follow.
    for number in reversed(range(len(places))):
        for later in range(number + 1, len(places)):
            places[later] += places[later] >= places[number]
    return places


def _digits(numbers: NDArray[np.int64], radices: Sequence[int]) -> list[Column]:
    """Numbers in mixed radix, the first digit counting most."""
    digits: list[Column] = []
    for radix in reversed(radices):
        rest = numbers // radix
        digits.append(numbers - rest * radix)
        numbers = rest
    return digits[::-1]
