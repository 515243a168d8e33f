"""Addition with carries: the labels of `specs/arithmetic` by a program of their own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.helpers.studies import Setting, check_labels


def _columns(number: int, digits: int) -> list[int]:
    return [int(digit) for digit in reversed(str(number).zfill(digits))]


def _added(run: Setting, digits: int, carries: Mapping[int, int]) -> tuple[int, dict[int, int]]:
    """Add as at school, with some carries given; the sum, and every carry by its column."""
    written, into, found = "", 0, {}
    for place, (x, y) in enumerate(
        zip(_columns(run["x"], digits), _columns(run["y"], digits), strict=True)
    ):
        into = found[place] = carries.get(place, into)
        written = str((x + y + into) % 10) + written
        into = (x + y + into) // 10
    into = found[digits] = carries.get(digits, into)
    return int(f"{into}{written}"), found


@pytest.mark.parametrize(
    ("file", "design", "digits", "options"),
    [
        ("arithmetic", "Carries", 3, []),
        ("two_digits", "Cascades", 2, []),
    ],
)
def test_labels(file: str, design: str, digits: int, options: list[str], tmp_path: Path) -> None:
    def total(kind: str, base: Setting, sources: Mapping[str, Setting]) -> Setting:
        carries: dict[int, int] = {}
        for number, name in enumerate(kind.split(", "), 1):
            place = int(name.removeprefix("carry[").removesuffix("]"))
            source = sources[f"s{number}" if "," in kind else "source"]
            carries[place] = _added(source, digits, {})[1][place]
        return {"total": _added(base, digits, carries)[0]}

    check_labels("arithmetic", design, total, tmp_path, file=file, options=options)
    manifest = json.loads((tmp_path / f"{design}.train.manifest.json").read_bytes())
    assert manifest["parameters"] == {"digits": str(digits)}
