"""Inputs crossed with others: each as the source of a swap into these, and as its base."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler import (
    Column,
    CounterfactualDesign,
    InterchangePairs,
    interchange_columns,
    solve_columns,
    source_names,
)

Numbers = NDArray[np.int64]


def swapped_alone(design: CounterfactualDesign) -> str | None:
    """The one variable that a design swaps, from one source; None where it swaps otherwise."""
    [kind, *others] = design.kinds
    if others or len(kind.variables) != 1 or kind.within or len(source_names(design)) != 1:
        return None
    return kind.variables[0]


@dataclass(frozen=True, eq=False)
class Inputs:
    """Distinct settings of a model's inputs (and noise): columns of codes by name, with the value
    [inputs] of the swapped variable in each.
    """

    pairs: InterchangePairs
    columns: Mapping[str, Column]
    values: Numbers

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: Numbers) -> Inputs:
        """The numbered inputs alone."""
        columns = {name: column[rows] for name, column in self.columns.items()}
        return replace(self, columns=columns, values=self.values[rows])

    def spread(self) -> Inputs:
        """The same in an order in which the variable's values take turns."""
        _, classes = np.unique(self.values, return_inverse=True)
        turns = np.zeros(len(self), np.int64)
        for number in range(int(classes.max()) + 1):
            mine = np.flatnonzero(classes == number)
            turns[mine] = np.arange(len(mine))
        return self.take(np.lexsort((classes, turns)))


def inputs_of(pairs: InterchangePairs, most: int) -> Inputs:
    """The first distinct inputs, at most so many, among the bases and sources of some pairs."""
    model = pairs.model
    sides = [pairs.base, *pairs.sources]
    columns = {
        name: np.stack([side[name] for side in sides], axis=1).reshape(-1)
        for name in model.exogenous
    }
    whole = np.stack([column.astype(np.int64) for column in columns.values()], axis=1)
    _, first = np.unique(whole, axis=0, return_index=True)
    kept = np.sort(first)[:most]
    chosen = {name: column[kept] for name, column in columns.items()}
    variable = swapped_alone(pairs.design)
    assert variable is not None
    values = solve_columns(model, chosen, wanted=[variable])[variable].astype(np.int64)
    return Inputs(pairs, chosen, values)


def swaps(bases: Inputs, sources: Inputs) -> InterchangePairs:
    """The labelled pairs, row by row, of some bases with as many sources."""
    pairs, model, count = bases.pairs, bases.pairs.model, len(bases)
    [kind], [name] = pairs.design.kinds, source_names(pairs.design)
    columns: dict[str, Column] = {}
    for side, inputs in (("base", bases), (name, sources)):
        known = {**inputs.columns, **solve_columns(model, inputs.columns, wanted=model.outputs)}
        columns |= {f"{side}.{variable}": column for variable, column in known.items()}
    labels = interchange_columns(model, bases.columns, [sources.columns], kind)
    columns |= {f"label.{output}": column for output, column in labels.items()}
    none = np.zeros(count, np.int32)
    return replace(pairs, columns=columns, kinds=none, stratum=none)


@dataclass(frozen=True, eq=False)
class Crossed:
    """Rows in this order: each of `inputs` swapped with itself, then as the source of a swap into
    `others`, then as the base of a swap from these. `numbers` and `partners` [rows] say which input
    and which of `others` a row is of; the partner of a self swap is -1.
    """

    pairs: InterchangePairs
    numbers: Numbers
    partners: Numbers
    is_source: NDArray[np.bool_]


def crossed(inputs: Inputs, others: Inputs, partners: int) -> Crossed:
    """Each input with so many of the others, all of them where there are fewer."""
    count, each = len(inputs), min(partners, len(others))
    numbers = np.repeat(np.arange(count), each)
    chosen = (np.arange(count * each)) % len(others)
    mine, theirs = inputs.take(numbers), others.take(chosen)
    parts = [swaps(inputs, inputs), swaps(theirs, mine), swaps(mine, theirs)]
    alone = np.arange(count)
    return Crossed(
        InterchangePairs.concatenated(parts),
        np.concatenate([alone, numbers, numbers]),
        np.concatenate([np.full(count, -1), chosen, chosen]),
        np.concatenate([np.zeros(count, bool), np.ones(len(numbers), bool),
                        np.zeros(len(numbers), bool)]),
    )  # fmt: skip


def designs_apart(designs: Sequence[CounterfactualDesign]) -> list[str]:
    """The names of designs that do not swap one variable from one source."""
    return [design.name for design in designs if swapped_alone(design) is None]
