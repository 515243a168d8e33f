"""Labels that somebody wrote, beside those that follow from the model.

Every label of a data set is derived anew, as an interchange intervention on the row's own base and
sources (Geiger et al., "Causal Abstractions of Neural Networks", 2021), and compared. The file is
read chunk by chunk and labelled column by column.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler.data.audit.columns import (
    KIND,
    ColumnMap,
    Layout,
    Wanted,
    lay_out,
    wanted_of,
)
from causalspec.compiler.data.audit.made_inputs import made_inputs
from causalspec.compiler.data.audit.places import cell_span
from causalspec.compiler.data.audit.rows import Chunk, RowFile
from causalspec.compiler.data.audit.values import UNREADABLE, CellReader, written
from causalspec.compiler.data.conditions import source_names
from causalspec.compiler.derived_models import interchanged, on_pair, on_sides
from causalspec.compiler.domains import Domain, Numbers
from causalspec.compiler.evaluators.columns import ColumnExpression, Columns
from causalspec.compiler.evaluators.vectorize import ColumnProgram
from causalspec.compiler.expressions import Defined, Reference
from causalspec.compiler.front.values import described
from causalspec.compiler.model import CausalModel, Role
from causalspec.compiler.specification import CounterfactualDesign
from causalspec.compiler.wording import value_text
from causalspec.dsl.diagnostics import Diagnostic, SpecError, closest

MOST_PROBLEMS = 20
"""After so many cells that can't be read, the rest of the file is not looked at."""

LONGEST_QUOTED = 60
"""So many characters of a cell that can't be read are shown."""

MOST_STRATA = 12
"""Rows are counted by a label of at most so many values, unless something else is asked for."""

_LABEL = "label"

_UNDEFINED = UNREADABLE + 1
"""Stands for what the hypothesis gives no value: no cell of a file says that."""

Truth = NDArray[np.bool_]
Codes = Mapping[str, NDArray[np.int64]]


@dataclass(frozen=True, slots=True)
class WrongRow:
    """A row with a label that does not follow, or a derived source that is not what it is made of:
    what it says and what it should be, by name; `undefined` where that has no value.
    """

    row: int  # from 1
    line: int
    kind: str
    given: Mapping[str, str]  # `base.amount`, `source.amount`, …
    stated: Mapping[str, str]
    derived: Mapping[str, str]


@dataclass(slots=True)
class StratumErrors:
    """Rows of one stratum, and those of them that are wrong."""

    rows: int = 0
    wrong: int = 0


@dataclass(slots=True)
class Audit:
    """What an audit found. `outside` rows have a base or source that the task does not admit."""

    design: CounterfactualDesign
    layout: Layout
    by: tuple[str, ...]
    rows: int = 0
    wrong: int = 0
    outside: int = 0
    strata: dict[tuple[str, ...], StratumErrors] = field(
        default_factory=dict[tuple[str, ...], StratumErrors]
    )
    wrong_rows: list[WrongRow] = field(default_factory=list[WrongRow])

    @property
    def share(self) -> float:
        """The share of wrong rows; not a number without rows."""
        return self.wrong / self.rows if self.rows else float("nan")


def strata_names(design: CounterfactualDesign) -> tuple[str, ...]:
    """What strata can be made of: `kind`, and every variable on every side of a pair."""
    sides = ("base", *source_names(design), "result")
    return (KIND, *(f"{side}.{name}" for side in sides for name in design.model.by_name))


def with_abbreviations(design: CounterfactualDesign, task: CausalModel) -> CounterfactualDesign:
    """The design over a model that keeps the task's abbreviations, so that rows can be counted by
    them: a compiled model has only those that it reads.
    """
    known = design.model.by_name
    added = [variable for variable in task.variables if variable.role is Role.ABBREVIATION]
    added = [variable for variable in added if variable.name not in known]
    return replace(design, model=replace(design.model, variables=(*known.values(), *added)))


def audit(
    design: CounterfactualDesign,
    file: RowFile,
    told: ColumnMap,
    by: Sequence[str] | None = None,
    *,
    most: int | None = None,
) -> Audit:
    """Derive and compare every label of a file.

    `by` names what strata are made of (None: the kind, and labels of few values); at most `most`
    wrong rows are listed.

    Raises `SpecError` with CS530 to CS533 for columns, cells and rows that cannot be read,
    `LookupError` for a name in `by` that is none.
    """
    if by is None:
        by = (*((KIND,) if len(design.kinds) > 1 else ()), *_few_results(design))
    for name in by:
        if name not in strata_names(design):
            near = closest(name, strata_names(design))
            hint = f"did you mean `{near}`?" if near else "write `kind`, or `base.` and a variable"
            raise LookupError(f"no stratum can be made of `{name}`: {hint}")
    wanted = wanted_of(design, [name for name in by if name != KIND])
    layout = lay_out(file, wanted, told)
    found = Audit(design, layout, tuple(by))
    auditor = _Auditor(found, wanted, most)
    for chunk, codes in _readable(file, layout, wanted, told):
        auditor.add(chunk, codes)
    return found


def _few_results(design: CounterfactualDesign) -> Iterator[str]:
    """The derived labels that a table of strata has room for."""
    for name in design.model.outputs:
        if design.model.by_name[name].domain.size <= MOST_STRATA:
            yield f"result.{name}"


def _readable(
    file: RowFile, layout: Layout, wanted: Sequence[Wanted], told: ColumnMap
) -> Iterator[tuple[Chunk, Codes]]:
    """The chunks as codes; once a cell is not a value, the rest is searched for more of these."""
    present = [value for value in wanted if value.name in layout.columns]
    readers = {
        value.name: CellReader(value.domain, told.values.get(value.name, {})) for value in present
    }
    problems: list[Diagnostic] = []
    for chunk in file.chunks(list(dict.fromkeys(layout.columns.values()))):
        codes: dict[str, NDArray[np.int64]] = {}
        for value in present:
            cells = chunk.columns[layout.columns[value.name]]
            codes[value.name] = readers[value.name].codes(cells)
            bad: list[int] = np.flatnonzero(codes[value.name] == UNREADABLE).tolist()
            for row in bad[:MOST_PROBLEMS]:
                problems.append(_unreadable(file, chunk, row, layout, value))
        if len(problems) >= MOST_PROBLEMS:
            break
        if not problems:
            yield chunk, codes
    if problems:
        problems.sort(key=lambda problem: problem.span.source.position(problem.span.start))
        raise SpecError(problems[:MOST_PROBLEMS])


def _unreadable(file: RowFile, chunk: Chunk, row: int, layout: Layout, value: Wanted) -> Diagnostic:
    column = layout.columns[value.name]
    cell = chunk.columns[column][row]
    text = written(cell)
    near = None
    if len(text) > LONGEST_QUOTED:
        text = f"{text[:LONGEST_QUOTED]}…"
    elif not isinstance(value.domain, Numbers):
        near = closest(text, _texts(value.domain))
    what = f"`{text}` in column `{column}`" if text else f"the empty cell in column `{column}`"
    return Diagnostic(
        "CS531",
        f"{what} is not a value of `{value.name}`, {described(value.domain)}",
        cell_span(file, chunk, row, column, cell),
        f"did you mean `{near}`?" if near else None,
    )


def _texts(domain: Domain) -> list[str]:
    return [domain.text(code) for code in domain.codes()[:10_000]]


class _Auditor:
    """Adds chunk after chunk to an audit."""

    def __init__(self, found: Audit, wanted: Sequence[Wanted], most: int | None) -> None:
        self._found = found
        self._design = found.design
        self._names = source_names(found.design)
        self._labels = [value.name for value in wanted if _is_checked(value.name, found)]
        self._most = most
        strata = [name for name in found.by if name != KIND]
        self._made = made_inputs(found.design, found.layout.columns)
        self._derived = list(dict.fromkeys((*map(_derived_as, self._labels), *strata)))
        read = [Reference(name) for name in self._derived]
        wanted_on_pair = [on_pair(name, self._names) for name in (*read, *map(Defined, read))]
        numbers = range(len(self._names))
        self._programs = [
            ColumnProgram(interchanged(self._design.model, kind, numbers), wanted_on_pair)
            for kind in self._design.kinds
        ]
        requirement = found.design.model.requirement
        self._required = (
            None
            if requirement is None
            else ColumnExpression.of(requirement, found.design.model.by_name)
        )

    def add(self, chunk: Chunk, codes: Codes) -> None:
        """Derive the labels of a chunk, and note what is wrong with it."""
        rows = len(chunk)
        kinds = codes.get(KIND, np.zeros(rows, dtype=np.int64))
        derived = {name: np.zeros(rows, dtype=np.int64) for name in self._derived}
        for number, program in enumerate(self._programs):
            chosen = np.flatnonzero(kinds == number)
            if len(chosen):
                base, *sources = [self._side(codes, one, chosen) for one in ("base", *self._names)]
                columns = program.columns(on_sides(base, sources))
                half = len(columns) // 2
                for name, value, defined in zip(
                    derived, columns[:half], columns[half:], strict=True
                ):
                    derived[name][chosen] = np.where(defined, value, np.int64(_UNDEFINED))
        if self._made:
            every = np.arange(rows)
            base, *sources = (self._side(codes, side, every) for side in ("base", *self._names))
            for name, made in self._made.items():
                derived[name] = made.over(on_sides(base, sources), rows, _UNDEFINED)
        wrong = np.zeros(rows, dtype=np.bool_)
        for name in (*self._labels, *self._made):
            wrong |= codes[name] != derived[_derived_as(name)]
        self._found.outside += self._outside(codes, rows)
        self._count(wrong, [kinds if name == KIND else derived[name] for name in self._found.by])
        for row in np.flatnonzero(wrong).tolist():
            if self._most is not None and len(self._found.wrong_rows) >= self._most:
                break
            self._found.wrong_rows.append(self._wrong_row(chunk, codes, derived, kinds, row))
        self._found.rows += rows
        self._found.wrong += int(np.count_nonzero(wrong))

    def _side(self, codes: Codes, side: str, chosen: NDArray[np.intp]) -> Columns:
        """The columns of base or source. What the file lacks is not needed, and any value does."""
        model = self._design.model
        columns: dict[str, NDArray[np.int64]] = {}
        for name in model.exogenous:
            column = codes.get(f"{side}.{name}")
            if column is None and name in model.noise and self._design.shared_noise:
                column = codes.get(f"base.{name}")
            unneeded = model.by_name[name].domain.codes()[0]
            columns[name] = (
                np.full(len(chosen), unneeded, dtype=np.int64) if column is None else column[chosen]
            )
        return columns

    def _outside(self, codes: Codes, rows: int) -> int:
        """Rows with a base or source that `require` does not admit, as far as columns tell."""
        if self._required is None:
            return 0
        admitted = np.ones(rows, dtype=np.bool_)
        for side in ("base", *self._names):
            if all(f"{side}.{name}" in codes for name in self._required.reads):
                columns = {name: codes[f"{side}.{name}"] for name in self._required.reads}
                admitted &= self._required.over(columns, rows).astype(np.bool_)
        return int(np.count_nonzero(~admitted))

    def _count(self, wrong: Truth, columns: Sequence[NDArray[np.int64]]) -> None:
        """Add the rows to their strata, where there are any."""
        if not columns:
            return
        cells = np.zeros(len(wrong), dtype=np.int64)
        for column in columns:
            values, places = np.unique(column, return_inverse=True)
            _, cells = np.unique(cells * len(values) + places, return_inverse=True)
        _, first, cells = np.unique(cells, return_index=True, return_inverse=True)
        totals: list[int] = np.bincount(cells).tolist()
        wrongs: list[int] = np.bincount(cells, weights=wrong).astype(np.int64).tolist()
        for row, total, bad in zip(first.tolist(), totals, wrongs, strict=True):
            codes = [int(column[row]) for column in columns]
            names = zip(self._found.by, codes, strict=True)
            errors = self._found.strata.setdefault(
                tuple(self._text(name, code) for name, code in names), StratumErrors()
            )
            errors.rows += total
            errors.wrong += bad

    def _text(self, name: str, code: int) -> str:
        if name == KIND:
            return self._design.kinds[code].name
        domain = self._design.model.by_name[name.rpartition(".")[2]].domain
        return value_text(domain, None if code == _UNDEFINED else code)

    def _wrong_row(
        self, chunk: Chunk, codes: Codes, derived: Codes, kinds: NDArray[np.int64], row: int
    ) -> WrongRow:
        given = [name for name in codes if name != KIND and name not in self._labels]
        wrong = [
            name
            for name in (*self._labels, *self._made)
            if codes[name][row] != derived[_derived_as(name)][row]
        ]
        return WrongRow(
            row=self._found.rows + row + 1,
            line=chunk.lines[row],
            kind=self._design.kinds[int(kinds[row])].name,
            given={name: self._text(name, int(codes[name][row])) for name in given},
            stated={name: self._text(name, int(codes[name][row])) for name in wrong},
            derived={
                name: self._text(name, int(derived[_derived_as(name)][row])) for name in wrong
            },
        )


def _is_checked(name: str, found: Audit) -> bool:
    """Whether a name is a label or another output that the file has, with all it follows from."""
    side, _, variable = name.partition(".")
    model = found.design.model
    if name not in found.layout.columns or variable not in model.outputs:
        return False
    given = (f"{side}.{name}" for name in model.exogenous)
    return side == _LABEL or all(name in found.layout.columns for name in given)


def _derived_as(label: str) -> str:
    """What a label is derived as: `label.answer` is `result.answer`, outputs are themselves."""
    side, _, output = label.partition(".")
    return f"result.{output}" if side == _LABEL else label
