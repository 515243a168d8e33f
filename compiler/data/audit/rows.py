"""Rows of a data set that somebody made, whatever its form: chunk by chunk.

Only the columns that are asked for become lists; cells stay as the file has them. A row that is
broken raises `SpecError` with the file's own line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from causalspec.dsl.diagnostics import Diagnostic, SpecError
from causalspec.dsl.source import Source, Span

CHUNK_ROWS = 1 << 13


@dataclass(frozen=True, eq=False)
class Excerpt(Source):
    """Some lines of a long file, numbered as they are there."""

    first_line: int = field(default=1, kw_only=True)

    def position(self, offset: int) -> tuple[int, int]:
        line, column = super().position(offset)
        return line + self.first_line - 1, column

    def line(self, number: int) -> str:
        return super().line(number - self.first_line + 1)


@dataclass(frozen=True, eq=False)
class Encoded:
    """A column as its distinct cells, and for each row the place among them."""

    cells: Sequence[Any]
    places: NDArray[np.integer[Any]]

    def __getitem__(self, row: int) -> Any:
        return self.cells[int(self.places[row])]


Cells: TypeAlias = Sequence[Any] | Encoded


@dataclass(frozen=True, eq=False)
class Chunk:
    """Some rows: the cells of every column asked for, and the line of each row."""

    columns: Mapping[str, Cells]
    lines: Sequence[int]

    def __len__(self) -> int:
        return len(self.lines)


class RowFile(Protocol):
    """A file of rows. `columns` are its column names, nested ones with dots."""

    path: Path
    columns: tuple[str, ...]
    is_text: bool

    def chunks(self, wanted: Sequence[str]) -> Iterator[Chunk]:
        """The rows in order, with the cells of the `wanted` columns."""
        ...

    def header(self) -> Span:
        """Where the columns are named, for messages."""
        ...


def broken(
    path: Path, line: int, message: str, help: str | None = None, *, is_text: bool = True
) -> SpecError:
    """A row that can't be read as its form says."""
    source = Excerpt(str(path), line_of(path, line) if is_text else "", first_line=line)
    return SpecError([Diagnostic("CS532", message, Span(source, 0, len(source.text)), help)])


def line_of(path: Path, number: int) -> str:
    """A line of a text file, read again: only messages need it."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        return next(islice(file, number - 1, None), "").rstrip("\r\n")
