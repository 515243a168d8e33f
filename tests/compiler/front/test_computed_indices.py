"""`x[e]` is the member that stands at e, for the interpreter, on columns and to the solver."""

# ruff: noqa: E501 (whole messages, as they are printed)

from __future__ import annotations

import random

import pytest

from causalspec.compiler.derived_models import interchanged
from causalspec.compiler.evaluators.interpret import solve
from causalspec.compiler.evaluators.prove import solve_for
from causalspec.compiler.evaluators.vectorize import solve_columns
from causalspec.compiler.evidence import NoWitness
from causalspec.compiler.expressions import (
    All,
    Compare,
    ComparisonOperator,
    Constant,
    Defined,
    Not,
    Reference,
)
from causalspec.compiler.model import CausalModel
from causalspec.compiler.views.plain_text import mechanism_text
from tests.helpers.columns_of import Setting, as_columns, as_settings, covered_settings
from tests.helpers.compiled import compiled, findings

TASK = """
task T {
  input x[i in %s] : 0..3
  input at : %s
  output o : 0..3 = x[%s]
}
"""


@pytest.mark.parametrize(
    ("indices", "at", "index"),
    [
        ("0..3", "0..3", "at"),
        ("0..1", "0..4", "at"),
        ("2..4", "0..9", "at"),
        ("0..4 step 2", "0..5", "at"),
        ("0..2", "0..3", "2 * at - 1"),
        ("0..11", "0..12", "at"),  # by halving
        ("0..20 step 2", "0..23", "at"),
        ("-2..1", "-4..2", "at"),
    ],
)
def test_the_member_that_stands_there(indices: str, at: str, index: str) -> None:
    model = compiled(TASK % (indices, at, index)).tasks["T"].model
    settings = covered_settings(model)
    columns = as_settings(solve_columns(model, as_columns(settings)))
    for setting, of_columns in zip(settings, columns, strict=True):
        place = setting["at"] if index == "at" else 2 * setting["at"] - 1
        expected = setting.get(f"x[{place}]")
        assert solve(model, setting).get("o") == expected == of_columns.get("o")
    for setting in random.Random(0).sample(settings, 8):
        assert_solver_finds(model, setting, solve(model, setting).get("o"))


def assert_solver_finds(model: CausalModel, setting: Setting, expected: int | None) -> None:
    """That it is the only output that the solver has at the setting."""

    def equal(name: str, code: int) -> Compare:
        return Compare(ComparisonOperator.EQUAL, Reference(name), Constant(code))

    given = [equal(name, code) for name, code in setting.items()]
    defined = Defined(Reference("o"))
    right = Not(defined) if expected is None else equal("o", expected)
    wrong = defined if expected is None else Not(All((defined, equal("o", expected))))
    assert not isinstance(solve_for(model, All((*given, right))), NoWitness)
    assert isinstance(solve_for(model, All((*given, wrong))), NoWitness)


def test_a_family_of_abbreviations() -> None:
    text = """
      task T {
        input at : 0..4
        let size[i in 0..4 step 2] = 10 * i
        output o : 0..99 = if at % 2 == 0 then size[at] else 99
      }"""
    model = compiled(text).tasks["T"].model
    assert [solve(model, {"at": at})["o"] for at in range(5)] == [0, 99, 20, 99, 40]


def test_members_of_several_runs_and_kinds() -> None:
    """In functions, conditions of pairs and columns of rows; where a swap leads past the end, no label."""
    text = """
      type Name = {Mary, John, Emma}
      function other(n : 0..1) = 1 - n
      task T {
        input who[i in 0..1] : Name
        input at : 0..1
        output o : Name = who[other(at)]
      }
      model M of T {
        var place : 0..2 = other(at)
        output o = who[place]
      }
      counterfactuals P of M {
        swap place
        keep where base.who[base.at] != source.who[source.at] and base.who[source.at] == Mary
        split train 100
      }"""
    specification = compiled(text)
    model = specification.models["M"]
    assert solve(model, {"who[0]": 2, "who[1]": 1, "at": 1})["o"] == 2
    design = specification.counterfactuals["P"]
    (kind,) = design.kinds
    undefined = Not(Defined(Reference("result.o")))
    proof = solve_for(interchanged(model, kind), undefined)
    assert isinstance(proof, NoWitness)
    assert proof.is_certain


def test_how_it_is_shown() -> None:
    model = compiled(TASK % ("0..2", "0..3", "at")).tasks["T"].model
    assert mechanism_text(model, "o") == SHOWN


SHOWN = "if at in 0..2 then if at == 0 then x[0] else if at == 1 then x[1] else x[2] else undefined"


@pytest.mark.parametrize(
    ("index", "found"),
    [
        ("at + 4", "CS306 6:21 `x` has no member at `at + 4` (its indices are 0..2, and the index is one of numbers 4..7)"),
        ("at / 2", "CS340 6:23 `at / 2` is not a whole number, which an index must be (where a value stands, `first(x[i] == value for i in 0..3)` finds; `//` rounds)"),
        ("at == 1", "CS340 6:23 `at == 1` is not a whole number, which an index must be (where a value stands, `first(x[i] == value for i in 0..3)` finds; `//` rounds)"),
        ("3", "CS306 6:21 `x` has no member 3 (its indices are 0..2)"),
        ("0.5", "CS340 6:23 `0.5` is not a whole number, which an index must be (where a value stands, `first(x[i] == value for i in 0..3)` finds; `//` rounds)"),
        ("nowhere", "CS201 6:23 unknown name `nowhere` (known here: `o`, `x`, `at`)"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_index(index: str, found: str) -> None:
    assert findings(TASK % ("0..2", "0..3", index)) == [found]


def test_a_family_that_reads_itself() -> None:
    text = TASK % ("0..2", "0..3", "at % 3") + (
        "model M of T { var y[i in 0..2] : 0..3 = y[at % 3]  output o = y[0] }"
    )
    assert findings(text) == [
        "CS401 8:20 `y[0]` depends on itself: `y[0]` → `y[0]` (take one of them out of the circle, or declare the model `cyclic`)"
    ]
