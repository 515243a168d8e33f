"""`causalspec distinguish`: its text, its JSON and its exit status."""

from __future__ import annotations

import json

import pytest

from tests.helpers.spec_files import spec_file
from tests.helpers.terminal import Terminal

EQUALITY = str(spec_file("hierarchical_equality"))


def test_rivals_are_told_apart_together_where_they_can(run: Terminal) -> None:
    names = ["BothEqualities", "FirstArgument", "LeftEquality"]
    status, printed, _ = run("distinguish", EQUALITY, *names, "--rows", "5", "--format", "json")
    told = json.loads(printed)
    assert status == 0
    assert [(group["swap"], group["from"], len(group["pairs"])) for group in told] == [
        ("left", ["FirstArgument"], 5),
        ("left", ["LeftEquality"], 0),
        ("right", ["FirstArgument", "LeftEquality"], 5),
    ]
    for group in told:
        for pair in group["pairs"]:
            own = pair["labels"]["BothEqualities"]
            assert all(own[0] not in pair["labels"][rival] for rival in group["from"])
    assert told[0]["coverage"]["a"]["of"] == 10


def test_models_that_no_pair_tells_apart(run: Terminal) -> None:
    status, printed, _ = run("distinguish", EQUALITY, "LeftEquality", "BothEqualities")
    assert status == 1
    assert "all 10,000 pairs of inputs that matter were tried" in printed


def test_pairs_as_people_read_them(run: Terminal) -> None:
    status, printed, _ = run(
        "distinguish", EQUALITY, "BothEqualities", "FirstArgument", "--rows", "1"
    )
    lines = printed.splitlines()
    assert (status, lines[0]) == (0, "swap left of BothEqualities, against FirstArgument")
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
        (
            ["hierarchical_equality", "LeftEqualit", "BothEqualities"],
            "did you mean `LeftEquality`?",
        ),
        *(
            (["hierarchical_equality", "LeftEquality", "BothEqualities", "--rows", rows], "--rows")
            for rows in ("0", "-1", "two", "1000001")
        ),
    ],
)
def test_what_cannot_be_told_apart(arguments: list[str], said: str, run: Terminal) -> None:
    spec, *names = arguments
    status, _, complaint = run("distinguish", str(spec_file(spec)), *names)
    assert (status, said in complaint) == (2, True)
