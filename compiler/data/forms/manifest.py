"""The manifest beside the rows: what they are, where they come from, and their hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from causalspec.compiler.data.counterfactuals import DataSummary
from causalspec.compiler.data.forms.flat_columns import FlatColumn
from causalspec.compiler.data.left_out import pairs_left_out
from causalspec.compiler.data.summary import StratumCount
from causalspec.compiler.specification import CounterfactualDesign, Specification

FORMAT_VERSION = 2

Record = dict[str, Any]
"""What JSON writes: the edge of the program, where names become keys."""


def manifest_of(
    specification: Specification,
    design: CounterfactualDesign,
    split: str,
    seed: int,
    summary: DataSummary,
    columns: Sequence[FlatColumn],
    rows: Path,
    file: str,
    form: str,
    version: str,
) -> Record:
    """What the rows are. `file` is their name as seen from the manifest's folder."""
    spec = specification.source
    return {
        "format": FORMAT_VERSION,
        "file": file,
        "form": form,
        "sha256": file_hash(rows),
        "rows": summary.rows,
        "distinct": {"pairs": summary.distinct.count, "exact": summary.distinct.exact},
        "specification": {
            "name": Path(spec.name).name,
            "sha256": hashlib.sha256(spec.text.encode()).hexdigest(),
            "files": dict(specification.files),
        },
        "causalspec": version,
        "design": design.name,
        "model": design.model.name,
        "parameters": dict(specification.tasks[design.model.task].parameters),
        "split": split,
        "seed": seed,
        "floor": summary.floor if summary.rows else None,
        "without_label": {
            left_out.kind: {"left_out": left_out.pairs, "of": left_out.of}
            for left_out in pairs_left_out(design)
        },
        "derived": [made.text for made in design.derivations],
        "kinds": {kind.kind: kind.rows for kind in summary.kind_counts},
        "stratified": [" ".join(value.span.text.split()) for value in design.stratified],
        "strata": [_stratum(stratum) for stratum in summary.strata],
        "impossible": [
            combination.values
            for combination in summary.combination_counts
            if not combination.possible
        ],
        "coverage": {
            covered.name: {"seen": covered.seen, "of": covered.size, "exact": covered.exact}
            for covered in summary.coverage
        },
        "columns": {column.name: column.type.text for column in columns},
    }


def manifest_bytes(manifest: Record) -> bytes:
    """A manifest as it is written. A file name that is not UTF-8 reaches us as lone surrogates,
    which JSON can say in escapes alone.
    """
    text = json.dumps(manifest, ensure_ascii=False, indent=2)
    return f"{text}\n".encode(errors="backslashreplace")


def _stratum(stratum: StratumCount) -> Record:
    return {
        "kind": stratum.kind,
        "label_changed": stratum.changed,
        "values": stratum.values,
        "rows": stratum.rows,
    }


def file_hash(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
