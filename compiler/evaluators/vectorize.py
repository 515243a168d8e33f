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

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler import expressions as nodes
from causalspec.compiler.evaluators.definedness import Totals, defined_name, partial_names
from causalspec.compiler.evaluators.intervals import Interval, interval_of, intervals, storage
from causalspec.compiler.expressions import (
    ArithmeticOperator,
    ComparisonOperator,
    Expression,
    children,
    postorder,
    references,
)
from causalspec.compiler.model import CausalModel
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
    solver = Solver(model.total)
    put_in = interventions or {}
    known = {defined_name(name): 1 for name in put_in}

    def solve(chunks: Sequence[Columns]) -> list[Column]:
        given, done = chunks
        solution = solver.solve({**given, **done}, names)
        return [solution[name] for name in names]

    return _wide(names, [inputs, {**put_in, **known}], solve)


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
    solver = Solver(model.total)

    def solve(chunks: Sequence[Columns]) -> list[Column]:
        base, *sources = chunks
        solution = solver.interchange(base, sources, kind, names)
        return [solution[name] for name in names]

    return _wide(names, [base, *sources], solve)


def evaluate(model: CausalModel, expression: Expression, given: Columns, rows: int) -> Column:
    """A total expression over variables of a total model, in each of `rows` rows."""
    solver = Solver(model)
    fold = _Fold({one.name: interval_of(one.domain) for one in model.variables})
    walked, read = postorder(expression), references(expression)
    return _by_chunks(
        [given], lambda chunks: [fold.value(walked, solver.solve(chunks[0], read))], rows
    )[0]


class PairExpressions:
    """Expressions over pairs, for those who compute them again and again: filters, balanced values
    and labels of a counterfactual design.

    A reference `base.x` is x in the base's solution, `source.x` (or `s1.x`, by `source_names`) in
    a source's, and `result.x` in the base's under the interchange of `kind`. Where one has no value
    its column holds some code; `Defined` says where.
    """

    def __init__(
        self,
        model: CausalModel,
        kind: SwapKind,
        wanted: Sequence[Expression],
        source_names: Sequence[str] = ("source",),
    ) -> None:
        self._solver = Solver(model.total)
        self._kind = kind
        sides = ("base", *source_names, "result")
        partial = {f"{side}.{name}" for name in partial_names(model.total) for side in sides}
        totals = Totals(partial)
        self._wanted = [postorder(totals.of(one).value) for one in wanted]
        self._source_names = source_names
        self._read: dict[str, list[str]] = {side: [] for side in sides}
        domains = model.total.by_name
        known: dict[str, Interval] = {}
        for name in dict.fromkeys(n for one in self._wanted for n in references(one[-1])):
            side, _, variable = name.partition(".")
            self._read[side].append(variable)
            known[name] = interval_of(domains[variable].domain)
        self._fold = _Fold(known)
        # What the swap does not move is solved for once, in the base.
        self._unmoved = self._solver.unmoved(kind, self._read["result"])

    def columns(self, base: Given, sources: Sequence[Given]) -> list[Column]:
        """The columns of the expressions over these pairs."""
        return _by_chunks([base, *sources], self._of_chunk)

    def _of_chunk(self, chunks: Sequence[Columns]) -> list[Column]:
        solver, kind = self._solver, self._kind
        read = {side: names for side, names in self._read.items() if names}
        base, *sources = chunks
        runs = {"base": base, **dict(zip(self._source_names, sources, strict=True))}
        if "result" in read:
            runs["base"] = base = solver.solve(base, self._unmoved)
            runs["result"] = solver.interchange(base, sources, kind, read["result"])
        columns = {
            f"{side}.{name}": column
            for side, names in read.items()
            for name, column in solver.solve(runs[side], names).items()
        }
        return [self._fold.value(one, columns) for one in self._wanted]


class Solver:
    """Solves a total model for columns, which are of one length or have no axis."""

    def __init__(self, model: CausalModel) -> None:
        self._model = model
        self._fold = _Fold({one.name: interval_of(one.domain) for one in model.variables})

    def solve(self, given: Columns, wanted: Iterable[str]) -> dict[str, Column]:
        """The given columns and those of all that `wanted` depends on."""
        needed = self._needed(given, wanted)
        solution = dict(given)
        for variable in self._model.variables:
            name = variable.name
            if name in needed and name not in solution:
                if variable.mechanism is None:
                    raise InternalError(f"no column for `{name}` of `{self._model.name}`")
                solution[name] = self._fold.value(variable.nodes, solution)
        return solution

    def interchange(
        self, base: Columns, sources: Sequence[Columns], kind: SwapKind, wanted: Iterable[str]
    ) -> dict[str, Column]:
        """The same of the base where the variables of `kind` are as in their sources. What `base`
        has of other variables is what they are there, too.
        """
        given = dict(base)
        for number in dict.fromkeys(kind.sources):
            pairs = zip(kind.variables, kind.sources, strict=True)
            names = [name for name, source in pairs if source == number]
            names += [flag for flag in map(defined_name, names) if flag in self._model.by_name]
            inner, source = kind.within_source(number), sources[number]
            if inner is None:
                solution = self.solve(source, names)
            else:
                solution = self.interchange(source, sources, inner, names)
            given.update({name: solution[name] for name in names})
        return self.solve(given, wanted)

    def unmoved(self, kind: SwapKind, wanted: Iterable[str]) -> list[str]:
        """What `wanted` depends on that no swapped variable reaches."""
        swapped = {*kind.variables, *map(defined_name, kind.variables)}
        moved = set(swapped)
        for variable in self._model.variables:
            if not moved.isdisjoint(variable.parents):
                moved.add(variable.name)
        return [name for name in self._needed(swapped, wanted) if name not in moved]

    def _needed(self, given: Iterable[str], wanted: Iterable[str]) -> set[str]:
        given, needed = set(given), set(wanted)
        for variable in reversed(self._model.variables):
            if variable.name in needed and variable.name not in given:
                needed.update(variable.parents)
        return needed


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
            operands = [computed[id(one)] for one in children(node)]
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
                    Interval.hull, (found[id(one)] for one in children(node)), found[id(node)]
                )
                self._prepared[id(node)] = storage(*hull).type


def _computed(node: Expression, operands: Sequence[Any], columns: Columns, prepared: Any) -> Any:
    match node:
        case nodes.Constant(value):
            return prepared(value)
        case nodes.Reference(name):
            return columns[name]
        case nodes.Arithmetic(operator):
            return _OPERATIONS[operator](*(one.astype(prepared, copy=False) for one in operands))
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


def _by_chunks(
    settings: Sequence[Given],
    compute: Callable[[Sequence[Columns]], list[Any]],
    rows: int | None = None,
) -> list[Column]:
    """What is computed from the columns of some settings, each of `rows` codes."""
    lengths = {len(one) for each in settings for one in each.values() if not isinstance(one, int)}
    if len(lengths) > 1:
        raise InternalError(f"columns of different lengths: {sorted(lengths)}")
    if rows is None:
        rows = lengths.pop() if lengths else 1
    parts: list[list[Column]] = []
    for start in range(0, max(rows, 1), _CHUNK_ROWS):
        stop = min(start + _CHUNK_ROWS, rows)
        chunks = [
            {name: _part(one, start, stop) for name, one in each.items()} for each in settings
        ]
        parts.append([_codes(one, stop - start) for one in compute(chunks)])
    return [one[0] if len(one) == 1 else np.concatenate(one) for one in zip(*parts, strict=True)]


def _part(column: Column | int, start: int, stop: int) -> Any:
    return np.int64(column) if isinstance(column, int) else column[start:stop]


def _codes(column: Any, rows: int) -> Column:
    """A column of integers for every row."""
    if column.dtype == np.bool_:
        column = column.view(np.int8)
    return column if column.ndim else np.full(rows, column)


def _wide(
    names: Sequence[str],
    settings: Sequence[Given],
    compute: Callable[[Sequence[Columns]], list[Any]],
) -> dict[str, Column]:
    """The computed columns by their names, as wide as the widest that is given."""
    given = [one.dtype for each in settings for one in each.values() if not isinstance(one, int)]
    columns = _by_chunks(settings, compute)
    return {
        name: column.astype(np.result_type(column, *given), copy=False)
        for name, column in zip(names, columns, strict=True)
    }
