"""Columns of integer codes: their storage, and expressions computed over them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler.domains import Domain
from causalspec.compiler.evaluators.definedness import defined_name
from causalspec.compiler.evaluators.intervals import Interval, interval_of, may_hold, storage
from causalspec.compiler.evaluators.vectorize import Column, ColumnProgram, Columns
from causalspec.compiler.expressions import Expression, references, surely
from causalspec.compiler.model import CausalModel, Variable, reached

__all__ = [
    "Column",
    "ColumnExpression",
    "Columns",
    "setting_at",
    "storage",
    "storage_of",
    "with_definedness",
]


def storage_of(domain: Domain) -> np.dtype[np.signedinteger[Any]]:
    """The type that a column of the domain's codes is kept in."""
    return storage(*interval_of(domain))


def setting_at(columns: Columns, row: int) -> dict[str, int]:
    """The codes of one row, by name, without what a column of `defined_name` says is undefined."""
    flags = {defined_name(name): name for name in columns}
    undefined = {flags[name] for name in flags.keys() & columns.keys() if not columns[name][row]}
    return {
        name: int(column[row])
        for name, column in columns.items()
        if name not in flags and name not in undefined
    }


def with_definedness(model: CausalModel, names: Iterable[str]) -> list[str]:
    """The names, and after them what says of each that can be undefined whether it is defined."""
    names = list(names)
    known = model.total.by_name
    return [*names, *(flag for flag in map(defined_name, names) if flag in known)]


@dataclass(frozen=True, slots=True)
class ColumnExpression:
    """An expression that is computed over given columns. Where it has no value the column holds
    some code. `reads` are the inputs and noise that it depends on.
    """

    program: ColumnProgram
    reads: tuple[str, ...]

    @staticmethod
    def of(condition: Expression, given: Mapping[str, Variable]) -> ColumnExpression:
        """A condition, false where it has no value. `given` says what each name means, in order;
        abbreviations bring their own mechanisms along.
        """
        return ColumnExpression.value_of(surely(condition), given)

    @staticmethod
    def value_of(expression: Expression, given: Mapping[str, Variable]) -> ColumnExpression:
        """Any expression."""
        needed = reached(references(expression), lambda name: given[name].parents)
        variables = tuple(variable for name, variable in given.items() if name in needed)
        reads = tuple(variable.name for variable in variables if variable.mechanism is None)
        model = CausalModel("expression", "", variables)
        return ColumnExpression(ColumnProgram(model, [expression]), reads)

    def over(self, columns: Columns, rows: int) -> Column:
        """The value in each of `rows` rows."""
        return self.program.columns({name: columns[name] for name in self.reads}, rows)[0]

    def may_hold(
        self, columns: Columns, ends: Mapping[str, tuple[int, int]], rows: int
    ) -> NDArray[np.bool_]:
        """Whether a condition can still hold in each of `rows` rows, where inputs without a column
        are anything between their ends. Raises `UnsupportedModelError` for values beyond 64 bits.
        """
        known = {name: Interval(*ends[name]) for name in self.reads}
        for name in known.keys() & columns.keys():
            wide = columns[name].astype(np.int64)
            known[name] = Interval(wide, wide)
        (condition,) = self.program.wanted
        return np.broadcast_to(may_hold(self.program.model, condition[-1], known), (rows,))
