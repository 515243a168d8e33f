"""CSV and JSON Lines as rows of cells, with the line that each row stands on.

Rows are taken apart a few at a time, while they are in the processor's cache.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate, chain, islice
from operator import itemgetter
from pathlib import Path
from typing import Any, NoReturn, TextIO, cast

from ....dsl.source import Source, Span
from .rows import CHUNK_ROWS, Chunk, broken, line_of

_ROWS_AT_A_TIME = 64


@contextmanager
def _opened(path: Path) -> Generator[TextIO]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        try:
            yield file
        except UnicodeDecodeError as error:
            line = _first_undecodable(path)
            raise broken(path, line, f"the file is not UTF-8 in line {line}") from error


def _first_undecodable(path: Path) -> int:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number
    return 1


class Csv:
    """Comma or tab separated, the first row naming the columns."""

    is_text = True

    def __init__(self, path: Path, delimiter: str) -> None:
        self.path = path
        self._delimiter = delimiter
        with _opened(path) as file:
            self.columns: tuple[str, ...] = tuple(next(self._rows(file), ()))
        if not self.columns:
            raise broken(path, 1, "the file names no columns in its first line")

    def header(self) -> Span:
        """The first line."""
        text = line_of(self.path, 1)
        return Span(Source(str(self.path), text), 0, len(text))

    def _rows(self, lines: Iterable[str]) -> Any:
        return csv.reader(lines, delimiter=self._delimiter, strict=True)

    def chunks(self, wanted: Sequence[str]) -> Iterator[Chunk]:
        """The rows in order, with the cells of the `wanted` columns."""
        places = [self.columns.index(name) for name in wanted]
        with _opened(self.path) as file:
            reader = self._rows(file)
            next(reader)
            while True:
                cells: list[list[str]] = [[] for _ in wanted]
                lines: list[int] = []
                while len(lines) < CHUNK_ROWS:
                    rows = self._some(reader, lines)
                    if not rows:
                        break
                    columns = list(zip(*rows, strict=True))
                    for column, place in zip(cells, places, strict=True):
                        column.extend(columns[place])
                if not lines:
                    return
                yield Chunk(dict(zip(wanted, cells, strict=True)), lines)

    def _some(self, reader: Any, lines: list[int]) -> list[list[str]]:
        """A few rows; the lines that they start on are added to `lines`."""
        start = reader.line_num + 1
        rows: list[list[str]] = []
        try:
            rows.extend(islice(reader, _ROWS_AT_A_TIME))
        except csv.Error as error:
            start += sum(map(_lines_of, rows))
            raise broken(self.path, start, f"the row is no CSV: {error}") from error
        if reader.line_num + 1 - start == len(rows):
            starts: Sequence[int] = range(start, start + len(rows))
        else:
            starts = list(accumulate(map(_lines_of, rows), initial=start))[:-1]
        width = len(self.columns)
        if set(map(len, rows)) <= {width}:
            lines.extend(starts)
            return rows
        kept: list[list[str]] = []
        for row, line in zip(rows, starts, strict=True):
            if len(row) not in (0, width):  # a blank line is no row
                cells = "1 cell" if len(row) == 1 else f"{len(row)} cells"
                raise broken(self.path, line, f"the row has {cells}, the header {width}")
            if row:
                kept.append(row)
                lines.append(line)
        return kept or self._some(reader, lines)


def _lines_of(row: Sequence[str]) -> int:
    """How many lines a row stands on, its cells holding line breaks."""
    text = "".join(row)
    return 1 + text.count("\n") + text.count("\r") - text.count("\r\n")


class JsonLines:
    """An object a line; columns are those of the first."""

    is_text = True

    def __init__(self, path: Path) -> None:
        self.path = path
        self._decode: Callable[[str], tuple[Any, int]] = json.JSONDecoder().raw_decode
        with _opened(path) as file:
            filled = ((k, line) for k, line in enumerate(file, 1) if line.strip())
            self._first, line = next(filled, (1, "{}"))
        self._paths = dict(_leaves((), self._objects([line], [self._first])[0]))
        self.columns = tuple(self._paths)
        if not self.columns:
            raise broken(path, self._first, "the file has no row that names its columns")

    def header(self) -> Span:
        """The first row: later ones must have what it has."""
        text = line_of(self.path, self._first)
        return Span(Source(str(self.path), text), 0, len(text))

    def chunks(self, wanted: Sequence[str]) -> Iterator[Chunk]:
        """The rows in order, with the cells of the `wanted` columns."""
        with _opened(self.path) as file:
            read = 0
            while True:
                cells: list[list[Any]] = [[] for _ in wanted]
                lines: list[int] = []
                while len(lines) < CHUNK_ROWS:
                    some = list(islice(file, _ROWS_AT_A_TIME))
                    if not some:
                        break
                    numbers: Sequence[int] = range(read + 1, read + len(some) + 1)
                    read += len(some)
                    if any(map(str.isspace, some)):
                        numbers = [n for n, line in zip(numbers, some, strict=True) if line.strip()]
                        some = [line for line in some if line.strip()]
                    rows = self._objects(some, numbers)
                    known: dict[tuple[str, ...], Sequence[Any]] = {(): rows}
                    for column, name in zip(cells, wanted, strict=True):
                        column.extend(self._column(self._paths[name], known, numbers))
                    lines.extend(numbers)
                if not lines:
                    return
                yield Chunk(dict(zip(wanted, cells, strict=True)), lines)

    def _objects(self, lines: Sequence[str], numbers: Sequence[int]) -> list[Any]:
        rows: list[Any] = []
        for line in lines:
            text = line.strip()
            try:
                row, end = self._decode(text)
            except ValueError as error:
                number = numbers[len(rows)]
                raise broken(self.path, number, f"the row is no JSON: {error}") from error
            if end != len(text) or type(row) is not dict:
                raise broken(self.path, numbers[len(rows)], "the row is not one JSON object")
            rows.append(row)
        return rows

    def _column(
        self,
        path: tuple[str, ...],
        known: dict[tuple[str, ...], Sequence[Any]],
        numbers: Sequence[int],
    ) -> Sequence[Any]:
        """The cells at a path; `known` are those at shorter ones, which several columns share."""
        if path not in known:
            outer = self._column(path[:-1], known, numbers)
            try:
                known[path] = list(map(itemgetter(path[-1]), outer))
            except (KeyError, TypeError, IndexError):
                self._lacking(outer, path[-1], ".".join(path), numbers)
        return known[path]

    def _lacking(
        self, cells: Sequence[Any], key: str, name: str, numbers: Sequence[int]
    ) -> NoReturn:
        lacking = [not isinstance(cell, dict) or key not in cell for cell in cells]
        number = numbers[lacking.index(True)]
        raise broken(self.path, number, f"the row has no `{name}`, the first row has")


def _leaves(path: tuple[str, ...], value: Any) -> Iterator[tuple[str, tuple[str, ...]]]:
    if isinstance(value, dict):
        inner = cast(dict[str, Any], value)
        yield from chain.from_iterable(_leaves((*path, key), one) for key, one in inner.items())
    else:
        yield ".".join(path), path
