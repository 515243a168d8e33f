"""Blocks of pairs as Arrow tables: integers as integers, decimals exact, symbols as dictionaries.

Arrays are made from buffers: codes are scaled, or looked up, as whole columns. A Parquet file says
nothing of when or where it was written, so the same rows give the same bytes.
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
    Rendered,
    Symbol,
    Truth,
)
from causalspec.compiler.data.forms.libraries import library
from causalspec.compiler.data.pairs import InterchangePairs
from causalspec.compiler.data.text_columns import TextColumn, ValueTexts, join
from causalspec.compiler.evaluators.columns import Column

Arrow: TypeAlias = Any
"""Values of pyarrow, which has no types of its own to check against."""


class ArrowTables:
    """Makes the table of each block, with one schema for all."""

    def __init__(self, columns: Sequence[FlatColumn]) -> None:
        self._arrow: Arrow = library("pyarrow", "an Arrow table")
        self._columns = columns
        self.schema: Arrow = self._arrow.schema(
            [self._arrow.field(one.name, self._type(one.type), nullable=False) for one in columns]
        )
        self._rendered: list[Rendered | None] = [_rendered(column) for column in columns]
        self._dictionaries: dict[tuple[str, ...], Arrow] = {}

    def table(self, pairs: InterchangePairs) -> Arrow:
        """The rows of a block."""
        arrays = [
            self._text(rendered, pairs) if rendered is not None else self._coded(column, pairs)
            for column, rendered in zip(self._columns, self._rendered, strict=True)
        ]
        return self._arrow.Table.from_arrays(arrays, schema=self.schema)

    def _type(self, kind: ColumnType) -> Arrow:
        arrow = self._arrow
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

    def _coded(self, column: FlatColumn, pairs: InterchangePairs) -> Arrow:
        assert isinstance(column, CodedColumn)
        codes = column.codes(pairs)
        kind = column.type
        match kind:
            case Integer(bits):
                return self._arrow.array(codes.astype(f"int{bits}", copy=False))
            case Decimal():
                return self._decimals(codes, kind)
            case Symbol(members):
                return self._symbols(codes, members)
            case _:
                return self._truths(codes)

    def _truths(self, codes: Column) -> Arrow:
        bits = np.packbits(codes != 0, bitorder="little")  # many times faster than the library
        buffers = [None, self._arrow.py_buffer(bits)]
        return self._arrow.Array.from_buffers(self._arrow.bool_(), len(codes), buffers)

    def _decimals(self, codes: Column, kind: Decimal) -> Arrow:
        """128-bit integers, the low half first, the high half all sign."""
        halves: NDArray[np.int64] = np.empty((len(codes), 2), dtype="<i8")
        np.multiply(codes, np.int64(kind.factor), out=halves[:, 0])
        halves[:, 1] = halves[:, 0] >> 63
        buffers = [None, self._arrow.py_buffer(halves)]
        return self._arrow.Array.from_buffers(self._type(kind), len(codes), buffers)

    def _symbols(self, codes: Column, members: tuple[str, ...]) -> Arrow:
        if members not in self._dictionaries:
            self._dictionaries[members] = self._arrow.array(members, self._arrow.string())
        numbers = self._arrow.array(codes.astype(np.int32, copy=False))
        return self._arrow.DictionaryArray.from_arrays(numbers, self._dictionaries[members])

    def _text(self, rendered: Rendered, pairs: InterchangePairs) -> Arrow:
        column = join(rendered(pairs), len(pairs))
        return string_array(self._arrow, column)


def string_array(arrow: Arrow, column: TextColumn) -> Arrow:
    """Texts as an Arrow array of strings. A block holds less than 2^31 bytes of them."""
    buffers = [
        None,
        arrow.py_buffer(column.offsets.astype("<i4")),
        arrow.py_buffer(column.data),
    ]
    return arrow.Array.from_buffers(arrow.string(), len(column), buffers)


def _rendered(column: FlatColumn) -> Rendered | None:
    """How a column of text is rendered: templates, or values that have no type in Arrow."""
    if not isinstance(column, CodedColumn):
        return column.pieces(str.encode)
    if isinstance(column.type, Integer | Decimal | Truth | Symbol):
        return None

    def texts(codes: Sequence[int]) -> list[bytes]:
        return [column.domain.text(code).encode() for code in codes]

    values = ValueTexts(column.domain, texts)
    return lambda pairs: [values.of(column.codes(pairs))]


def write_parquet(
    blocks: Iterable[InterchangePairs], columns: Sequence[FlatColumn], path: Path
) -> None:
    """Write every block as a row group. Values get dictionaries, prompts, hardly two of which are
    the same, do not.
    """
    parquet: Arrow = library("pyarrow.parquet", "Parquet")
    tables = ArrowTables(columns)
    values = [one.name for one in columns if not isinstance(one, PromptColumn)]
    with (
        path.open("wb") as file,
        parquet.ParquetWriter(
            file,
            tables.schema,
            compression="snappy",
            use_dictionary=values,
            write_statistics=values,
            store_decimal_as_integer=True,
        ) as writer,
    ):
        for pairs in blocks:
            writer.write_table(tables.table(pairs), row_group_size=max(1, len(pairs)))
