"""Abstractions are proved, or refuted by a square that fails and is as small as can be."""

from __future__ import annotations

import pytest

from causalspec.compiler.evaluators import interpret
from causalspec.compiler.evidence import Exhaustive, NoWitness, Proved
from causalspec.compiler.expressions import Reference
from causalspec.compiler.model import Role
from causalspec.compiler.proofs.relations import Relation, Square, examine_relation
from causalspec.compiler.specification import Abstraction, Specification
from causalspec.dsl import catalogue
from tests.compiler.proofs.test_examine import examined
from tests.helpers.compiled import compiled

OURS = ("CS410", "CS411", "CS412", "CS413", "CS414")

SUM = """
type Digit = 0..9

task Sum {
  input a, b : Digit
  output total : 0..18 = a + b
}

model Fine of Sum {
  var left = a
  var right = b
  var sum = left + right
  output total = sum
}
"""


@pytest.mark.parametrize("code", OURS)
def test_page(code: str) -> None:
    page = catalogue.page(code)
    assert page.fails is not None and page.fixed is not None
    assert [diagnostic.code for diagnostic in examined(page.fails)[0]] == [code]
    assert [diagnostic.code for diagnostic in examined(page.fixed)[0]] == []


def answer_of(specification: Specification, name: str) -> Square | NoWitness:
    abstraction = specification.abstractions[name]
    return examine_relation(Relation.of(abstraction.fine, abstraction.coarse, abstraction.values))


def test_a_square_that_needs_an_intervention() -> None:
    """No input tells the two models apart: only setting `left` does."""
    answer = answer_of(
        compiled(
            SUM
            + """
        model Coarse of Sum {
          var first = a
          output total = a + b
        }
        abstraction Kept from Fine to Coarse { first = left }
        """.replace("total = a + b", "total = if first == a then a + b else a + b")
        ),
        "Kept",
    )
    assert isinstance(answer, Square)
    assert answer.inputs == {"a": 0, "b": 0}
    assert (answer.done, answer.coarse_done) == ({"left": 1}, {"first": 1})
    assert answer.differing == ("total",)
    assert (answer.translated["total"], answer.expected["total"]) == (1, 0)


def test_a_square_of_two_interventions() -> None:
    """Either variable alone can be set without a difference; both together cannot."""
    text = """
    task Both {
      input a, b : bool
      output y : bool = a and b
    }
    model Fine of Both {
      var left = a
      var right = b
      output y = left and right
    }
    model Coarse of Both {
      var first = a
      var second = b
      output y = if first != a and second != b then not first and not second else first and second
    }
    abstraction Kept from Fine to Coarse { first = left  second = right }
    """
    answer = answer_of(compiled(text), "Kept")
    assert isinstance(answer, Square)
    assert answer.done == {"left": 1, "right": 1}
    assert answer.inputs == {"a": 0, "b": 0}


def test_the_two_runs_are_shown_side_by_side() -> None:
    text = (
        "language 1\n"
        + SUM
        + """
    model Coarse of Sum approximately {
      var odd = a % 2
      output total = odd + b
    }
    abstraction Kept from Fine to Coarse { odd = left % 2 }
    """
    )
    diagnostics, examinations = examined(text)
    assert [diagnostic.message for diagnostic in diagnostics] == [
        "`Coarse` does not abstract `Fine`, a square fails: at `a = 2, b = 0` `Fine` has "
        "`total = 2`, `Coarse` `0`"
    ]
    (asked,) = (
        examination for examination in examinations if "abstraction" in examination.question
    )
    assert (asked.question, asked.holds) == (
        "`Coarse` is an abstraction of `Fine` by `Kept`",
        False,
    )
    assert asked.details == (
        "         Fine                                  Coarse",
        "inputs   a = 2, b = 0                          a = 2, b = 0",
        "         odd = 0                               odd = 0",
        "differs  total = 2                             total = 0",
    )


def test_each_derivation_is_proved() -> None:
    specification = compiled(
        SUM
        + """
    derive Without from Fine { marginalize sum }
    derive Merged from Fine { merge (left, right) as both }
    """
    )
    assert answer_of(specification, "Without") == NoWitness(Exhaustive(10 + 10 + 100))
    assert isinstance(answer_of(specification, "Merged"), NoWitness)


def test_a_collapse_that_is_respected_and_one_that_is_not() -> None:
    derived = "derive Coarse from Fine { collapse sum { 0..CUT => Low  REST..18 => High } }"
    text = SUM.replace("total : 0..18 = a + b", "total : bool = a + b >= 10").replace(
        "total = sum", "total = sum >= 10"
    )
    good = compiled(text + derived.replace("CUT", "9").replace("REST", "10"))
    assert isinstance(answer_of(good, "Coarse"), NoWitness)
    bad = compiled(text + derived.replace("CUT", "10").replace("REST", "11"))
    answer = answer_of(bad, "Coarse")
    assert isinstance(answer, Square)
    assert answer.inputs == {"a": 1, "b": 9}
    assert answer.done == {}


def test_many_inputs_are_proved_mechanism_by_mechanism() -> None:
    digits = """
    type Digit = 0..9
    task Addition(digits = 10) {
      input x[i in 0..digits - 1], y[i in 0..digits - 1] : Digit
      let total = sum((x[i] + y[i]) * 10 ** i for i in 0..digits - 1)
      output z[i in 0..digits] : Digit = total // 10 ** i % 10
    }
    model Chain of Addition {
      var carry[i in 0..digits] : 0..1 =
        if i == 0 then 0 else (x[i - 1] + y[i - 1] + carry[i - 1]) // 10
      output z[i in 0..digits] = if i == digits then carry[i] else (x[i] + y[i] + carry[i]) % 10
    }
    derive Middle from Chain { marginalize carry[0], carry[2], carry[4] }
    """
    answer = answer_of(compiled(digits), "Middle")
    assert isinstance(answer, NoWitness)
    assert answer.is_certain


def test_every_small_square_is_tried_by_hand() -> None:
    """The answer, one mechanism at a time, agrees with all interventions at all inputs."""
    specification = compiled("""
    task T {
      input a, b : bool
      output y : bool = a != b
    }
    model Fine of T {
      var p = a
      var q = if p then not b else b
      output y = q
    }
    model Same of T {
      var p = a
      var q = p != b
      output y = q
    }
    model Other of T {
      var p = a
      var q = if p then a != b else a != b
      output y = q
    }
    abstraction Kept from Fine to Same { p = p  q = q }
    abstraction Lost from Fine to Other { p = p  q = q }
    """)
    for name, abstraction in specification.abstractions.items():
        assert isinstance(answer_of(specification, name), NoWitness) == _commutes(abstraction)


def _commutes(abstraction: Abstraction) -> bool:
    fine, coarse = abstraction.fine, abstraction.coarse
    names = [variable.name for variable in fine.variables if variable.role is Role.VARIABLE]
    assert all(value == Reference(name) for name, value in abstraction.values.items())
    interventions: list[dict[str, int]] = [{}]
    for name in names:
        codes = fine.by_name[name].domain.codes()
        interventions += [
            {**intervention, name: code} for intervention in interventions for code in codes
        ]
    return all(
        interpret.solve(fine, setting, done) == interpret.solve(coarse, setting, done)
        for setting in interpret.settings(fine)
        for done in interventions
    )


def test_evidence_of_an_identity() -> None:
    specification = compiled(SUM)
    fine = specification.models["Fine"]
    values = {name: Reference(name) for name in fine.intermediates}
    answer = examine_relation(Relation.of(fine, fine, values))
    assert isinstance(answer, NoWitness)
    assert isinstance(answer.evidence, Proved | Exhaustive)


def test_a_square_under_an_intervention_is_quoted_part_by_part() -> None:
    text = (
        "language 1\n"
        + SUM
        + """
    model Coarse of Sum {
      var first = a
      output total = a + b
    }
    abstraction Kept from Fine to Coarse { first = left }
    """
    )
    assert [
        diagnostic.message for diagnostic in examined(text)[0] if diagnostic.code == "CS410"
    ] == [
        "`Coarse` does not abstract `Fine`, a square fails: at `a = 0, b = 0` with "
        "`do { left = 1 }` `Fine` has `total = 1`, `Coarse` `0`"
    ]
