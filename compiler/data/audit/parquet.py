"""Parquet as rows of cells, read by pyarrow where it is installed."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from causalspec.compiler.data.audit.rows import CHUNK_ROWS, Chunk, Encoded
from causalspec.dsl.diagnostics import ToolFailure
from causalspec.dsl.installation import install_command
from causalspec.dsl.source import Source, Span


class Parquet:
    """A Parquet file, read by pyarrow; structs become dotted columns, lines are row numbers."""

    is_text = False

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            parquet: Any = importlib.import_module("pyarrow.parquet")
        except ImportError as error:
            message = f"`{path}` is a Parquet file, and pyarrow is not installed"
            raise ToolFailure(message, install_command("data")) from error
        try:
            self._file: Any = parquet.ParquetFile(path if _is_utf_8(path) else _content(path))
        except Exception as error:  # pyarrow's own errors have no common public base
            raise ToolFailure(f"`{path}` is not a Parquet file: {error}") from error
        self.columns: tuple[str, ...] = tuple(
            self._file.schema.column(k).path for k in range(len(self._file.schema))
        )

    def header(self) -> Span:
        """The names of the columns, which the file holds in binary."""
        text = ",".join(self.columns)
        return Span(Source(str(self.path), text), 0, len(text))

    def chunks(self, wanted: Sequence[str]) -> Iterator[Chunk]:
        """The rows in order, with the cells of the `wanted` columns."""
        number = 0
        try:
            for batch in self._file.iter_batches(batch_size=CHUNK_ROWS, columns=list(wanted)):
                table = _columns(batch)
                columns = {name: _encoded(table.column(name).combine_chunks()) for name in wanted}
                rows: int = batch.num_rows
                yield Chunk(columns, range(number + 1, number + rows + 1))
                number += rows
        except Exception as error:  # as above: damaged pages, lists where cells should be
            raise ToolFailure(f"`{self.path}` can't be read after row {number}: {error}") from error


def _is_utf_8(path: Path) -> bool:
    return not any(0xDC80 <= ord(character) <= 0xDCFF for character in str(path))


def _content(path: Path) -> Any:
    """A file for pyarrow, which takes no name that is not UTF-8."""
    arrow: Any = importlib.import_module("pyarrow")
    return arrow.BufferReader(path.read_bytes())


def _columns(batch: Any) -> Any:
    """The columns of a batch, fields of structs beside the others, under dotted names."""
    arrow: Any = importlib.import_module("pyarrow")
    table = arrow.Table.from_batches([batch])
    while any(map(arrow.types.is_struct, table.schema.types)):
        table = table.flatten()
    return table


def _encoded(column: Any) -> Encoded:
    column = column if hasattr(column, "dictionary") else column.dictionary_encode()
    distinct = column.dictionary
    # Numbers of single precision stay that: as Python's they would seem to be exact.
    single = str(distinct.type) == "float"
    cells: list[Any] = [*(distinct.to_numpy() if single else distinct.to_pylist()), None]
    places = column.indices.fill_null(len(cells) - 1)  # an empty cell
    return Encoded(cells, places.to_numpy(zero_copy_only=False))
