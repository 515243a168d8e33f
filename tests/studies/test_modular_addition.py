"""Addition round a circle: the labels of `specs/modular_addition` by a program of their own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.helpers.studies import Setting, check_labels

MODULUS = 113


def round_the_circle(start: int, steps: int) -> int:
    """Where a walk of so many steps ends, without a division."""
    place = start
    for _ in range(steps):
        place = 0 if place == MODULUS - 1 else place + 1
    return place


def of_the_source(_: str, base: Setting, sources: Mapping[str, Setting]) -> Setting:
    return {"left": round_the_circle(sources["source"]["a"], sources["source"]["b"])}


def one_number(kind: str, base: Setting, sources: Mapping[str, Setting]) -> Setting:
    first = sources["other"]["a"] if kind == "first" else base["a"]
    second = sources["other"]["b"] if kind == "second" else base["b"]
    return {"left": round_the_circle(first, second)}


def test_labels_of_residues(tmp_path: Path) -> None:
    check_labels("modular_addition", "Residues", of_the_source, tmp_path)


def test_labels_of_single_numbers(tmp_path: Path) -> None:
    check_labels("modular_addition", "OneNumber", one_number, tmp_path)
