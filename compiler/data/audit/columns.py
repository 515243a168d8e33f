"""Which column of a file holds which variable of a design.

Names are found by themselves where they differ in punctuation and case only (`base_amount` for
`base.amount`); the rest is said by a column map.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from causalspec.compiler.data.audit.rows import RowFile
from causalspec.compiler.data.audit.values import written
from causalspec.compiler.data.conditions import PairKind, source_names
from causalspec.compiler.derived_models import source_prefix
from causalspec.compiler.domains import Domain, Symbols
from causalspec.compiler.expressions import Reference
from causalspec.compiler.specification import CounterfactualDesign, PairExpression
from causalspec.dsl.diagnostics import Diagnostic, SpecError, ToolFailure, closest
from causalspec.dsl.source import Source, Span

KIND = "kind"
"""The column that names each row's kind of intervention, where a design has several."""


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """What the user says of a file: its column for a name, and its word for a value.

    `columns["base.amount"]` is a column's name, `values["label.answer"]["1"]` a value's own text.
    """

    columns: Mapping[str, str] = field(default_factory=dict[str, str])
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])


@dataclass(frozen=True, slots=True)
class Wanted:
    """Something that a row can say: `base.amount`. `required` where no label follows without it."""

    name: str
    aliases: tuple[str, ...]
    domain: Domain
    required: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """The column of a file for each name that it holds, and the columns that nothing reads.

    `guessed` are those found by a name that is not quite the one looked for.
    """

    columns: Mapping[str, str]
    guessed: Mapping[str, str]
    unread: tuple[str, ...]


def read_column_map(path: Path) -> ColumnMap:
    """A map from TOML or JSON: a table `columns`, and where words differ a table `values`.

    Raises `ToolFailure` for a file that is none.
    """
    try:
        text = path.read_text(encoding="utf-8")
        content: Any = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
    except OSError as error:
        raise ToolFailure(f"can't read `{path}`: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:  # the libraries' errors, text that is not UTF-8
        raise ToolFailure(f"the column map `{path}` is not well formed: {error}") from error
    tables = _table(path, content)
    if not set(tables) <= {"columns", "values"}:
        raise _no_map(path)
    columns = _table(path, tables.get("columns", {}))
    values = {
        name: _table(path, words) for name, words in _table(path, tables.get("values", {})).items()
    }
    return ColumnMap(
        {name: str(column) for name, column in columns.items()},
        {
            name: {word: written(value) for word, value in words.items()}
            for name, words in values.items()
        },
    )


def _table(path: Path, content: Any) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise _no_map(path)
    return cast(dict[str, Any], content)


def _no_map(path: Path) -> ToolFailure:
    advice = """write
    [columns]
    "base.amount" = "base_price"
    [values."label.answer"]
    "1" = "Yes\""""
    return ToolFailure(f"the column map `{path}` is not made of `columns` and `values`", advice)


def wanted_of(design: CounterfactualDesign, by: Sequence[str]) -> tuple[Wanted, ...]:
    """Everything that a row of the design can say, `by` being what strata are made of."""
    model, names = design.model, source_names(design)
    read = (*(f"result.{name}" for name in model.outputs), *by)
    labels = tuple(PairExpression(Reference(name), design.span) for name in read)
    requested = replace(
        design, keep=labels, balance=None, cover=(), distinctions=(), derivations=()
    )
    relevant = {name for kind in PairKind.all_of(requested) for name in kind.relevant}
    exogenous = model.exogenous

    def domain(name: str) -> Domain:
        return model.by_name[name].domain

    found: list[Wanted] = []
    if len(design.kinds) > 1:
        kinds = Symbols(tuple(kind.name for kind in design.kinds), "a kind of intervention")
        found.append(Wanted(KIND, ("swap", "intervention"), kinds, True))
    for name in exogenous:
        found.append(Wanted(f"base.{name}", (), domain(name), f"base.{name}" in relevant))
    for k, side in enumerate(names):
        for name in exogenous:
            needed = f"{source_prefix(k)}.{name}" in relevant
            aliases = (f"sources.{side}.{name}",)
            found.append(Wanted(f"{side}.{name}", aliases, domain(name), needed))
    for name in model.outputs:
        aliases = ("label", "labels") if len(model.outputs) == 1 else ()
        found.append(Wanted(f"label.{name}", aliases, domain(name), True))
    for name in model.outputs:
        found.append(Wanted(f"base.{name}", (f"base_outputs.{name}",), domain(name), False))
        for side in names:
            aliases = (f"source_outputs.{side}.{name}",)
            found.append(Wanted(f"{side}.{name}", aliases, domain(name), False))
    return tuple(found)


def lay_out(file: RowFile, wanted: Sequence[Wanted], told: ColumnMap) -> Layout:
    """The column for each name. Raises `SpecError` with CS530 and CS533 for what is missing."""
    problems = list(_misnamed(file, wanted, told))
    folded: dict[str, list[str]] = {}
    for column in file.columns:
        folded.setdefault(_folded(column), []).append(column)
    columns: dict[str, str] = {}
    guessed: dict[str, str] = {}
    for value in wanted:
        column = told.columns.get(value.name) or _exact(value, file.columns)
        if column is None:
            column = _similar(value, folded)
            guessed |= {} if column is None else {value.name: column}
        if column is not None:
            columns[value.name] = column
    used = set(columns.values())
    unread = tuple(column for column in file.columns if column not in used)
    if not problems:
        missing = [value for value in wanted if value.required and value.name not in columns]
        problems += [_missing(file, value.name, unread) for value in missing]
        problems += [
            Diagnostic("CS532", f"the file has two columns called `{column}`", file.header())
            for column in dict.fromkeys(columns.values())
            if file.columns.count(column) > 1
        ]
    if problems:
        raise SpecError(problems)
    return Layout(columns, guessed, unread)


def _folded(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _exact(value: Wanted, columns: Sequence[str]) -> str | None:
    return next((name for name in (value.name, *value.aliases) if name in columns), None)


def _similar(value: Wanted, folded: Mapping[str, Sequence[str]]) -> str | None:
    near = (folded.get(_folded(name), ()) for name in (value.name, *value.aliases))
    return next((columns[0] for columns in near if len(columns) == 1), None)


def _missing(file: RowFile, name: str, unread: Sequence[str]) -> Diagnostic:
    near = closest(name, unread)
    if near is not None:
        advice = f"did you mean `{near}`? say so with --column {name}={near}"
    elif unread:
        listed = ", ".join(f"`{column}`" for column in unread[:8])
        more = ", …" if len(unread) > 8 else ""
        advice = f"columns that nothing is read from: {listed}{more}; "
        advice += f"say which it is with --column {name}=COLUMN"
    else:
        advice = "every column of the file is read as something else"
    message = f"the data has no column for `{name}`"
    return Diagnostic("CS530", message, file.header(), advice)


def _misnamed(file: RowFile, wanted: Sequence[Wanted], told: ColumnMap) -> Iterator[Diagnostic]:
    """What a column map says that cannot be."""
    domains = {value.name: value.domain for value in wanted}
    for name, column in told.columns.items():
        text = f"{name}={column}"
        source = Source("column map", text)
        if name not in domains:
            near = closest(name, domains)
            hint = f"did you mean `{near}`?" if near else f"there are {', '.join(domains)}"
            place = Span(source, 0, len(name))
            yield Diagnostic("CS533", f"`{name}` is nothing that a row says", place, hint)
        if column not in file.columns:
            near = closest(column, file.columns)
            listed = ", ".join(f"`{column}`" for column in file.columns[:8])
            hint = f"did you mean `{near}`?" if near else f"the file has {listed}"
            place = Span(source, len(name) + 1, len(text))
            yield Diagnostic("CS533", f"the file has no column `{column}`", place, hint)
    for name, words in told.values.items():
        if name not in domains:
            near = closest(name, domains)
            hint = f"did you mean `{near}`?" if near else f"there are {', '.join(domains)}"
            place = Span(Source("column map", name), 0, len(name))
            yield Diagnostic("CS533", f"`{name}` is nothing that a row says", place, hint)
            continue
        from causalspec.compiler.front.values import described
        from causalspec.compiler.written_values import code_of

        for word, value in words.items():
            if code_of(domains[name], value) is None:
                text = f"{name}: {word} = {value}"
                place = Span(Source("column map", text), len(text) - len(value), len(text))
                message = f"`{value}` is not a value of `{name}`, {described(domains[name])}"
                yield Diagnostic("CS533", message, place)
