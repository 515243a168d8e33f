"""CSV and JSON Lines as rows of cells, with the line that each row stands on."""

from __future__ import annotations

import csv
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from operator import itemgetter
from pathlib import Path
from typing import Any, Generic, TextIO, TypeVar, cast

from causalspec.compiler.data.audit.rows import CHUNK_ROWS, Chunk, broken, line_of
from causalspec.dsl.source import Source, Span

ROWS_AT_A_TIME = 64
"""So many rows are taken apart at once."""

LARGEST_CELL = 1 << 26
"""So many characters a cell of a CSV file may have; where one has more, a quote is not closed."""

MOST_NESTED = 64
"""So deep a column of JSON may lie; what lies deeper is left out."""

_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars", ",": "commas"}
_raw_decode = json.JSONDecoder().raw_decode
_MARK = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]')

Row = TypeVar("Row")


class TextRows(ABC, Generic[Row]):
    """A text file of rows."""

    is_text = True
    first_line = 1

    def __init__(self, path: Path) -> None:
        self.path = path
        self.columns: tuple[str, ...] = ()

    @abstractmethod
    def rows(self, file: TextIO) -> Iterator[tuple[int, Row]]:
        """The line that each row starts on, and the row. Raises `SpecError` with CS532."""

    @abstractmethod
    def cells(
        self, rows: Sequence[Row], wanted: Sequence[str], lines: Sequence[int]
    ) -> Iterator[Sequence[Any]]:
        """The cells of each of the `wanted` columns."""

    def chunks(self, wanted: Sequence[str]) -> Iterator[Chunk]:
        """The rows in order, with the cells of the `wanted` columns. They are taken apart a few at
        a time, while they are in the processor's cache.
        """
        with self.opened() as file:
            rows = self.rows(file)
            while True:
                columns: list[list[Any]] = [[] for _ in wanted]
                lines: list[int] = []
                while len(lines) < CHUNK_ROWS and (some := list(islice(rows, ROWS_AT_A_TIME))):
                    numbers, found = zip(*some, strict=True)
                    for column, cells in zip(
                        columns, self.cells(found, wanted, numbers), strict=True
                    ):
                        column.extend(cells)
                    lines.extend(numbers)
                if not lines:
                    return
                yield Chunk(dict(zip(wanted, columns, strict=True)), lines)

    def header(self) -> Span:
        """The line that names the columns."""
        text = line_of(self.path, self.first_line)
        return Span(Source(str(self.path), text), 0, len(text))

    @contextmanager
    def opened(self) -> Generator[TextIO]:
        """The file, in UTF-8. Raises `SpecError` with CS532 where it is not."""
        with self.path.open(encoding="utf-8-sig", newline="") as file:
            try:
                yield file
            except UnicodeDecodeError as error:
                line = _first_undecodable(self.path)
                raise broken(self.path, line, f"the file is not UTF-8 in line {line}") from error


def _first_undecodable(path: Path) -> int:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return number
    return 1


class Csv(TextRows[list[str]]):
    """Comma or tab separated, the first row naming the columns."""

    def __init__(self, path: Path, delimiter: str) -> None:
        super().__init__(path)
        self._delimiter = delimiter
        with self.opened() as file, _long_cells():
            try:
                names: list[str] = next(self._reader(file), list[str]())
            except csv.Error as error:
                raise broken(path, 1, f"the row is not CSV: {error}") from error
        self.columns = tuple(names)
        if not names:
            raise broken(path, 1, "the file names no columns in its first line")
        used = next((name for mark, name in _SEPARATORS.items() if mark in names[0]), None)
        if len(names) == 1 and used is not None:  # no data set has one column
            message = f"the cells are separated by {used}, not by {_SEPARATORS[delimiter]}"
            advice = "a .csv file has commas between its cells, a .tsv file tabs"
            raise broken(path, 1, message, advice)

    def _reader(self, file: TextIO) -> Any:
        return csv.reader(file, delimiter=self._delimiter, strict=True)

    def rows(self, file: TextIO) -> Iterator[tuple[int, list[str]]]:
        """The rows under the header; a blank line is not one."""
        reader, width, line = self._reader(file), len(self.columns), 1
        with _long_cells():
            try:
                for row in reader:
                    if len(row) == width:
                        if line > 1:
                            yield line, row
                    elif row:
                        cells = "1 cell" if len(row) == 1 else f"{len(row)} cells"
                        message = f"the row has {cells}, the header {width}"
                        raise broken(self.path, line, message)
                    line = reader.line_num + 1
            except csv.Error as error:
                raise broken(self.path, line, f"the row is not CSV: {error}") from error

    def cells(
        self, rows: Sequence[list[str]], wanted: Sequence[str], lines: Sequence[int]
    ) -> Iterator[Sequence[str]]:
        """The cells of each of the `wanted` columns."""
        columns = list(zip(*rows, strict=True))
        return (columns[self.columns.index(name)] for name in wanted)


@contextmanager
def _long_cells() -> Generator[None]:
    """The library's limit is the whole process's, and too low for a column of documents."""
    before = csv.field_size_limit(LARGEST_CELL)
    try:
        yield
    finally:
        csv.field_size_limit(before)


class JsonLines(TextRows[dict[str, Any]]):
    """An object a line; columns are those of the first."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        with self.opened() as file:
            self.first_line, first = next(self.rows(file), (1, dict[str, Any]()))
        self._paths = dict(_leaves((), first))
        self.columns = tuple(self._paths)
        if not self.columns:
            raise broken(path, self.first_line, "the file has no row that names its columns")

    def rows(self, file: TextIO) -> Iterator[tuple[int, dict[str, Any]]]:
        """The objects; a blank line is none."""
        for number, line in enumerate(file, 1):
            text = line.strip()
            if not text:
                continue
            try:
                row, end = _decoded(text)
            except ValueError as error:
                raise broken(self.path, number, f"the row is not JSON: {error}") from error
            if end != len(text) or type(row) is not dict:
                raise broken(self.path, number, "the row is not one JSON object")
            yield number, cast(dict[str, Any], row)

    def cells(
        self, rows: Sequence[dict[str, Any]], wanted: Sequence[str], lines: Sequence[int]
    ) -> Iterator[Sequence[Any]]:
        """The cells of each of the `wanted` columns."""
        for name in wanted:
            cells: Sequence[Any] = rows
            for depth, key in enumerate(self._paths[name], 1):
                try:
                    cells = list(map(itemgetter(key), cells))
                except (KeyError, TypeError, IndexError):
                    lacks = [not isinstance(cell, dict) or key not in cell for cell in cells]
                    path = ".".join(self._paths[name][:depth])
                    message = f"the row has no `{path}`, the first row has"
                    raise broken(self.path, lines[lacks.index(True)], message) from None
            yield cells


def _leaves(path: tuple[str, ...], value: Any) -> Iterator[tuple[str, tuple[str, ...]]]:
    if isinstance(value, dict) and len(path) < MOST_NESTED:
        inner = cast(dict[str, Any], value)
        yield from chain.from_iterable(_leaves((*path, key), own) for key, own in inner.items())
    else:
        yield ".".join(path), path


def _decoded(text: str) -> tuple[Any, int]:
    """The value that a text starts with, and how long it is there. Numbers of more digits than
    Python reads are the texts that they are; lists and objects inside more than `MOST_NESTED`
    others are `None`.
    """
    try:
        return _raw_decode(text)
    except json.JSONDecodeError:
        raise
    except (ValueError, RecursionError):  # too many digits, too deep: rare, and slower to read
        shallow = _shallow(text)
        value, end = json.JSONDecoder(parse_int=_integer).raw_decode(shallow)
        return value, len(text) if end == len(shallow) else end


def _integer(digits: str) -> int | str:
    try:
        return int(digits)
    except ValueError:
        return digits


def _shallow(text: str) -> str:
    """The text with `null` for what lies too deep."""
    kept: list[str] = []
    depth = start = 0
    for found in _MARK.finditer(text):
        if found[0] in "[{":
            depth += 1
            if depth == MOST_NESTED + 1:
                kept += [text[start : found.start()], "null"]
        elif found[0] in "]}":
            if depth == MOST_NESTED + 1:
                start = found.end()
            depth -= 1
    if depth > MOST_NESTED:
        raise ValueError("it ends inside a list or an object")
    return "".join([*kept, text[start:]])
