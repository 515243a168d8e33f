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
        "split": split,
        "seed": seed,
        "floor": summary.floor if summary.rows else None,
        "without_label": {
            one.kind: {"left_out": one.pairs, "of": one.of} for one in pairs_left_out(design)
        },
        "kinds": {one.kind: one.rows for one in summary.kind_counts},
        "stratified": [" ".join(one.span.text.split()) for one in design.stratified],
        "strata": [_stratum(one) for one in summary.strata],
        "impossible": [one.values for one in summary.combination_counts if not one.possible],
        "coverage": {
            one.name: {"seen": one.seen, "of": one.size, "exact": one.exact}
            for one in summary.coverage
        },
        "columns": {one.name: one.type.text for one in columns},
    }


def manifest_bytes(manifest: Record) -> bytes:
    """A manifest as it is written. A file name that is not UTF-8 reaches us as lone surrogates,
    which JSON can say in escapes alone.
    """
    text = json.dumps(manifest, ensure_ascii=False, indent=2)
    return f"{text}\n".encode(errors="backslashreplace")


def _stratum(one: StratumCount) -> Record:
    return {
        "kind": one.kind,
        "label_changed": one.changed,
        "values": one.values,
        "rows": one.rows,
    }


def file_hash(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
