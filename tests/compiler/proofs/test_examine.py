"""What the checker finds by evaluating a specification, and how it says that it knows."""

from __future__ import annotations

from pathlib import Path

from causalspec.compiler.compile import compile_file
from causalspec.compiler.evidence import Examination
from causalspec.compiler.proofs.examine import examine
from causalspec.dsl.diagnostics import Diagnostics
from causalspec.dsl.parser import parse
from causalspec.dsl.source import Source
from tests.helpers.spec_files import each_spec


def examined(text: str, folder: Path | None = None) -> tuple[Diagnostics, tuple[Examination, ...]]:
    diagnostics = Diagnostics()
    file = parse(Source("case.causal", text), diagnostics)
    specification = compile_file(file, folder, diagnostics)
    if specification is None:
        return diagnostics, ()
    return diagnostics, examine(specification, diagnostics)


def findings(text: str) -> list[str]:
    return [
        f"{diagnostic.code} {diagnostic.span.text}: {diagnostic.message}"
        for diagnostic in examined(text)[0]
    ]


@each_spec
def test_the_library_holds(path: Path) -> None:
    diagnostics, examinations = examined(path.read_text(encoding="utf-8"), path.parent)
    said = [found.message for found in diagnostics if found.code[2] == "3"]
    trees = "`main` of `Ancestors`"  # more of them than are gone through, and none is refuted
    assert [message for message in said if trees not in message] == []
    open_or_wrong = [examination.question for examination in examinations if not examination.holds]
    allowed = ("changes most labels", "`bare` of `InContext`", trees)  # `bare` shows no example
    assert all(any(part in question for part in allowed) for question in open_or_wrong)


DIGITS = """
language 1

type Digit = 0..9

task Sum {
  input a, b : Digit
  require a <= b
  output total : 0..18 = a + b
"""


def test_a_failing_example_shows_what_the_model_gives() -> None:
    text = DIGITS + "\n  example { a = 3  b = 4 } gives { total = 8 }\n}"
    assert findings(text) == [
        "CS321 example { a = 3  b = 4 } gives { total = 8 }: this example expects `total = 8`, "
        "but `Sum` gives `7`"
    ]


def test_an_example_must_be_admissible() -> None:
    text = DIGITS + "\n  example { a = 4  b = 3 } gives { total = 7 }\n}"
    assert findings(text) == [
        "CS321 example { a = 4  b = 3 } gives { total = 7 }: this example's inputs do not meet "
        "the `require` of `Sum`"
    ]


def test_a_departure_names_the_smallest_input() -> None:
    text = DIGITS + "}\n\nmodel M of Sum {\n  var s : 0..10 = a + b\n  output total = s\n}"
    assert findings(text) == ["CS322 s: `s` leaves its domain: it is `11` at `a = 2, b = 9`"]


def test_every_variable_that_leaves_its_domain_is_reported_but_none_because_of_another() -> None:
    """Also where a table is looked up at a place that it does not have."""
    text = (
        DIGITS
        + """}

model M of Sum approximately {
  var s : 0..8 = b
  var follows = match s { 0..8 => s + 1 }
  var t : 0..4 = if a == 3 then 5 else 0
  output total = if follows > t then follows else s + t
}"""
    )
    assert findings(text) == [
        "CS322 s: `s` leaves its domain: it is `9` at `b = 9`",
        "CS322 t: `t` leaves its domain: it is `5` at `a = 3`",
    ]


LARGE = """
language 1

task T {
  input a, b, c : 0..99_999
  output y : bool = a == b
}

model M of T approximately {
  var v : 0..4 = if a == 77_777 and b == 12_345 and c - a == LAST then 5 else 4
  output y = v == 4
}
"""


def test_one_departure_among_a_thousand_million_million_inputs_is_found() -> None:
    assert findings(LARGE.replace("LAST", "22_222")) == [
        "CS322 v: `v` leaves its domain: it is `5` at `a = 77777, b = 12345, c = 99999`"
    ]


def test_mechanisms_are_proved_to_stay_in_their_domains_at_a_thousand_million_million_inputs() -> (
    None
):
    _, examinations = examined(LARGE.replace("LAST", "22_223"))
    assert ("the mechanisms of `M` stay in their domains at every input", True, "proved") in [
        (examination.question, examination.holds, examination.evidence.text)
        for examination in examinations
    ]


def test_a_wrong_hypothesis_is_refuted_at_the_smallest_admissible_input() -> None:
    text = DIGITS + "}\n\nmodel M of Sum {\n  output total = if a == 7 then 15 else a + b\n}"
    assert findings(text) == [
        "CS323 total: `M` does not compute `total`: at `a = 7, b = 7` it gives `15`, "
        "expected `total = 14`"
    ]


def test_what_is_meant_to_be_wrong_is_not_reported() -> None:
    text = DIGITS + "}\n\nmodel M of Sum approximately {\n  output total = a\n}"
    assert findings(text) == []


def test_how_each_answer_is_known() -> None:
    _, examinations = examined(DIGITS + "}\n\nmodel M of Sum {\n  output total = b + a\n}")
    assert [
        (examination.question, examination.holds, examination.evidence.text)
        for examination in examinations
    ] == [
        ("some input meets the `require` of `Sum`", True, "exhaustive (1)"),
        ("the mechanisms of `Sum` stay in their domains at every input", True, "proved"),
        ("the mechanisms of `M` stay in their domains at every input", True, "proved"),
        ("`M` computes the outputs of `Sum`", True, "exhaustive (100)"),
    ]


PRICES = """
language 1

type Price = 0.00..9.99 step 0.01

task Affordable {
  input lower, upper, amount : Price
  require 2.50 <= upper - lower <= 7.50
  output yes : bool = lower <= amount <= upper
}

model Midpoint of Affordable {
  var middle = (lower + upper) / 2
  output yes = abs(amount - middle) WITHIN (upper - lower) / 2
}
"""


def test_a_thousand_million_inputs_are_decided_by_the_solver() -> None:
    _, examinations = examined(PRICES.replace("WITHIN", "<="))
    assert [(examination.holds, examination.evidence.text) for examination in examinations][-1] == (
        True,
        "proved",
    )


def test_a_counterexample_among_a_thousand_million_inputs_is_minimal() -> None:
    assert findings(PRICES.replace("WITHIN", "<")) == [
        "CS323 yes: `Midpoint` does not compute `yes`: at `lower = 0.00, upper = 2.50, "
        "amount = 0.00` it gives `false`, expected `yes = true`"
    ]


def test_noise_rests_and_cycles_settle() -> None:
    text = """
language 1

task Room {
  input outside : {Cold, Mild, Hot}
  output heating : bool = outside == Cold
}

model Feedback of Room cyclic {
  var warm    = outside == Hot or outside == Mild or heater
  var heater  = if warm then outside == Cold else not stuck
  noise stuck : bool ~ bernoulli(0.05)
  output heating = heater
}
"""
    diagnostics, examinations = examined(text)
    assert [diagnostic.code for diagnostic in diagnostics if diagnostic.code[2] in "35"] == []
    assert [
        (examination.question, examination.holds, examination.evidence.text)
        for examination in examinations
    ] == [
        ("some input meets the `require` of `Room`", True, "exhaustive (1)"),
        ("the mechanisms of `Room` stay in their domains at every input", True, "proved"),
        ("the mechanisms of `Feedback` stay in their domains at every input", True, "proved"),
        ("`Feedback` has an equilibrium at every input", True, "exhaustive (6)"),
        (
            "`Feedback` computes the outputs of `Room` with its noise at its likeliest",
            True,
            "exhaustive (6)",
        ),
    ]


def test_a_model_without_equilibrium_computes_nothing() -> None:
    text = """
language 1

task Coin {
  input side : bool
  output up : bool = side
}

model Liar of Coin cyclic {
  var says : bool = not says
  output up = if says then side else side
}
"""
    assert "CS326 up: `Liar` has no equilibrium at `side = false`" in findings(text)
