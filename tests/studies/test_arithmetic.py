"""Addition with carries: the labels of `specs/arithmetic` by a program of their own."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
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


def split_by_a_truth(kind: str, base: Setting, sources: Mapping[str, Setting]) -> Setting:
    """The sum whose truth is the source's and all of whose rest is the base's, by trial."""
    (source,) = sources.values()
    told: dict[str, tuple[Callable[[int, int], bool], int]] = {
        "large": (lambda x, y: x + y > 99, 100),
        "odd": (lambda x, y: (x ^ y) & 1 == 1, 1),
        "carries": (lambda x, y: int(str(x)[-1]) + int(str(y)[-1]) > 9, 10),
    }
    is_true, worth = told[kind]
    before, after = (is_true(int(run["x"]), int(run["y"])) for run in (base, source))
    return {"total": int(base["x"]) + int(base["y"]) + worth * (after - before)}


@pytest.mark.parametrize("design", ["Larger", "Odder", "Carried"])
def test_labels_of_heuristics(design: str, tmp_path: Path) -> None:
    check_labels("arithmetic", design, split_by_a_truth, tmp_path, file="heuristics")
