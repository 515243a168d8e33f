"""A function of finite values as few conjunctions, of which exactly one is true at every input.

A neuron computes a conjunction of tests on values that lie in a vector as numbers of 0 and 1, so
that the number of conjunctions is the number of neurons that a mechanism takes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, permutations
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Table: TypeAlias = NDArray[np.int32]
"""A value for each combination of places, one axis a variable; -1 where there is none."""

_ORDERS = 24


@dataclass(frozen=True, slots=True)
class Test:
    """Whether a variable, by its number, has the value at `place` of its domain, or, where not
    `holds`, has not.
    """

    variable: int
    place: int
    holds: bool


@dataclass(frozen=True, slots=True)
class Conjunction:
    """Where all `tests` come out, the function has the value at `place`."""

    tests: tuple[Test, ...]
    place: int


def decision_tree(table: Any, most: int) -> tuple[tuple[Conjunction, ...], int] | None:
    """The cases of a function that need a neuron, and the value everywhere else, the one that most
    cases have; None where they are more than `most`.

    A tree asks for one variable after the other, in the order that takes the fewest cases: of four
    variables or fewer all orders are tried. Values of a variable that lead to the same are one
    branch.
    """
    best: tuple[tuple[Conjunction, ...], int] | None = None
    for order in islice(permutations(range(table.ndim)), _ORDERS):
        found = _cases(table, order, most if best is None else len(best[0]))
        if found is not None and (best is None or len(found[0]) < len(best[0])):
            best = found
    return best


def _cases(
    table: Table, order: Sequence[int], most: int
) -> tuple[tuple[Conjunction, ...], int] | None:
    values = np.unique(table[table >= 0])
    leaves: list[Conjunction] = []
    for leaf in _leaves(np.ascontiguousarray(table.transpose(order)), order, ()):
        leaves.append(leaf)
        if len(leaves) > len(values) * (most + 1):
            return None  # whatever the usual value is, the others have more
    counts = Counter(leaf.place for leaf in leaves if leaf.place >= 0)
    usual = max(sorted(counts), key=lambda place: counts[place])
    cases = tuple(leaf for leaf in leaves if leaf.place not in (usual, -1))
    return None if len(cases) > most else (cases, usual)


def _leaves(table: Table, order: Sequence[int], tests: tuple[Test, ...]) -> Iterator[Conjunction]:
    first = int(table.flat[0])
    if (table == first).all():
        yield Conjunction(tests, first)
        return
    groups: dict[bytes, list[int]] = {}
    for place, part in enumerate(table):
        groups.setdefault(part.tobytes(), []).append(place)
    largest = max(groups.values(), key=len)
    for places in groups.values():
        if places is not largest:
            for place in places:
                here = Test(order[0], place, True)
                yield from _leaves(table[place], order[1:], (*tests, here))
    others = [place for place in range(len(table)) if place not in largest]
    apart = tuple(Test(order[0], place, False) for place in others)
    if len(largest) == 1:
        apart = (Test(order[0], largest[0], True),)
    yield from _leaves(table[largest[0]], order[1:], (*tests, *apart))
