"""Data sets as Parquet: typed columns, compressed, in row groups of one block each.

The file says nothing of when or where it was written, so the same rows give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from causalspec.compiler.data.forms.arrow_tables import ArrowTables
from causalspec.compiler.data.forms.flat_columns import FlatColumn, PromptColumn
from causalspec.compiler.data.forms.libraries import library
from causalspec.compiler.data.pairs import InterchangePairs


def write_parquet(
    blocks: Iterable[InterchangePairs], columns: Sequence[FlatColumn], path: Path
) -> None:
    """Write every block as a row group. Values get dictionaries, prompts, hardly two of which are
    the same, do not.
    """
    parquet: Any = library("pyarrow.parquet", "Parquet")
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
