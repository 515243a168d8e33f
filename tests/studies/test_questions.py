"""The benchmark of causal reasoning: the program that checks it, and what it checks."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from causalspec.command_line import main
from tests.helpers.spec_files import spec_file

FOLDER = spec_file("three_rungs").parent


def program() -> ModuleType:
    """The study's own enumeration of worlds."""
    place = FOLDER / "enumerate_worlds.py"
    spec = importlib.util.spec_from_file_location(place.stem, place)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def asked(file: str, model: str, rows: int, folder: Path, *more: str) -> list[dict[str, Any]]:
    written = folder / f"{model}.jsonl"
    options = ["--questions", "--rows", str(rows), "--format", "jsonl", "--out", str(written)]
    assert main(["sample", str(FOLDER / f"{file}.causal"), model, *options, *more]) == 0
    return [json.loads(line) for line in written.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize(("file", "model"), [("nonsense", "Web"), ("grids", "Falling")])
def test_answers_are_those_of_the_enumeration(file: str, model: str, tmp_path: Path) -> None:
    enumeration = program()
    worlds = enumeration.enumeration_of(model)
    questions = asked(file, model, 150, tmp_path)
    assert all(enumeration.agrees(question, worlds) for question in questions)
    assert len({question["question"] for question in questions}) == 150
    assert len({question["variables"] for question in questions}) > 3


def test_other_probabilities_have_other_answers(tmp_path: Path) -> None:
    enumeration = program()
    questions = asked("three_rungs", "Mediation", 60, tmp_path, "--set", "helped=25")
    quarter = enumeration.enumeration_of("Mediation-25")
    other = enumeration.enumeration_of("Mediation-70")
    assert all(enumeration.agrees(question, quarter) for question in questions)
    assert not all(enumeration.agrees(question, other) for question in questions)
