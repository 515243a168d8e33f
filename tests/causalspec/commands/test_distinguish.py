"""`causalspec distinguish`: its text, its JSON and its exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from causalspec.command_line import main
from causalspec.exit_codes import ExitCode

SPECS = Path(__file__).parents[3] / "specs"
EQUALITY = str(SPECS / "hierarchical_equality" / "hierarchical_equality.causal")


def test_rivals_are_told_apart_together_where_they_can(capsys: pytest.CaptureFixture[str]) -> None:
    names = ["BothEqualities", "FirstArgument", "LeftEquality"]
    arguments = ["distinguish", EQUALITY, *names, "--rows", "5", "--format", "json"]
    assert main(arguments) == ExitCode.FINE
    told = json.loads(capsys.readouterr().out)
    assert [(one["swap"], one["from"], len(one["pairs"])) for one in told] == [
        ("left", ["FirstArgument"], 5),
        ("left", ["LeftEquality"], 0),
        ("right", ["FirstArgument", "LeftEquality"], 5),
    ]
    for one in told:
        for pair in one["pairs"]:
            own = pair["labels"]["BothEqualities"]
            assert all(own[0] not in pair["labels"][rival] for rival in one["from"])
    assert told[0]["coverage"]["a"]["of"] == 10


def test_models_that_no_pair_tells_apart(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["distinguish", EQUALITY, "LeftEquality", "BothEqualities"]
    assert main(arguments) == ExitCode.CLAIM_FAILED
    assert "all 10,000 pairs of inputs that matter were tried" in capsys.readouterr().out


def test_unknown_models(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["distinguish", EQUALITY, "LeftEqualit", "BothEqualities"]) == (
        ExitCode.WRONG_USAGE
    )
    assert "did you mean `LeftEquality`?" in capsys.readouterr().err


def test_pairs_as_people_read_them(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["distinguish", EQUALITY, "BothEqualities", "FirstArgument", "--rows", "1"]
    assert main(arguments) == ExitCode.FINE
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "swap left of BothEqualities, against FirstArgument"
    assert [line[:18].strip() for line in lines[1:6]] == [
        "base", "source", "BothEqualities", "FirstArgument", "",
    ]  # fmt: skip
    assert {lines[3][18:], lines[4][18:]} == {"=> same = true", "=> same = false"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["addition", "CarryChain", "NoCarry"],
            "`NoCarry` has no variable to swap; `causal",
        ),
        (
            ["addition", "NoCarry", "CarryChain"],
            "`NoCarry` has no variable to swap; `causal",
        ),
        (["thermostat", "Room", "Feedback"], "`Room` has no variable to swap"),
        (
            ["thermostat", "Feedback", "Room"],
            "`Feedback` is cyclic, so a label may have",
        ),
        (
            ["hierarchical_equality", "BothEqualities", "OneOrBoth"],
            "`OneOrBoth` is a counterfactuals declaration, not a model; there are SameRel",
        ),
    ],
)
def test_models_that_cannot_be_set_beside_each_other(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    spec, *names = arguments
    assert main(["distinguish", str(SPECS / spec / f"{spec}.causal"), *names]) == (
        ExitCode.WRONG_USAGE
    )
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("rows", ["0", "-1", "two", "1000001"])
def test_impossible_numbers_of_rows(rows: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["distinguish", EQUALITY, "LeftEquality", "BothEqualities", "--rows", rows])
    assert stop.value.code == ExitCode.WRONG_USAGE
    assert "argument --rows" in capsys.readouterr().err
