"""Blocks of pairs as Arrow tables: integers as integers, decimals exact, symbols as dictionaries.

Arrays are made from whole columns of codes. A Parquet file says nothing of when or where it was
written, so the same rows give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler.data.forms.flat_columns import (
    CodedColumn,
    ColumnType,
    Decimal,
    FlatColumn,
    Integer,
    PromptColumn,
    Symbol,
    Truth,
)
from causalspec.compiler.data.forms.libraries import library
from causalspec.compiler.data.pairs import InterchangePairs
from causalspec.compiler.data.text_columns import join

Arrow: TypeAlias = Any
"""Values of pyarrow, which has no types of its own to check against."""


def arrow_library() -> Arrow:
    """The library, or `ToolFailure` where it is not installed."""
    return library("pyarrow", "an Arrow table")


def arrow_schema(columns: Sequence[FlatColumn]) -> Arrow:
    """The columns' names and types."""
    arrow = arrow_library()
    fields = [(column.name, _arrow_type(arrow, column.type)) for column in columns]
    return arrow.schema([arrow.field(name, kind, nullable=False) for name, kind in fields])


def arrow_table(columns: Sequence[FlatColumn], pairs: InterchangePairs) -> Arrow:
    """The rows of a block."""
    arrow = arrow_library()
    arrays = [_array(arrow, column, pairs) for column in columns]
    return arrow.Table.from_arrays(arrays, schema=arrow_schema(columns))


def _arrow_type(arrow: Arrow, kind: ColumnType) -> Arrow:
    match kind:
        case Integer(bits):
            return getattr(arrow, f"int{bits}")()
        case Decimal(precision, scale):
            return arrow.decimal128(precision, scale)
        case Truth():
            return arrow.bool_()
        case Symbol():
            return arrow.dictionary(arrow.int32(), arrow.string())
        case _:
            return arrow.string()


def _array(arrow: Arrow, column: FlatColumn, pairs: InterchangePairs) -> Arrow:
    codes = column.codes(pairs) if isinstance(column, CodedColumn) else pairs.kinds
    match column.type:
        case Integer(bits):
            return arrow.array(codes.astype(f"int{bits}", copy=False))
        case Decimal(factor=factor) as kind:
            # 128-bit integers, the low half first, the high half all sign.
            halves: NDArray[np.int64] = np.empty((len(codes), 2), dtype="<i8")
            np.multiply(codes, np.int64(factor), out=halves[:, 0])
            halves[:, 1] = halves[:, 0] >> 63
            buffers = [None, arrow.py_buffer(halves)]
            return arrow.Array.from_buffers(_arrow_type(arrow, kind), len(codes), buffers)
        case Truth():
            bits = np.packbits(codes != 0, bitorder="little")  # many times faster than the library
            buffers = [None, arrow.py_buffer(bits)]
            return arrow.Array.from_buffers(arrow.bool_(), len(codes), buffers)
        case Symbol(members):
            numbers = arrow.array(codes.astype(np.int32, copy=False))
            return arrow.DictionaryArray.from_arrays(numbers, arrow.array(members, arrow.string()))
        case _:
            texts = join(column.pieces(pairs), len(pairs))  # less than 2^31 bytes in a block
            buffers = [None, *map(arrow.py_buffer, (texts.offsets.astype("<i4"), texts.data))]
            return arrow.Array.from_buffers(arrow.string(), len(pairs), buffers)


def write_parquet(
    blocks: Iterable[InterchangePairs], columns: Sequence[FlatColumn], path: Path
) -> None:
    """Write every block as a row group."""
    write_parquet_tables((arrow_table(columns, pairs) for pairs in blocks), columns, path)


def write_parquet_tables(
    tables: Iterable[Arrow], columns: Sequence[FlatColumn], path: Path
) -> None:
    """The same of blocks that are tables. Values get dictionaries, prompts, hardly two of which are
    the same, do not.
    """
    parquet: Arrow = library("pyarrow.parquet", "Parquet")
    values = [column.name for column in columns if not isinstance(column, PromptColumn)]
    with (
        path.open("wb") as file,
        parquet.ParquetWriter(
            file,
            arrow_schema(columns),
            compression="snappy",
            use_dictionary=values,
            write_statistics=values,
            store_decimal_as_integer=True,
        ) as writer,
    ):
        for table in tables:
            writer.write_table(table, row_group_size=max(1, table.num_rows))
