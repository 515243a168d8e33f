"""Data sets as a folder that `datasets.load_from_disk` reads: a `DatasetDict`, a split each.

The library saves a data set that it holds; here rows are written as they come, in the same layout
(an Arrow stream and two descriptions a split), so that no data set has to fit in memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from causalspec.compiler.data.forms.arrow_tables import (
    Arrow,
    arrow_library,
    arrow_schema,
    arrow_table,
)
from causalspec.compiler.data.forms.flat_columns import FlatColumn
from causalspec.compiler.data.forms.libraries import library
from causalspec.compiler.data.forms.manifest import file_hash
from causalspec.compiler.data.pairs import InterchangePairs

MARKER = "dataset_dict.json"
"""The file by which a folder is known to be a `DatasetDict`."""

ROWS_FILE = "data-00000-of-00001.arrow"


def write_dataset_folder(
    splits: Mapping[str, Iterable[InterchangePairs]], columns: Sequence[FlatColumn], folder: Path
) -> None:
    """Write every split, in order, into an existing empty folder."""
    tables = {
        split: (arrow_table(columns, pairs) for pairs in blocks) for split, blocks in splits.items()
    }
    write_folder_of_tables(tables, columns, folder)


def write_folder_of_tables(
    splits: Mapping[str, Iterable[Arrow]], columns: Sequence[FlatColumn], folder: Path
) -> None:
    """The same of blocks that are tables."""
    for split, tables in splits.items():
        (folder / split).mkdir()
        _write_split(split, tables, columns, folder / split)
    _write_json(folder / MARKER, {"splits": list(splits)})


def dataset_of(blocks: Iterable[InterchangePairs], columns: Sequence[FlatColumn]) -> Any:
    """A `datasets.Dataset` in memory, with the features of one on disk."""
    datasets, schema = _datasets(), _features(columns).arrow_schema
    parts = [arrow_table(columns, pairs).cast(schema) for pairs in blocks]
    table = arrow_library().concat_tables(parts) if parts else schema.empty_table()
    return datasets.Dataset(datasets.table.InMemoryTable(table))


def _write_split(
    split: str, tables: Iterable[Arrow], columns: Sequence[FlatColumn], folder: Path
) -> None:
    features = _features(columns)
    schema = features.arrow_schema
    rows = folder / ROWS_FILE
    with rows.open("wb") as file, arrow_library().ipc.new_stream(file, schema) as writer:
        for table in tables:
            writer.write_table(table.cast(schema))
    _datasets().DatasetInfo(features=features).write_to_directory(str(folder), pretty_print=True)
    state: dict[str, object] = {
        "_data_files": [{"filename": ROWS_FILE}],
        "_fingerprint": file_hash(rows)[:16],  # the library's own would differ from run to run
        "_format_columns": None,
        "_format_kwargs": {},
        "_format_type": None,
        "_output_all_columns": False,
        "_split": split,
    }
    _write_json(folder / "state.json", state)


def _features(columns: Sequence[FlatColumn]) -> Any:
    """The library knows no dictionaries of words: symbols are strings there."""
    return _datasets().Features.from_arrow_schema(arrow_schema(columns))


def _datasets() -> Any:
    return library("datasets", "a data set of Hugging Face")


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")
