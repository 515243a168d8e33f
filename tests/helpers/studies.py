"""The rows of a study's data, as people get them, and their labels derived a second time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from causalspec.command_line import main
from tests.helpers.spec_files import spec_file

ROWS = 100_000

Setting = Mapping[str, Any]
"""What a row says of one run, by variable: `x`, `x[0]`."""

Relabelling = Callable[[str, Setting, Mapping[str, Setting]], Setting]
"""A program's own answer: the outputs under the swap of a kind, of a base and its sources by name.
It reads their inputs, whatever else the settings hold.
"""


def check_labels(
    study: str,
    design: str,
    relabel: Relabelling,
    folder: Path,
    *,
    file: str | None = None,
    options: Sequence[str] = (),
) -> int:
    """Generate so many rows of a design's training data and compare every label with the program's
    own; how many rows there were. `file` is another one of the study's, by its stem.
    """
    spec = spec_file(study) if file is None else spec_file(study).with_name(f"{file}.causal")
    written = ["--split", "train", "--rows", str(ROWS), "--form", "jsonl", "--out", str(folder)]
    assert main(["data", str(spec), design, *written, *options]) == 0
    count = 0
    for row in _rows(folder / f"{design}.train.jsonl"):
        used = row["sources_used"].split()
        expected = relabel(row["kind"], _run(row, "base"), {name: _run(row, name) for name in used})
        assert _run(row, "label") == expected, row
        count += 1
    assert count == ROWS
    return count


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _run(row: Mapping[str, Any], name: str) -> dict[str, Any]:
    prefix = f"{name}."
    return {key.removeprefix(prefix): row[key] for key in row if key.startswith(prefix)}
