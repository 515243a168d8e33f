"""CSV as rows of cells, with the line that each row stands on.

Rows are taken apart a few at a time, while they are in the processor's cache.
"""

from __future__ import annotations

import csv
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate, islice
from pathlib import Path
from typing import Any, TextIO

from causalspec.compiler.data.audit.rows import CHUNK_ROWS, Chunk, broken, line_of
from causalspec.dsl.source import Source, Span

ROWS_AT_A_TIME = 64
"""So many rows are taken apart at once."""

LARGEST_CELL = 1 << 26
"""So many characters a cell of a CSV file may have; where one has more, a quote is not closed."""

_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars", ",": "commas"}


@contextmanager
def opened(path: Path) -> Generator[TextIO]:
    """A text file in UTF-8. Raises `SpecError` with CS532 where it is none."""
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
        with opened(path) as file, _long_cells():
            self.columns: tuple[str, ...] = tuple(next(self._rows(file), ()))
        if not self.columns:
            raise broken(path, 1, "the file names no columns in its first line")
        if len(self.columns) == 1:
            self._refuse_another_separator(self.columns[0])

    def _refuse_another_separator(self, header: str) -> None:
        """No data set has one column: its cells are separated by something else."""
        used = next((name for mark, name in _SEPARATORS.items() if mark in header), None)
        if used is not None:
            wanted = _SEPARATORS[self._delimiter]
            message = f"the cells are separated by {used}, not by {wanted}"
            advice = "a .csv file has commas between its cells, a .tsv file tabs"
            raise broken(self.path, 1, message, advice)

    def header(self) -> Span:
        """The first line."""
        text = line_of(self.path, 1)
        return Span(Source(str(self.path), text), 0, len(text))

    def _rows(self, lines: Iterable[str]) -> Any:
        return csv.reader(lines, delimiter=self._delimiter, strict=True)

    def chunks(self, wanted: Sequence[str]) -> Iterator[Chunk]:
        """The rows in order, with the cells of the `wanted` columns."""
        places = [self.columns.index(name) for name in wanted]
        with opened(self.path) as file:
            reader = self._rows(file)
            with _long_cells():
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
            with _long_cells():
                rows.extend(islice(reader, ROWS_AT_A_TIME))
        except csv.Error as error:
            start += sum(map(_lines_of, rows))
            raise broken(self.path, start, f"the row is not CSV: {error}") from error
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
            if len(row) not in (0, width):  # a blank line is not a row
                cells = "1 cell" if len(row) == 1 else f"{len(row)} cells"
                raise broken(self.path, line, f"the row has {cells}, the header {width}")
            if row:
                kept.append(row)
                lines.append(line)
        return kept or self._some(reader, lines)


@contextmanager
def _long_cells() -> Generator[None]:
    """The library's limit is the whole process's, and too low for a column of documents."""
    before = csv.field_size_limit(LARGEST_CELL)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _lines_of(row: Sequence[str]) -> int:
    """How many lines a row stands on, its cells holding line breaks."""
    text = "".join(row)
    return 1 + text.count("\n") + text.count("\r") - text.count("\r\n")
