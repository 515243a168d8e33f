"""Columns of integer codes: their storage, and expressions computed over them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler.domains import Domain, Numbers, Truths
from causalspec.compiler.evaluators.definedness import defined_name
from causalspec.compiler.evaluators.vectorize import solve_columns
from causalspec.compiler.expressions import Expression, references, surely
from causalspec.compiler.model import CausalModel, Role, Variable

Column: TypeAlias = NDArray[np.signedinteger[Any]]
Columns: TypeAlias = Mapping[str, Column]

_RESULT = "the value"  # no variable of a spec has a space in its name


def storage(low: int, high: int) -> np.dtype[np.signedinteger[Any]]:
    """The smallest signed type that holds `low..high`."""
    for kind in (np.int8, np.int16, np.int32):
        limits = np.iinfo(kind)
        if limits.min <= low and high <= limits.max:
            return np.dtype(kind)
    return np.dtype(np.int64)


def storage_of(domain: Domain) -> np.dtype[np.signedinteger[Any]]:
    """The type that a column of the domain's codes is kept in."""
    codes = domain.codes()
    return storage(codes[0], codes[-1]) if len(codes) else np.dtype(np.int8)


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
    """An expression that the vectorized evaluator computes over given columns. Where it has no
    value the column holds some code, and 0 where it is a condition.

    It is wrapped as the only output of a model whose inputs are what it reads, so that data
    generation needs nothing of the evaluator but `solve_columns`.
    """

    model: CausalModel
    reads: tuple[str, ...]

    @staticmethod
    def of(
        expression: Expression, given: Mapping[str, Variable], result: Domain | None = None
    ) -> ColumnExpression:
        """`given` says what each name means; abbreviations bring their own mechanisms along."""
        inputs: dict[str, Variable] = {}
        computed: dict[str, Variable] = {}

        def visit(name: str) -> None:
            variable = given[name]
            if variable.mechanism is None:
                inputs[name] = Variable(name, Role.INPUT, variable.domain)
            elif name not in computed:
                for parent in variable.parents:
                    visit(parent)
                computed[name] = Variable(
                    name, Role.ABBREVIATION, variable.domain, variable.mechanism
                )

        for name in references(expression):
            visit(name)
        if result is None:
            expression = surely(expression)
        value = Variable(_RESULT, Role.OUTPUT, result or Truths(), expression)
        variables = (*inputs.values(), *computed.values(), value)
        return ColumnExpression(CausalModel("expression", "", variables), tuple(inputs))

    def over(self, columns: Columns, rows: int) -> Column:
        """The value in each of `rows` rows."""
        given = {name: columns[name] for name in self.reads}
        if not given:  # a constant: one row decides, and an evaluator needs a column to count rows
            unit = Variable("unit", Role.INPUT, Numbers(0, 0))
            model = CausalModel("constant", "", (unit, *self.model.variables))
            given = {"unit": np.zeros(rows, dtype=np.int8)}
            return _column(solve_columns(model, given, wanted=(_RESULT,))[_RESULT], rows)
        return _column(solve_columns(self.model, given, wanted=(_RESULT,))[_RESULT], rows)


def _column(value: Any, rows: int) -> Column:
    array = np.asarray(value)
    return np.broadcast_to(array, (rows,)) if array.shape != (rows,) else array
