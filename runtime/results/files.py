"""A results folder: whole or absent.

    NAME/result.json            the verification (`result_json`)
    NAME/report.html            the same for people
    NAME/explanation.json       why claims fail, where that was asked for (`explanations`)
    NAME/maps/CLAIM.safetensors each claim's alignment map
    NAME/manifest.json          what went in, and the SHA-256 of each file above

Everything is written into a folder beside it, flushed to the disk and renamed into place.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
import torch

from causalspec.compiler import flush_folder
from causalspec.runtime.report.page import render_report
from causalspec.runtime.results.as_json import (
    FORMAT,
    ResultsError,
    from_json,
    json_schema,
    json_text,
    json_value,
    to_json,
)
from causalspec.runtime.results.explanations import (
    EXPLANATION,
    Explanation,
    explanations_json,
)
from causalspec.runtime.results.records import Verification
from causalspec.runtime.results.whole_folder import whole_folder

__all__ = [
    "ResultsError",
    "check_destination",
    "from_json",
    "json_schema",
    "maps_file",
    "read_results",
    "recorded_file",
    "to_json",
    "write_results",
]

RESULT, REPORT, MANIFEST, MAPS = "result.json", "report.html", "manifest.json", "maps"

MapState = Mapping[str, torch.Tensor]
"""The tensors of one alignment map by name, as `state_dict` gives them."""


def check_destination(folder: Path) -> None:
    """Raise `ResultsError` where `write_results` would have to delete what it did not write.

    A run calls this before it trains, so that an hour's work never ends without a place to go.
    """
    try:
        _check_destination(folder.resolve())
    except OSError as error:
        raise ResultsError(f"can't look into `{folder}`: {error.strerror}") from error


def write_results(
    folder: Path,
    verification: Verification,
    maps: Mapping[str, MapState],
    explanations: Sequence[Explanation] = (),
) -> None:
    """Write the results of a run to `folder`, replacing the results that may be there.

    `maps` holds the state of each claim's map under the claim's name. Raises `ResultsError` where
    the folder holds anything but results, or can't be written; what was there is then untouched.
    Killed at any moment, this leaves `folder` whole (old or new) or absent.
    """
    check_destination(folder)
    with whole_folder(folder) as partial:
        _write_contents(partial, verification, maps, explanations)


def read_results(folder: Path) -> Verification:
    """The verification in a results folder. Raises `ResultsError` where there is none."""
    path = folder / RESULT
    try:
        return from_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ResultsError(f"can't read `{path}`: {reason}") from error


def recorded_file(folder: Path, name: str) -> tuple[bytes, str]:
    """A file of a results folder and its SHA-256, held to what the run's manifest says of it.

    Raises `ResultsError` where it is not there, or is not what the run wrote.
    """
    try:
        content = (folder / name).read_bytes()
        manifest: Any = json.loads((folder / MANIFEST).read_bytes())
        recorded = manifest["contents"][name]["sha256"]
    except OSError as error:
        raise ResultsError(f"can't read `{error.filename}`: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ResultsError(f"`{folder / MANIFEST}` does not say what `{name}` is") from error
    found = hashlib.sha256(content).hexdigest()
    if found != recorded:
        raise ResultsError(f"`{folder / name}` is damaged: it is not what the run wrote")
    return content, found


def maps_file(claim: str) -> str:
    """Where the maps of a claim lie within a results folder."""
    return f"{MAPS}/{_file_name(claim)}.safetensors"


def _check_destination(folder: Path) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise ResultsError(f"`{folder}` is a file: name a folder for the results")
    ours = {RESULT, REPORT, MANIFEST, MAPS, EXPLANATION}
    entries = sorted(folder.iterdir())
    foreign = [entry.name for entry in entries if entry.name not in ours]
    if (folder / MAPS).is_dir():
        inner = sorted((folder / MAPS).iterdir())
        foreign += [f"{MAPS}/{entry.name}" for entry in inner if entry.suffix != ".safetensors"]
    if foreign:
        raise ResultsError(
            f"`{folder}` holds `{foreign[0]}`, which is not a result: name another folder"
        )
    if entries and not (folder / RESULT).is_file():
        raise ResultsError(f"`{folder}` holds no `{RESULT}`: name another folder")


def _write_contents(
    folder: Path,
    verification: Verification,
    maps: Mapping[str, MapState],
    explanations: Sequence[Explanation],
) -> None:
    (folder / MAPS).mkdir()
    written = [
        _write(folder, RESULT, to_json(verification).encode()),
        _write(folder, REPORT, render_report(verification, explanations).encode()),
        *(_write(folder, maps_file(claim), _map_bytes(state)) for claim, state in maps.items()),
    ]
    if explanations:
        written.append(_write(folder, EXPLANATION, explanations_json(explanations).encode()))
    manifest = {
        "format": FORMAT,
        **json_value(verification.manifest),
        "contents": {file.name: {"sha256": file.sha256, "bytes": file.size} for file in written},
    }
    _write(folder, MANIFEST, json_text(manifest).encode())
    flush_folder(folder / MAPS)


@dataclass(frozen=True, slots=True)
class _Written:
    name: str
    sha256: str
    size: int


def _write(folder: Path, name: str, content: bytes) -> _Written:
    # "x": on a file system that ignores case, claims `A` and `a` would be one file.
    with (folder / name).open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return _Written(name, hashlib.sha256(content).hexdigest(), len(content))


def _map_bytes(state: MapState) -> bytes:
    # safetensors refuses tensors that share memory or are not contiguous.
    plain = {
        name: tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in state.items()
    }
    return safetensors.torch.save(plain)


def _file_name(claim: str) -> str:
    if not claim.isidentifier():
        raise ResultsError(f"`{claim}` can't name a file")
    return claim
