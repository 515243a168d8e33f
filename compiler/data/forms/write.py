"""A counterfactual data set as files: its rows in one of several forms, and a manifest a split.

Rows stream from the generator to the disk in blocks, so memory does not grow with their number.
Files take their names when they are whole, the manifest last: where it stands, the rows are whole,
and those that it vouches for, whoever else writes into the same folder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

from causalspec.compiler.data.counterfactuals import DataSummary, generate_chunks
from causalspec.compiler.data.forms.arrow_tables import arrow_table, write_parquet_tables
from causalspec.compiler.data.forms.flat_columns import FlatColumn, flat_columns
from causalspec.compiler.data.forms.hugging_face import (
    MARKER,
    ROWS_FILE,
    write_folder_of_tables,
)
from causalspec.compiler.data.forms.manifest import manifest_bytes, manifest_of
from causalspec.compiler.data.forms.tensors import (
    Tokenize,
    tensor_part,
    write_tensor_parts,
)
from causalspec.compiler.data.forms.text_lines import (
    csv_heading,
    csv_lines_of,
    json_lines_of,
)
from causalspec.compiler.data.forms.whole_files import (
    alone_in,
    flush,
    flush_tree,
    make_folder,
    put_file,
    put_folder,
    unfinished_in,
)
from causalspec.compiler.data.pairs import InterchangePairs
from causalspec.compiler.specification import CounterfactualDesign, Specification
from causalspec.dsl.diagnostics import ToolFailure


class Form(StrEnum):
    """How rows are written; the value is the file's suffix, or what the folder is for."""

    JSON_LINES = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"
    HUGGING_FACE = "datasets"
    TENSORS = "safetensors"


LINES = (Form.JSON_LINES, Form.CSV)
"""The forms that are lines, one after the other."""

Rendered: TypeAlias = Any
"""A block as a form takes it: some lines as bytes, an Arrow table, or a `TensorPart`."""


@dataclass(frozen=True, eq=False, slots=True)
class Renderer:
    """How blocks are rendered: a form, its columns, and a tokenizer where prompts are tokens."""

    form: Form
    columns: Sequence[FlatColumn]
    tokenize: Tokenize | None = None

    def __call__(self, pairs: InterchangePairs) -> Rendered:
        """The rows of a block; the same wherever it is done."""
        match self.form:
            case Form.JSON_LINES:
                return json_lines_of(pairs, self.columns)
            case Form.CSV:
                return csv_lines_of(pairs, self.columns)
            case Form.TENSORS:
                return tensor_part(pairs, self.columns, self.tokenize)
            case _:
                return arrow_table(self.columns, pairs)

    def lines(self, blocks: Iterable[Iterable[bytes]]) -> Iterator[bytes]:
        """All lines of a form that is made of lines."""
        if self.form is Form.CSV:
            yield csv_heading(self.columns)
        yield from chain.from_iterable(blocks)


Elsewhere = Callable[[str, Renderer], Iterator[tuple[InterchangePairs, Rendered]]]
"""The blocks of a split, in order, made and rendered by other processes."""


@dataclass(frozen=True, eq=False, slots=True)
class Order:
    """What is to be written: so many rows (None: as declared) of some splits, from a seed (None:
    the declared one), with where every slot of a prompt stands if `slots`. `advance` is told the
    split and how many of its rows are made; they are made here or `elsewhere`.
    """

    specification: Specification
    design: CounterfactualDesign
    splits: Sequence[str]
    rows: int | None = None
    seed: int | None = None
    slots: bool = False
    advance: Callable[[str, int], None] | None = None
    elsewhere: Elsewhere | None = None

    def blocks(self, split: str, summary: DataSummary, render: Renderer) -> Iterator[Rendered]:
        """The rows of a split as they are written, counted as they pass."""
        if self.elsewhere is None:
            chunks = generate_chunks(self.design, split, rows=self.rows, seed=self.seed)
            made = ((block, render(block)) for block in chunks)
        else:
            made = self.elsewhere(split, render)
        for block, rendered in made:
            summary.add(block)
            yield rendered
            if self.advance is not None:
                self.advance(split, summary.rows)


@dataclass(frozen=True, eq=False, slots=True)
class WrittenSplit:
    """The files of one split, and what was counted over its rows."""

    split: str
    rows: Path
    manifest: Path
    summary: DataSummary


def write_data(
    order: Order, folder: Path, form: Form, version: str, tokenize: Tokenize | None = None
) -> tuple[WrittenSplit, ...]:
    """Write `DESIGN.SPLIT.FORM` for every split, or the folder `DESIGN` of Hugging Face, and beside
    it `DESIGN.SPLIT.manifest.json`.

    Raises `ToolFailure` for a folder that cannot be written, a full disk and a missing library, and
    what `generate_chunks` raises; then nothing stands under the name of what was not finished.
    """
    columns = flat_columns(order.specification, order.design, slots=order.slots)
    writer = _Writer(order, columns, folder, form, version, tokenize)
    try:
        make_folder(folder)
        if form is Form.HUGGING_FACE:
            every = [split.name for split in order.design.splits]
            return writer.write(folder / order.design.name, order.splits, every)
        files = {split: folder / f"{order.design.name}.{split}.{form}" for split in order.splits}
        return tuple(
            [
                written
                for split, path in files.items()
                for written in writer.write(path, [split], [split])
            ]
        )
    except OSError as error:
        reason = error.strerror or str(error)
        raise ToolFailure(f"can't write the data to `{folder}`: {reason}") from error


def stream_data(order: Order, form: Form, stream: BinaryIO) -> None:
    """Write the rows of the order's splits as lines into a stream, without a manifest.

    Raises `ValueError` for a form that is not made of lines, and what `generate_chunks` raises.
    """
    if form not in LINES:
        raise ValueError(f"{form} is not made of lines")
    columns = flat_columns(order.specification, order.design, slots=order.slots)
    render = Renderer(form, columns)
    for split in order.splits:
        blocks = order.blocks(split, DataSummary(order.design), render)
        stream.writelines(render.lines(blocks))


@dataclass(frozen=True, eq=False, slots=True)
class _Writer:
    order: Order
    columns: Sequence[FlatColumn]
    folder: Path
    form: Form
    version: str
    tokenize: Tokenize | None

    def write(
        self, target: Path, splits: Sequence[str], described: Sequence[str]
    ) -> tuple[WrittenSplit, ...]:
        """Write the file of a split, or the folder of several, and their manifests. They take their
        names together, while no other process gives names here: the manifest beside a file is its
        own. `described` are the splits whose manifests vouched for what stood there.
        """
        whole_folder = self.form is Form.HUGGING_FACE
        manifests = [self._manifest(split) for split in described]
        with alone_in(self.folder):  # else names may be changing hands
            if whole_folder:
                self._refuse_another_case(target)
                if target.exists() and not (target / MARKER).is_file():
                    message = f"`{target}` is there and is not a data set of Hugging Face"
                    raise ToolFailure(message, "choose another --out")
            self._refuse_what_stands_at(*manifests if whole_folder else (target, *manifests))
        summaries = {split: DataSummary(self.order.design) for split in splits}
        with unfinished_in(self.folder) as unfinished:
            partial = unfinished / target.name
            render = Renderer(self.form, self.columns, self.tokenize)
            blocks = {
                split: self.order.blocks(split, summary, render)
                for split, summary in summaries.items()
            }
            self._write_rows(blocks, render, partial)
            flush_tree(partial) if whole_folder else flush(partial)
            for split, summary in summaries.items():
                self._describe(split, unfinished, summary)
            with alone_in(self.folder):
                for manifest in manifests:
                    manifest.unlink(missing_ok=True)
                put_folder(partial, target) if whole_folder else put_file(partial, target)
                for split in splits:
                    manifest = self._manifest(split)
                    put_file(unfinished / manifest.name, manifest)
        return tuple(
            [
                WrittenSplit(split, self.folder / self._rows(split), self._manifest(split), summary)
                for split, summary in summaries.items()
            ]
        )

    def _write_rows(
        self, blocks: Mapping[str, Iterator[Rendered]], render: Renderer, path: Path
    ) -> None:
        if self.form is Form.HUGGING_FACE:
            path.mkdir()
            write_folder_of_tables(blocks, self.columns, path)
            return
        (of_split,) = blocks.values()
        match self.form:
            case Form.PARQUET:
                write_parquet_tables(of_split, self.columns, path)
            case Form.TENSORS:
                with_tokens = self.tokenize is not None
                write_tensor_parts(of_split, self.columns, path, with_tokens=with_tokens)
            case _:
                with path.open("wb") as file:
                    file.writelines(render.lines(of_split))

    def _refuse_what_stands_at(self, *paths: Path) -> None:
        """Raise `ToolFailure` where a file would take the place of what is not one."""
        for path in paths:
            self._refuse_another_case(path)
            if path.is_dir():
                raise _refusal(path, "a folder has that name")
            if path.is_symlink() or (path.exists() and not path.is_file()):
                raise _refusal(path, "what has that name is not a regular file")

    def _refuse_another_case(self, path: Path) -> None:
        """Raise `ToolFailure` where the disk ignores case, and something else has the name."""
        folded = path.name.casefold()
        for there in self.folder.iterdir():
            if there.name != path.name and there.name.casefold() == folded and path.exists():
                raise _refusal(path, f"to this disk it is the same as `{there.name}`")

    def _rows(self, split: str) -> str:
        """Where a split's rows stand, seen from the folder."""
        name = self.order.design.name
        if self.form is Form.HUGGING_FACE:
            return f"{name}/{split}/{ROWS_FILE}"
        return f"{name}.{split}.{self.form}"

    def _manifest(self, split: str) -> Path:
        return self.folder / f"{self.order.design.name}.{split}.manifest.json"

    def _describe(self, split: str, unfinished: Path, summary: DataSummary) -> None:
        """Write the manifest of rows that are whole, beside them, before either has its name: its
        hash is of what was written.
        """
        order = self.order
        described = manifest_of(
            order.specification,
            order.design,
            split,
            order.design.seed if order.seed is None else order.seed,
            summary,
            self.columns,
            unfinished / self._rows(split),
            self._rows(split),
            self.form,
            self.version,
        )
        manifest = unfinished / self._manifest(split).name
        manifest.write_bytes(manifest_bytes(described))
        flush(manifest)


def _refusal(path: Path, reason: str) -> ToolFailure:
    return ToolFailure(f"can't write the file `{path}`: {reason}", "choose another --out")
