"""A counterfactual data set as files: rows for people and machines, and a manifest beside them.

Rows hold values as people write them (`7.50`, `Yes`), never codes; whole numbers and truth values
are JSON's own, other numbers stay exact as text. A file is written under another
name and renamed when it is whole, so that no partial file ever stands under its own name.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, TextIO, cast

from ..domains import Domain, Numbers, Truths
from ..evaluators.columns import Columns
from ..model import CausalModel
from ..specification import CounterfactualDesign, Specification, Task
from .pairs import InterchangePairs
from .prompts import answer_texts, render

Record = dict[str, Any]
"""One row as JSON writes it: the edge of the program, where names become keys."""

FORMAT_VERSION = 1
_RECORDS_A_CHUNK = 4096


class FileFormat(StrEnum):
    """How rows are written."""

    JSON_LINES = "jsonl"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class WrittenData:
    """The files of one split: its rows and its manifest."""

    rows: Path
    manifest: Path


def records(
    specification: Specification, design: CounterfactualDesign, pairs: InterchangePairs
) -> Iterator[Record]:
    """The rows in order: `base`, `sources`, `kind`, `sources_used`, `label`, `base_outputs`,
    `source_outputs`; and where the task has any, `prompts` by prompt, and `answers` by output.
    """
    task = specification.tasks[design.model.task]
    for start in range(0, len(pairs), _RECORDS_A_CHUNK):
        yield from _chunk(task, design, pairs.select(slice(start, start + _RECORDS_A_CHUNK)))


def _chunk(task: Task, design: CounterfactualDesign, pairs: InterchangePairs) -> Iterator[Record]:
    base = _values(design.model, pairs.base)
    sources = [_values(design.model, one) for one in pairs.sources]
    label = _values(design.model, pairs.label)
    base_outputs = _values(design.model, pairs.base_outputs)
    source_outputs = [_values(design.model, one) for one in pairs.source_outputs]
    names = design.source_names or ("source",)
    prompts = [
        (
            name,
            render(prompt, task.model, pairs.base).texts,
            [render(prompt, task.model, one).texts for one in pairs.sources],
        )
        for name, prompt in task.prompts.items()
    ]
    answers = [
        (name, answer_texts(task, name, pairs.label[name]))
        for name in design.model.outputs
        if name in task.model.by_name
    ]
    kinds: list[int] = pairs.kinds.tolist()
    for row, kind in enumerate(kinds):
        record: Record = {
            "kind": design.kinds[kind].name,
            "base": base[row],
            "sources": {name: one[row] for name, one in zip(names, sources, strict=True)},
            "sources_used": [name for k, name in enumerate(names) if pairs.source_used[row, k]],
            "label": label[row],
            "base_outputs": base_outputs[row],
            "source_outputs": {
                name: one[row] for name, one in zip(names, source_outputs, strict=True)
            },
        }
        if prompts:
            record["prompts"] = {
                prompt: {
                    "base": of_base[row],
                    **{name: one[row] for name, one in zip(names, of_sources, strict=True)},
                }
                for prompt, of_base, of_sources in prompts
            }
            record["answers"] = {output: texts[row] for output, texts in answers}
        yield record


def _values(model: CausalModel, columns: Columns) -> list[Record]:
    """Each row's values, by variable."""
    texts: list[list[str | int | bool]] = []
    for name, column in columns.items():
        domain = model.by_name[name].domain
        codes: list[int] = column.tolist()
        known = {code: _value(domain, code) for code in set(codes)}
        texts.append([known[code] for code in codes])
    return [dict(zip(columns, row, strict=True)) for row in zip(*texts, strict=True)]


def _value(domain: Domain, code: int) -> str | int | bool:
    match domain:
        case Truths():
            return bool(code)
        case Numbers(denominator=1):
            return code
        case _:
            return domain.text(code)


# Writing ---------------------------------------------------------------------------------------


def write_data(
    specification: Specification,
    design: CounterfactualDesign,
    pairs: InterchangePairs,
    folder: Path,
    format: FileFormat,
    version: str,
) -> WrittenData:
    """Write `DESIGN.SPLIT.jsonl` (or `.csv`) and `DESIGN.SPLIT.manifest.json` into a folder.

    The manifest is written last: where it stands, the rows are whole. Raises `OSError` with a
    sentence that names the file, for a folder that cannot be written and a disk that is full.
    """
    stem = f"{design.name}.{pairs.split}"
    rows = folder / f"{stem}.{format.value}"
    manifest = folder / f"{stem}.manifest.json"
    lines = records(specification, design, pairs)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        manifest.unlink(missing_ok=True)  # it would vouch for rows that are about to change
        with _Replacement(rows) as file:
            if format is FileFormat.CSV:
                _write_csv(lines, file)
            else:
                _write_json_lines(lines, file)
        described = manifest_of(specification, design, pairs, rows, version)
        with _Replacement(manifest) as file:
            json.dump(described, file, ensure_ascii=False, indent=2)
            file.write("\n")
    except OSError as error:
        reason = error.strerror or str(error)
        raise OSError(error.errno, f"cannot write the data to `{folder}`: {reason}") from error
    return WrittenData(rows, manifest)


def manifest_of(
    specification: Specification,
    design: CounterfactualDesign,
    pairs: InterchangePairs,
    rows: Path,
    version: str,
) -> Record:
    """What the data is and where it comes from, with the SHA-256 of the written rows."""
    spec = specification.source
    return {
        "format": FORMAT_VERSION,
        "file": rows.name,
        "sha256": file_hash(rows),
        "rows": len(pairs),
        "specification": {
            "name": Path(spec.name).name,
            "sha256": hashlib.sha256(spec.text.encode()).hexdigest(),
            "files": dict(specification.files),
        },
        "causalspec": version,
        "design": design.name,
        "model": design.model.name,
        "split": pairs.split,
        "seed": pairs.seed,
        "kinds": {one.kind: one.rows for one in pairs.kind_counts},
        "floor": pairs.floor if len(pairs) else None,
        "coverage": {one.name: {"seen": one.seen, "of": one.size} for one in pairs.coverage},
    }


def file_hash(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_json_lines(lines: Iterable[Record], file: TextIO) -> None:
    for line in lines:
        file.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")))
        file.write("\n")


def _write_csv(lines: Iterable[Record], file: TextIO) -> None:
    """Nested names become columns such as `base.amount` and `prompts.main.source`."""
    writer: Any = None
    for line in lines:
        flat = dict(_flat((), line))
        if writer is None:
            writer = csv.DictWriter(file, fieldnames=list(flat), lineterminator="\n")
            writer.writeheader()
        writer.writerow(flat)


def _flat(path: Sequence[str], value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        inner = cast(Record, value)
        for name, one in inner.items():
            yield from _flat((*path, name), one)
    elif isinstance(value, list):
        yield ".".join(path), " ".join(cast(list[str], value))
    else:
        yield ".".join(path), json.dumps(value) if isinstance(value, bool) else str(value)


class _Replacement:
    """A text file that takes its name only when it was written whole and reached the disk."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
        self._file: TextIO = self._temporary.open("w", encoding="utf-8", newline="\n")

    def __enter__(self) -> TextIO:
        return self._file

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        try:
            if error is None:
                self._file.flush()
                os.fsync(self._file.fileno())
            self._file.close()
            if error is None:
                self._temporary.replace(self._path)
        finally:
            self._temporary.unlink(missing_ok=True)
