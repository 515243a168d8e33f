"""Three rungs of questions: the answers of `specs/three_rungs` by a program of their own."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from fractions import Fraction
from itertools import product
from pathlib import Path

import pytest

from causalspec.command_line import main
from tests.helpers.spec_files import spec_file

World = Mapping[str, bool]


def confounding(world: World, done: World) -> dict[str, bool]:
    run = {**world, **done}
    run["treated"] = done.get("treated", run["severe"] is not run["doctor"])
    helped = run["treated"] and run["works"] if run["severe"] else run["treated"] or run["works"]
    return {**run, "recovers": run["luck"] or helped}


def mediation(world: World, done: World) -> dict[str, bool]:
    run = {**world, **done}
    run["treated"] = done.get("treated", run["doctor"])
    untreated = run["severe"] or run["stubborn"]
    run["fever"] = done.get("fever", run["stubborn"] if run["treated"] else untreated)
    return {**run, "recovers": not run["fever"] or (run["treated"] and run["direct"])}


def arrowhead(world: World, done: World) -> dict[str, bool]:
    run = {**world, **done}
    run["treated"] = done.get("treated", run["severe"] or run["doctor"])
    lasting = not run["treated"] or run["stubborn"]
    run["fever"] = done.get("fever", run["severe"] and lasting)
    return {**run, "recovers": not run["fever"] and (run["treated"] or not run["weak"])}


@pytest.mark.parametrize(
    ("model", "count", "chances", "solve"),
    [
        ("Confounding", 24, {"severe": 40, "doctor": 20, "works": 70, "luck": 10}, confounding),
        ("Mediation", 48, {"severe": 40, "doctor": 50, "stubborn": 30, "direct": 25}, mediation),
        ("Arrowhead", 48, {"severe": 40, "doctor": 25, "stubborn": 30, "weak": 50}, arrowhead),
    ],
)
def test_answers(
    model: str,
    count: int,
    chances: Mapping[str, int],
    solve: Callable[[World, World], dict[str, bool]],
    tmp_path: Path,
) -> None:
    written = tmp_path / "questions.jsonl"
    asked = ["--questions", "--rows", str(count), "--format", "jsonl", "--out", str(written)]
    assert main(["sample", str(spec_file("three_rungs")), model, *asked]) == 0
    rungs: set[str] = set()
    for line in written.read_text(encoding="utf-8").splitlines():
        question = json.loads(line)
        rungs.add(question["rung"])
        seen, done = (
            {name: value == "true" for name, value in question[part].items()}
            for part in ("observed", "done")
        )
        (name_asked,) = question["answers"][0]["values"]
        odds = {True: Fraction(), False: Fraction()}
        for values in product((True, False), repeat=len(chances)):
            world = dict(zip(chances, values, strict=True))
            if any(solve(world, {})[name] != value for name, value in seen.items()):
                continue
            weight = Fraction(1)
            for name, holds in world.items():
                weight *= Fraction(chances[name] if holds else 100 - chances[name], 100)
            odds[solve(world, done)[name_asked]] += weight
        found = {
            answer["values"][name_asked]: Fraction(answer["probability"])
            for answer in question["answers"]
        }
        total = sum(odds.values())
        assert found == {str(v).lower(): o / total for v, o in odds.items() if o}, question
    assert rungs == {"observation", "intervention", "counterfactual"}
