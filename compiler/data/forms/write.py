"""A counterfactual data set as files: its rows in one of several forms, and a manifest a split.

Rows stream from the generator to the disk in blocks, so memory does not grow with their number.
Files take their names when they are whole, the manifest last: where it stands, the rows are whole.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ....dsl.diagnostics import ToolFailure
from ...specification import CounterfactualDesign, Specification
from ..counterfactuals import DataSummary, generate_chunks
from ..pairs import InterchangePairs
from .blocks_of_rows import BLOCK_ROWS, in_blocks
from .flat_columns import FlatColumn, flat_columns
from .hugging_face import MARKER, ROWS_FILE, write_dataset_folder
from .manifest import Counted, manifest_of
from .parquet import write_parquet
from .strata_counts import StrataCounts
from .tensors import Tokenize, write_tensors
from .text_lines import write_csv, write_json_lines
from .whole_files import whole_file, whole_folder


class Form(StrEnum):
    """How rows are written; the value is the file's suffix, or what the folder is for."""

    JSON_LINES = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"
    HUGGING_FACE = "datasets"
    TENSORS = "safetensors"


@dataclass(frozen=True, eq=False, slots=True)
class Order:
    """What is to be written: so many rows (None: as declared) of some splits, from a seed (None:
    the declared one), with where every slot of a prompt stands if `slots`. `advance` is told the
    split and how many of its rows are made.
    """

    specification: Specification
    design: CounterfactualDesign
    splits: Sequence[str]
    rows: int | None = None
    seed: int | None = None
    slots: bool = False
    advance: Callable[[str, int], None] | None = None

    def blocks(self, split: str, counted: Counted) -> Iterator[InterchangePairs]:
        """The rows of a split, counted as they pass."""
        chunks = generate_chunks(
            self.design, split, rows=self.rows, seed=self.seed, chunk_rows=BLOCK_ROWS
        )
        for block in in_blocks(chunks):
            counted.add(block)
            yield block
            if self.advance is not None:
                self.advance(split, counted.summary.rows)


@dataclass(frozen=True, eq=False, slots=True)
class WrittenSplit:
    """The files of one split, and what was counted over its rows."""

    split: str
    rows: Path
    manifest: Path
    counted: Counted


def write_data(
    order: Order, folder: Path, form: Form, version: str, tokenize: Tokenize | None = None
) -> tuple[WrittenSplit, ...]:
    """Write `DESIGN.SPLIT.FORM` for every split, or the folder `DESIGN` of Hugging Face, and beside
    it `DESIGN.SPLIT.manifest.json`.

    Raises `ToolFailure` for a folder that cannot be written, a full disk and a missing library, and
    what `generate_chunks` raises; then nothing stands under the name of what was not finished.
    """
    columns = flat_columns(order.specification, order.design, slots=order.slots)
    write = _Writer(order, columns, folder, form, version, tokenize)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if form is Form.HUGGING_FACE:
            return write.dataset_folder()
        return tuple([write.split(split) for split in order.splits])
    except OSError as error:
        reason = error.strerror or str(error)
        raise ToolFailure(f"can't write the data to `{folder}`: {reason}") from error


@dataclass(frozen=True, eq=False, slots=True)
class _Writer:
    order: Order
    columns: Sequence[FlatColumn]
    folder: Path
    form: Form
    version: str
    tokenize: Tokenize | None

    def split(self, split: str) -> WrittenSplit:
        """Write one split's file and its manifest."""
        rows = self.folder / f"{self.order.design.name}.{split}.{self.form}"
        if rows.is_dir():
            raise ToolFailure(
                f"can't write the file `{rows}`: a folder has that name", "choose another --out"
            )
        counted = self._counted()
        self._manifest(split).unlink(missing_ok=True)  # it would vouch for rows about to change
        with whole_file(rows) as unfinished:
            blocks = self.order.blocks(split, counted)
            match self.form:
                case Form.JSON_LINES:
                    write_json_lines(blocks, self.columns, unfinished)
                case Form.CSV:
                    write_csv(blocks, self.columns, unfinished)
                case Form.PARQUET:
                    write_parquet(blocks, self.columns, unfinished)
                case _:
                    write_tensors(blocks, self.columns, unfinished, self.tokenize)
        return self._described(split, rows, counted)

    def dataset_folder(self) -> tuple[WrittenSplit, ...]:
        """Write the folder of all splits, and their manifests."""
        folder = self.folder / self.order.design.name
        if folder.exists() and not (folder / MARKER).is_file():
            raise ToolFailure(
                f"`{folder}` is there and is no data set of Hugging Face", "choose another --out"
            )
        counted = {split: self._counted() for split in self.order.splits}
        for split in self.order.design.splits:
            self._manifest(split.name).unlink(missing_ok=True)
        with whole_folder(folder) as unfinished:
            splits = {split: self.order.blocks(split, one) for split, one in counted.items()}
            write_dataset_folder(splits, self.columns, unfinished)
        return tuple(
            [
                self._described(split, folder / split / ROWS_FILE, one)
                for split, one in counted.items()
            ]
        )

    def _counted(self) -> Counted:
        return Counted(DataSummary(self.order.design), StrataCounts(self.order.design))

    def _manifest(self, split: str) -> Path:
        return self.folder / f"{self.order.design.name}.{split}.manifest.json"

    def _described(self, split: str, rows: Path, counted: Counted) -> WrittenSplit:
        """Write the manifest of whole rows."""
        order = self.order
        described = manifest_of(
            order.specification,
            order.design,
            split,
            order.design.seed if order.seed is None else order.seed,
            counted,
            self.columns,
            rows,
            rows.relative_to(self.folder).as_posix(),
            self.form,
            self.version,
        )
        manifest = self._manifest(split)
        with whole_file(manifest) as unfinished:
            text = json.dumps(described, ensure_ascii=False, indent=2)
            unfinished.write_text(f"{text}\n", encoding="utf-8")
        return WrittenSplit(split, rows, manifest, counted)
