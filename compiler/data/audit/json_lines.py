"""JSON Lines as rows of cells, with the line that each row stands on.

Rows are taken apart a few at a time, while they are in the processor's cache.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from operator import itemgetter
from pathlib import Path
from typing import Any, NoReturn, cast

from causalspec.compiler.data.audit.json_values import MOST_NESTED, decoded
from causalspec.compiler.data.audit.rows import CHUNK_ROWS, Chunk, broken, line_of
from causalspec.compiler.data.audit.text_files import ROWS_AT_A_TIME, opened
from causalspec.dsl.source import Source, Span


class JsonLines:
    """An object a line; columns are those of the first."""

    is_text = True

    def __init__(self, path: Path) -> None:
        self.path = path
        with opened(path) as file:
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
        with opened(self.path) as file:
            read = 0
            while True:
                cells: list[list[Any]] = [[] for _ in wanted]
                lines: list[int] = []
                while len(lines) < CHUNK_ROWS:
                    some = list(islice(file, ROWS_AT_A_TIME))
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
                row, end = decoded(text)
            except (ValueError, RecursionError) as error:
                number = numbers[len(rows)]
                raise broken(self.path, number, f"the row is not JSON: {error}") from error
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
    if isinstance(value, dict) and len(path) < MOST_NESTED:
        inner = cast(dict[str, Any], value)
        yield from chain.from_iterable(_leaves((*path, key), one) for key, one in inner.items())
    else:
        yield ".".join(path), path
