"""`causalspec sample` on the command line: what it prints, and what it refuses."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest

from tests.helpers.spec_files import spec_file
from tests.helpers.terminal import Terminal

SQUAD = str(spec_file("firing_squad"))
PRICES = str(spec_file("price_tagging"))
THERMOSTAT = str(spec_file("thermostat"))
ADDITION = str(spec_file("addition"))


def test_exact_probabilities(run: Terminal) -> None:
    given = ("--observe", "dead=true", "--do", "first=false", "--exact")
    status, printed, _ = run("sample", SQUAD, "TwoRiflemen", *given, "--format", "jsonl")
    assert status == 0
    assert [json.loads(line) for line in printed.splitlines()] == [
        {
            "rung": "counterfactual",
            "values": {"dead": value},
            "probability": str(share),
            "approximately": float(share),
        }
        for value, share in {"true": Fraction(70, 73), "false": Fraction(3, 73)}.items()
    ]


def test_rows_hold_both_worlds(run: Terminal, tmp_path: Path) -> None:
    out = tmp_path / "rows.jsonl"
    given = ("--observe", "dead=true", "--do", "first=false", "--rows", "200", "--seed", "1")
    more = ("--format", "jsonl", "--out", str(out))
    assert run("sample", SQUAD, "TwoRiflemen", *given, *more) == (0, "", "")
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert len(rows) == 200
    for row in rows:
        before, after = row["factual"], row["counterfactual"]
        assert before["dead"] == "true"
        assert after["first"] == "false"
        assert after["dead"] == before["signal"] == before["ordered"] == after["ordered"]
    assert {row["counterfactual"]["dead"] for row in rows} == {"true", "false"}


def test_a_table_for_people(run: Terminal) -> None:
    status, printed, _ = run(
        "sample",
        SQUAD,
        "TwoRiflemen",
        "--rows",
        "1",
        "--observe",
        "dead=true",
        "--do",
        "signal=false",
    )
    header, values, note = printed.splitlines()
    assert status == 0
    assert header.split() == [
        *("ordered", "nervous", "signal", "first", "second", "dead"),
        *("signal'", "first'", "second'", "dead'"),
    ]
    assert len(values.split()) == 10
    assert note == "  x' is x under the intervention"


def test_no_rows(run: Terminal) -> None:
    assert run("sample", SQUAD, "TwoRiflemen", "--rows", "0", "--format", "jsonl") == (0, "", "")


def test_members_of_families_and_tasks(run: Terminal) -> None:
    status, printed, _ = run(
        "sample", ADDITION, "CarryChain", "--do", "carry[1]=1", "--observe", "x[1]=9",
        "--observe", "y[1]=0", "--of", "carry[2]", "--exact",
    )  # fmt: skip
    assert (status, printed) == (0, "  carry[2]  probability\n  1         1            1.0000\n")
    status, printed, _ = run("sample", SQUAD, "FiringSquad", "--exact")
    assert printed.splitlines()[1].split() == ["true", "7/10", "0.7000"]


@pytest.mark.parametrize(
    ("arguments", "status", "complaint"),
    [
        (
            (SQUAD, "TwoRiflemen", "--observe", "ded=true"),
            2,
            "--observe: `TwoRiflemen` has no variable `ded`; did you mean `dead`?",
        ),
        (
            (SQUAD, "TwoRiflemen", "--do", "first=flase"),
            2,
            "--do: `flase` is not a value of `first`, bool; did you mean `false`?",
        ),
        (
            (SQUAD, "TwoRiflemen", "--do", "first=true", "--do", "first=false"),
            2,
            "--do: `first` is given twice",
        ),
        (
            (SQUAD, "TwoRiflemen", "--exact", "--of", "x"),
            2,
            "--of: `TwoRiflemen` has no variable `x`",
        ),
        (
            (SQUAD, "TwoRiflemen", "--of", "dead"),
            2,
            "--of goes with --exact: what is drawn has a value for every variable",
        ),
        (
            (SQUAD, "TwoRiflmen"),
            2,
            "there is no model `TwoRiflmen`; did you mean `TwoRiflemen`?",
        ),
        (
            (ADDITION, "Addition", "--do", "total=3"),
            2,
            "--do: `total` is an abbreviation, which is never intervened on",
        ),
        (
            (PRICES, "LeftBoundary", "--observe", "amount=10.00"),
            2,
            "--observe: `10.00` is not a value of `amount`, numbers 0.00..9.99 step 0.01",
        ),
        (
            (SQUAD, "TwoRiflemen", "--observe", "dead=true", "--observe", "first=false"),
            2,
            "the evidence is impossible: no inputs and noise of `TwoRiflemen` give "
            "dead = true, first = false",
        ),
        ((THERMOSTAT, "Feedback"), 2, "`Feedback` is cyclic"),
        (
            (SQUAD, "TwoRiflemen", "--questions", "--observe", "first=true"),
            2,
            "--questions makes up its own evidence: leave out --observe and --then-observe",
        ),
        (
            (SQUAD, "TwoRiflemen", "--do", "first=not nervos and ordered"),
            2,
            "error[CS201]: unknown name `nervos`\n"
            " --> --do first:1:5\n"
            "  |\n"
            "1 | not nervos and ordered\n"
            "  |     ^^^^^^\n"
            "  = help: did you mean `nervous`?\n",
        ),
        (
            (SQUAD, "TwoRiflemen", "--do", "first = 1 + 1"),
            2,
            "error[CS206]: `1 + 1` is a number, but a truth value is needed here\n"
            " --> --do first:1:1\n",
        ),
        ((SQUAD, "TwoRiflemen", "--do", "first=(nervous"), 2, "1 | (nervous\n  |         ^"),
        (
            (SQUAD, "TwoRiflemen", "--do", "signal=not dead"),
            2,
            "--do: `signal` would depend on itself: `signal` reads `dead`, `dead` reads `first`, "
            "`first` reads `signal`",
        ),
        (
            (SQUAD, "TwoRiflemen", "--do", "first=not nervous", "--do", "first=true"),
            2,
            "--do: `first` is given twice",
        ),
        (
            (SQUAD, "TwoRiflemen", "--rows", "1000001"),
            2,
            "--rows: 1,000,001 rows are more than 1,000,000",
        ),
        ((PRICES, "LeftBoundary", "--exact"), 4, "has 1,000,000,000 settings"),
        ((SQUAD, "TwoRiflemen", "--do", "first"), 2, "`first` is not like dead=true"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_words(
    arguments: tuple[str, ...], status: int, complaint: str, run: Terminal
) -> None:
    code, printed, told = run("sample", *arguments)
    assert (code, printed) == (status, "")
    assert complaint in told


def test_questions_are_records_of_their_own(run: Terminal) -> None:
    status, printed, _ = run(
        "sample", SQUAD, "TwoRiflemen", "--questions", "--rows", "6", "--format", "jsonl"
    )
    records = [json.loads(line) for line in printed.splitlines()]
    assert status == 0
    assert {record["rung"] for record in records} == {
        "observation",
        "intervention",
        "counterfactual",
    }
    for record in records:
        assert sum(Fraction(answer["probability"]) for answer in record["answers"]) == 1
        assert record["answer"] in ("true", "false")
        (asked,) = record["asks"].items()
        assert asked == ("dead", record["answer"])
        ends = (f" is {record['probability']}.", "What is", "Given that", "Suppose", "We know that")
        assert record["derivation"][-1].endswith(ends[0])
        assert record["question"].startswith(ends[1:])
        assert 1 <= record["variables"] <= 6
        assert record["done"] or record["rung"] == "observation"
