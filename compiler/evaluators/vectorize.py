"""Models solved for whole columns of settings at once, in NumPy or torch, on integer codes.

The fast evaluator. It shares nothing with `interpret` but the model, and tests hold the two
together. Nothing is generated as text: a model becomes a short program of array operations
(`lowering`), which runs chunk by chunk (`program`).

Columns are one-dimensional integer arrays of one length; a plain integer stands for a constant
column. A column of an input, of noise or of an intervention holds codes of the variable's domain:
the types that computations run in rely on it. Where a variable is undefined its column holds some
code or other: the column `defined_name(v)`, which can be asked for like a variable, says in which
rows v is defined. Results come in the widest integer type among the given columns, or a wider one
where the values need it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

from causalspec.compiler.domains import Domain
from causalspec.compiler.evaluators.arrays import library_of
from causalspec.compiler.evaluators.definedness import Totals, defined_name, partial_names
from causalspec.compiler.evaluators.intervals import Interval, UnsupportedModelError, interval_of
from causalspec.compiler.evaluators.lowering import TABLE_LIMIT, ProgramBuilder
from causalspec.compiler.evaluators.program import Program, run
from causalspec.compiler.expressions import Expression, postorder, references
from causalspec.compiler.model import CausalModel
from causalspec.compiler.specification import SwapKind
from causalspec.dsl.diagnostics import InternalError

__all__ = [
    "PairExpressions",
    "UnsupportedModelError",
    "evaluate_columns",
    "interchange_columns",
    "pair_columns",
    "solve_columns",
]

Array = TypeVar("Array")  # numpy.ndarray or torch.Tensor


def solve_columns(
    model: CausalModel,
    inputs: Mapping[str, Array | int],
    interventions: Mapping[str, Array | int] | None = None,
    *,
    wanted: Sequence[str] | None = None,
) -> dict[str, Array]:
    """The solution of an acyclic model for each row: a column for every variable of `wanted`
    (None: every variable, and the `defined_name` of each that can be undefined), noise among the
    `inputs`.

    An intervened variable takes the given column instead of its mechanism's value (Pearl,
    *Causality*, 2009, definition 7.1.2). Only what `wanted` depends on is computed, and only
    those inputs need be given.

    Raises `UnsupportedModelError` for a cyclic model, and for values beyond 64 bits.
    """
    names = [one.name for one in model.total.variables] if wanted is None else list(wanted)
    batch = _Batch([*inputs.values(), *(interventions or {}).values()])
    given = {**inputs, **(interventions or {})}
    registers = batch.solve(model.total, given, names)
    program = batch.program([registers[name] for name in names])
    return dict(zip(names, batch.run(program), strict=True))


def interchange_columns(
    model: CausalModel,
    base: Mapping[str, Array | int],
    sources: Sequence[Mapping[str, Array | int]],
    kind: SwapKind,
    *,
    wanted: Sequence[str] | None = None,
) -> dict[str, Array]:
    """The columns `wanted` (None: the outputs) under an interchange intervention.

    Each variable of `kind` takes the value that it has in the solution of its source, and the
    model is solved for `base` under that intervention (Geiger et al., *Causal Abstractions of
    Neural Networks*, 2021). Only the swapped variables are solved for in the sources.
    """
    names = list(model.outputs if wanted is None else wanted)
    batch = _Batch([column for setting in (base, *sources) for column in setting.values()])
    swapped = batch.swapped(model.total, sources, kind)
    registers = batch.solve(model.total, base, names, swapped)
    program = batch.program([registers[name] for name in names])
    return dict(zip(names, batch.run(program), strict=True))


def pair_columns(
    model: CausalModel,
    base: Mapping[str, Array | int],
    sources: Sequence[Mapping[str, Array | int]],
    kind: SwapKind,
    wanted: Sequence[Expression],
    *,
    source_names: Sequence[str] = ("source",),
) -> list[Array]:
    """The columns of expressions over pairs, all computed in one go.

    A reference `base.x` is x in the base's solution, `source.x` (or `s1.x`, by `source_names`) in
    a source's, and `result.x` in the base's under the interchange of `kind`: filters, balanced
    values and labels of a counterfactual design. Where one has no value its column holds some code;
    `Defined` says where.
    """
    return PairExpressions(model, kind, wanted, source_names).columns(base, sources)


class PairExpressions:
    """What `pair_columns` computes, for those who compute it again and again: a program is made
    once for all pairs whose columns are given in the same way, in about as many rows.
    """

    def __init__(
        self,
        model: CausalModel,
        kind: SwapKind,
        wanted: Sequence[Expression],
        source_names: Sequence[str] = ("source",),
    ) -> None:
        self._model = model.total
        self._kind = kind
        sides = ("base", *source_names, "result")
        totals = Totals({f"{side}.{name}" for name in partial_names(model.total) for side in sides})
        self._wanted = [totals.of(one).value for one in wanted]
        self._source_names = source_names
        self._read: dict[str, list[str]] = {}
        for name in dict.fromkeys(name for one in self._wanted for name in references(one)):
            side, _, variable = name.partition(".")
            self._read.setdefault(side, []).append(variable)
        self._programs: dict[_Layout, Program] = {}

    def columns(
        self, base: Mapping[str, Array | int], sources: Sequence[Mapping[str, Array | int]]
    ) -> list[Array]:
        """The columns of the expressions over these pairs."""
        batch = _Batch([column for setting in (base, *sources) for column in setting.values()])
        layout = batch.layout((base, *sources))
        program = self._programs.get(layout)
        if program is None:
            program = self._programs[layout] = self._lowered(batch, base, sources)
        return batch.run(program)

    def _lowered(
        self, batch: _Batch, base: Mapping[str, Any], sources: Sequence[Mapping[str, Any]]
    ) -> Program:
        environment: dict[str, int] = {}

        def enter(side: str, registers: Mapping[str, int]) -> None:
            names = self._read.get(side, ())
            environment.update({f"{side}.{name}": registers[name] for name in names})

        model, read = self._model, self._read
        enter("base", batch.solve(model, base, read.get("base", [])))
        for name, source in zip(self._source_names, sources, strict=True):
            enter(name, batch.solve(model, source, read.get(name, [])))
        if "result" in read:
            swapped = batch.swapped(model, sources, self._kind)
            enter("result", batch.solve(model, base, read["result"], swapped))
        return batch.program(batch.lower(self._wanted, environment))


def evaluate_columns(
    wanted: Sequence[Expression],
    columns: Mapping[str, Array | int],
    domains: Mapping[str, Domain],
) -> list[Array]:
    """The columns of expressions whose references are columns of the given domains."""
    batch = _Batch(columns.values())
    names = dict.fromkeys(name for one in wanted for name in references(one))
    environment = {n: batch.enter(columns[n], interval_of(domains[n])) for n in names}
    total = [Totals(()).of(one).value for one in wanted]
    return batch.run(batch.program(batch.lower(total, environment)))


_Layout: TypeAlias = tuple[int, tuple[tuple[tuple[str, int | None, int], ...], ...]]
"""All that a program depends on of the columns: see `_Batch.layout`."""


class _Batch:
    """The columns of one call, the program built over them so far, and how to run it."""

    def __init__(self, given: Iterable[Any]) -> None:
        given = list(given)
        self._arrays = library_of(given)
        columns = [one for one in given if not isinstance(one, int)]
        lengths = {len(one) for one in columns}
        if len(lengths) > 1:
            raise InternalError(f"columns of different lengths: {sorted(lengths)}")
        self._rows: int = lengths.pop() if lengths else 1
        self._width: int = max((self._arrays.width(one) for one in columns), default=64)
        self._columns = list({id(one): one for one in columns}.values())
        self._numbers = {id(one): number for number, one in enumerate(self._columns)}
        # Rounded, so that a few more or fewer rows get the same program.
        self._largest_table = 1 << min(TABLE_LIMIT, self._rows // 8).bit_length() >> 1
        self._builder = ProgramBuilder()

    def enter(self, column: Any, interval: Interval) -> int:
        """The register of a given column, or of a constant."""
        if isinstance(column, int):
            return self._builder.constant(column)
        return self._builder.load(self._numbers[id(column)], interval)

    def layout(self, settings: Sequence[Mapping[str, Any]]) -> _Layout:
        """How large tables may be, and which column, or constant, each name has in each setting."""
        return self._largest_table, tuple(
            tuple(
                (name, None, one) if isinstance(one, int) else (name, self._numbers[id(one)], 0)
                for name, one in setting.items()
            )
            for setting in settings
        )

    def solve(
        self,
        model: CausalModel,
        given: Mapping[str, Any],
        wanted: Iterable[str],
        swapped: Mapping[str, int] | None = None,
    ) -> dict[str, int]:
        """The registers of the variables that `wanted` depends on, of a total model. `given` are
        columns of inputs and interventions, `swapped` registers of further interventions.
        """
        registers = dict(swapped or {})
        needed = set(wanted)
        always = {defined_name(name) for name in given} - given.keys()
        if not model.by_name.keys() >= needed:
            always |= {defined_name(name) for name in model.by_name} - model.by_name.keys()
        for name in always - registers.keys():
            registers[name] = self._builder.constant(1)
        for variable in reversed(model.variables):
            computed = variable.name not in given and variable.name not in registers
            if variable.name in needed and computed:
                needed.update(variable.parents)
        for variable in model.variables:
            name = variable.name
            if name not in needed or name in registers:
                continue
            if name in given:
                registers[name] = self.enter(given[name], interval_of(variable.domain))
            elif variable.mechanism is None:
                raise InternalError(f"no column for `{name}` of `{model.name}`")
            else:
                registers[name] = self._builder.tabulated(variable, registers, self._largest_table)
        return registers

    def swapped(
        self, model: CausalModel, sources: Sequence[Mapping[str, Any]], kind: SwapKind
    ) -> dict[str, int]:
        """The registers of the values that an interchange intervention puts in."""
        registers: dict[str, int] = {}
        for number in dict.fromkeys(kind.sources):
            pairs = zip(kind.variables, kind.sources, strict=True)
            names = [name for name, source in pairs if source == number]
            flags = map(defined_name, names)
            names += [name for name in flags if name in model.by_name]
            inner = kind.within_source(number)
            changed = None if inner is None else self.swapped(model, sources, inner)
            solution = self.solve(model, sources[number], names, changed)
            registers.update({name: solution[name] for name in names})
        return registers

    def lower(self, wanted: Sequence[Expression], environment: Mapping[str, int]) -> list[int]:
        memory: dict[int, int] = {}
        return [self._builder.lower(postorder(one), environment, memory) for one in wanted]

    def program(self, results: Sequence[int]) -> Program:
        """What computes the registers `results`."""
        return self._builder.finish(results)

    def run(self, program: Program) -> list[Any]:
        """The columns of a program made for this batch, or for one of the same layout."""
        return run(program, self._columns, self._rows, self._arrays, self._width)


def mechanism_intervals(model: CausalModel) -> dict[str, Interval]:
    """Bounds on what each mechanism of a total model gives, by interval arithmetic: sound, seldom
    tight. They hold under interventions on other variables too.
    """
    builder = ProgramBuilder()
    registers: dict[str, int] = {}
    intervals: dict[str, Interval] = {}
    for number, variable in enumerate(model.variables):
        interval = interval_of(variable.domain)
        if variable.mechanism is not None:
            lowered = builder.lower(variable.nodes, registers, {})
            intervals[variable.name] = builder.interval(lowered)
            interval = interval.hull(intervals[variable.name])
        registers[variable.name] = builder.load(number, interval)
    return intervals
