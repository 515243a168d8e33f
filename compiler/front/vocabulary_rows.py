"""Rows of the vocabulary by the names that a file writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from causalspec.compiler.entries import Entry
from causalspec.compiler.front.names import Compilation
from causalspec.compiler.vocabulary import BUILT_IN, Vocabulary, full_vocabulary
from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Fix

_Row = TypeVar("_Row", bound=Entry)


def find_row(
    name: str, rows_of: Callable[[Vocabulary], Mapping[str, _Row]]
) -> tuple[_Row | None, Mapping[str, _Row]]:
    """The row of a name, and the rows that it was sought among. Installed packages are asked only
    where the language itself does not have the name.

    Raises `ToolFailure` where a package's rows cannot be had.
    """
    rows = rows_of(BUILT_IN)
    if name not in rows:
        rows = rows_of(full_vocabulary())
    return rows.get(name), rows


def row_of(
    compilation: Compilation,
    what: str,
    name: syntax.Name,
    rows_of: Callable[[Vocabulary], Mapping[str, _Row]],
    code: str,
) -> _Row | None:
    """The row of a name, None with the reason reported."""
    found, rows = find_row(name.text, rows_of)
    if found is not None:
        compilation.meanings.note(name.span, found)
        return found
    meant = next((one.name for one in rows.values() if name.text in one.also), None)
    if meant is None:
        compilation.unknown(what, name, rows, code=code, help="`causalspec vocabulary` lists them")
    else:
        compilation.error(
            code,
            f"unknown {what} `{name.text}`",
            name.span,
            help=f"here it is called `{meant}`",
            fix=Fix(name.span, meant, f"write `{meant}`"),
        )
    return None
