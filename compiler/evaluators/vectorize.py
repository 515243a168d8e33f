"""Models solved for whole columns of settings at once, in NumPy, on integer codes.

The fast evaluator. It shares nothing with `interpret` but the model, and tests hold the two
together. Every node of a mechanism is computed once, as an array of the narrowest type in which
nothing overflows, as intervals show; columns go through chunk by chunk, while they are in the
processor's cache.

Columns are one-dimensional integer arrays of one length; a plain integer stands for a constant
column. A column of an input, of noise or of an intervention holds codes of the variable's domain:
the types that computations run in rely on it. Where a variable is undefined its column holds some
code or other: the column `defined_name(v)`, which can be asked for like a variable, says in which
rows v is defined.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from itertools import combinations
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler import expressions as nodes
from causalspec.compiler.derived_models import interchanged, on_sides
from causalspec.compiler.evaluators.definedness import Totals, defined_name, partial_names
from causalspec.compiler.evaluators.intervals import Interval, interval_of, intervals, storage
from causalspec.compiler.expressions import (
    ArithmeticOperator,
    ComparisonOperator,
    Expression,
    Reference,
    children,
    postorder,
    references,
)
from causalspec.compiler.model import CausalModel, Variable
from causalspec.compiler.specification import SwapKind
from causalspec.dsl.diagnostics import InternalError

Column: TypeAlias = NDArray[np.signedinteger[Any]]
Columns: TypeAlias = Mapping[str, Column]
Given: TypeAlias = Mapping[str, Column | int]

_CHUNK_ROWS = 1 << 15  # a column of 16-bit codes then takes 64 KiB: a few of them stay in L2

_OPERATIONS: Mapping[ArithmeticOperator | ComparisonOperator, Callable[[Any, Any], Any]] = {
    ArithmeticOperator.ADD: np.add,
    ArithmeticOperator.SUBTRACT: np.subtract,
    ArithmeticOperator.MULTIPLY: np.multiply,
    ArithmeticOperator.FLOOR_DIVIDE: np.floor_divide,
    ArithmeticOperator.REMAINDER: np.remainder,
    ArithmeticOperator.MINIMUM: np.minimum,
    ArithmeticOperator.MAXIMUM: np.maximum,
    ComparisonOperator.EQUAL: np.equal,
    ComparisonOperator.NOT_EQUAL: np.not_equal,
    ComparisonOperator.LESS: np.less,
    ComparisonOperator.LESS_OR_EQUAL: np.less_equal,
}


def solve_columns(
    model: CausalModel,
    inputs: Given,
    interventions: Given | None = None,
    *,
    wanted: Sequence[str] | None = None,
) -> dict[str, Column]:
    """The solution of an acyclic model for each row: a column for every variable of `wanted`
    (None: every variable, and the `defined_name` of each that can be undefined), noise among the
    `inputs`. Columns have the widest type among the given ones, or a wider one where codes need it.

    An intervened variable takes the given column instead of its mechanism's value (Pearl,
    *Causality*, 2009, definition 7.1.2). Only what `wanted` depends on is computed, and only
    those inputs need be given.

    Raises `UnsupportedModelError` for a cyclic model, and for values beyond 64 bits.
    """
    names = list(model.total.by_name if wanted is None else wanted)
    put_in = interventions or {}
    known = {defined_name(name): 1 for name in put_in}
    varying = [
        column for column in (*inputs.values(), *put_in.values()) if not isinstance(column, int)
    ]
    program = ColumnProgram(model, list(map(Reference, names)))
    columns = program.columns({**inputs, **put_in, **known}, len(varying[0]) if varying else 1)
    widest = [column.dtype for column in varying]
    return {
        name: column.astype(np.result_type(column, *widest), copy=False)
        for name, column in zip(names, columns, strict=True)
    }


def interchange_columns(
    model: CausalModel,
    base: Given,
    sources: Sequence[Given],
    kind: SwapKind,
    *,
    wanted: Sequence[str] | None = None,
) -> dict[str, Column]:
    """The columns `wanted` (None: the outputs) under an interchange intervention.

    Each variable of `kind` takes the value that it has in the solution of its source, and the
    model is solved for `base` under that intervention (Geiger et al., *Causal Abstractions of
    Neural Networks*, 2021). Only the swapped variables are solved for in the sources.
    """
    names = list(model.outputs if wanted is None else wanted)
    pair = interchanged(model, kind, range(len(sources)))
    found = solve_columns(
        pair, on_sides(base, sources), wanted=[f"result.{name}" for name in names]
    )
    return dict(zip(names, found.values(), strict=True))


class ColumnProgram:
    """Expressions over the variables of an acyclic model, for those who compute them again and
    again. Where one has no value its column holds some code; `Defined` says where.
    """

    def __init__(self, model: CausalModel, wanted: Sequence[Expression]) -> None:
        self.model = model.total
        totals = Totals(partial_names(self.model))
        self.wanted = [postorder(totals.of(expression).value) for expression in wanted]
        self._fold = _Fold(
            {variable.name: interval_of(variable.domain) for variable in self.model.variables}
        )

    def columns(self, given: Given, rows: int | None = None) -> list[Column]:
        """The columns of the expressions where those of some variables are given, inputs or not.
        There are as many `rows` as these have.
        """
        lengths = {len(column) for column in given.values() if not isinstance(column, int)}
        if len(lengths) > 1:
            raise InternalError(f"columns of different lengths: {sorted(lengths)}")
        if rows is None:
            rows = lengths.pop() if lengths else 1
        solved = self._solved(given)
        parts: list[list[Column]] = []
        for start in range(0, max(rows, 1), _CHUNK_ROWS):
            stop = min(start + _CHUNK_ROWS, rows)
            columns = {name: _part(column, start, stop) for name, column in given.items()}
            for variable in solved:
                columns[variable.name] = self._fold.value(variable.nodes, columns)
            found = (self._fold.value(walked, columns) for walked in self.wanted)
            parts.append([_codes(column, stop - start) for column in found])
        return [
            chunks[0] if len(chunks) == 1 else np.concatenate(chunks)
            for chunks in zip(*parts, strict=True)
        ]

    def _solved(self, given: Given) -> list[Variable]:
        """The variables that are to be solved for, in order."""
        needed = {name for walked in self.wanted for name in references(walked[-1])}
        found: list[Variable] = []
        for variable in reversed(self.model.variables):
            if variable.name in needed and variable.name not in given:
                if variable.mechanism is None:
                    raise InternalError(f"no column for `{variable.name}` of `{self.model.name}`")
                needed.update(variable.parents)
                found.append(variable)
        return found[::-1]


class _Fold:
    """Computes total expressions, each node once. `known` says what references can be."""

    def __init__(self, known: Mapping[str, Any]) -> None:
        self._known = known
        self._prepared: dict[int, Any] = {}

    def value(self, walked: Sequence[Expression], columns: Columns) -> Column:
        """The column of the last of some nodes in postorder."""
        if id(walked[-1]) not in self._prepared:
            self._prepare(walked)
        computed: dict[int, Any] = {}
        for node in walked:
            operands = [computed[id(child)] for child in children(node)]
            computed[id(node)] = _computed(node, operands, columns, self._prepared[id(node)])
        return computed[id(walked[-1])]

    def _prepare(self, walked: Sequence[Expression]) -> None:
        """What each node needs: the type that its operands and its value fit in, or its table."""
        found = intervals(walked, self._known)
        for node in walked:
            if isinstance(node, nodes.Lookup):
                table = node.table
                self._prepared[id(node)] = np.array(table, storage(min(table), max(table)))
            else:
                hull = reduce(
                    Interval.hull, (found[id(child)] for child in children(node)), found[id(node)]
                )
                self._prepared[id(node)] = storage(*hull).type


def _computed(node: Expression, operands: Sequence[Any], columns: Columns, prepared: Any) -> Any:
    match node:
        case nodes.Constant(value):
            return prepared(value)
        case nodes.Reference(name):
            return columns[name]
        case nodes.Arithmetic(operator):
            return _OPERATIONS[operator](
                *(operand.astype(prepared, copy=False) for operand in operands)
            )
        case nodes.AbsoluteValue():
            return np.abs(operands[0].astype(prepared, copy=False))
        case nodes.Compare(operator):
            return _OPERATIONS[operator](*operands)  # types are promoted where they differ
        case nodes.Not():
            return np.logical_not(operands[0])
        case nodes.All():
            return reduce(np.logical_and, operands, np.True_) if operands else np.True_
        case nodes.Any():
            return reduce(np.logical_or, operands, np.False_) if operands else np.False_
        case nodes.Distinct():
            apart = (left != right for left, right in combinations(operands, 2))
            return reduce(np.logical_and, apart, np.True_)
        case nodes.Choose():
            where: Any = np.where  # its annotation is only partly known to the type checker
            return where(*operands)
        case nodes.Within(low=low, high=high, step=step):
            inside = (operands[0] >= low) & (operands[0] <= high)
            if step > 1:
                inside &= operands[0].astype(np.int64) % step == low % step
            return inside
        case nodes.Lookup():
            return prepared.take(operands[0].astype(np.intp), mode="clip")
        case _:
            raise InternalError("columns are computed from total expressions alone")


def _part(column: Column | int, start: int, stop: int) -> Any:
    return np.int64(column) if isinstance(column, int) else column[start:stop]


def _codes(column: Any, rows: int) -> Column:
    """A column of integers for every row."""
    if column.dtype == np.bool_:
        column = column.view(np.int8)
    return column if column.ndim else np.full(rows, column)
