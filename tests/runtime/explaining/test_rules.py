"""Rules against rules that were planted, with noise, and against all rules where few."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalspec.compiler.compile import check_source
from causalspec.dsl.diagnostics import Diagnostics
from causalspec.dsl.source import Source
from causalspec.runtime.explaining.explain import statement
from causalspec.runtime.explaining.literals import Literal, literals
from causalspec.runtime.explaining.rules import (
    WORTH,
    Term,
    TooFewInputsError,
    joined,
    learn_rule,
)
from tests.helpers.compiled import attempt

TEXT = """
type Shape = 0..3
type Colour = {Red, Green, Blue}
task Match {
  input a, b, c, d : Shape
  input colour : Colour
  output same : bool = (a == b) == (c == d)
}
model Pairs of Match {
  var left = a == b
  var right = c == d
  output same = left == right
}
"""
SPECIFICATION, _ = attempt(TEXT)
assert SPECIFICATION is not None
MODEL = SPECIFICATION.models["Pairs"]


def inputs(count: int, seed: int) -> dict[str, np.ndarray]:
    """Uniform settings of the inputs."""
    generator = np.random.default_rng(seed)
    found = {name: generator.integers(0, 4, count) for name in ("a", "b", "c", "d")}
    return found | {"colour": generator.integers(0, 3, count)}


RULES = {
    "left": lambda s: s["a"] == s["b"],
    "not right": lambda s: s["c"] != s["d"],
    "colour == Red": lambda s: s["colour"] == 0,
    "a <= 1": lambda s: s["a"] <= 1,
    "a < c": lambda s: s["a"] < s["c"],
    "left and not right": lambda s: (s["a"] == s["b"]) & (s["c"] != s["d"]),
    "left or right": lambda s: (s["a"] == s["b"]) | (s["c"] == s["d"]),
    "not left and a < c": lambda s: (s["a"] != s["b"]) & (s["a"] < s["c"]),
}


@pytest.mark.parametrize("text", RULES)
@pytest.mark.parametrize("noise", [0.0, 0.04])
def test_a_planted_rule_is_found(text: str, noise: float) -> None:
    columns = inputs(400, 1)
    truth = RULES[text](columns)
    flipped = np.random.default_rng(2).random(400) < noise
    rule = learn_rule(literals(MODEL, columns), truth ^ flipped)
    assert rule is not None and rule.is_better_than_chance
    assert (rule.term.holds == truth).all(), rule.term.text
    assert rule.term.conditions == 1 + text.count(" and ") + text.count(" or ")
    assert rule.accuracy > 1 - 3 * noise - 1e-9
    if not noise:
        assert (rule.wrong, rule.accuracy) == (0, 1.0)
        assert rule.held_out == 200 or rule.held_out == 201


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_no_rule_of_three_conditions_is_better(seed: int) -> None:
    generator = np.random.default_rng(seed)
    few = [Literal(name, 1, generator.random(40) < 0.5) for name in "pqrst"]
    truth = generator.random(40) < 0.5
    if not 8 <= truth.sum() <= 32:
        return
    rule = learn_rule(few, truth, seed)
    assert rule is not None
    # The half that chose it, found again: what is not held out.
    order = np.random.default_rng(seed)
    learning = np.zeros(40, np.bool_)
    for sort in (truth, ~truth):
        numbers = order.permutation(np.flatnonzero(sort))
        learning[numbers[: len(numbers) // 2]] = True

    def merit(term: Term) -> float:
        said, right = term.holds[learning], truth[learning]
        balanced = (said[right].mean() + (~said[~right]).mean()) / 2
        return float(balanced) - WORTH * term.conditions

    singles = [Term(one.text, 1, 1, "", one.holds) for one in few]
    joints = ("and", "or")
    two = [joined(p, q, joint) for p, q in product(singles, singles) for joint in joints]
    three = [joined(p, q, joint) for p, q in product(two, singles) for joint in joints]
    assert merit(rule.term) >= max(map(merit, (*singles, *two, *three))) - 1e-9


def test_what_no_rule_tells_is_not_better_than_chance() -> None:
    better = 0
    for seed in range(20):
        columns = inputs(120, seed)
        truth = np.random.default_rng(1_000 + seed).random(120) < 0.4
        rule = learn_rule(literals(MODEL, columns), truth, seed)
        assert rule is not None
        better += rule.is_better_than_chance
    assert better <= 1  # one in a hundred at the level of the test


def test_too_few_inputs_of_either_sort() -> None:
    columns = inputs(60, 0)
    for truth in (np.arange(60) < 7, np.arange(60) >= 7):
        with pytest.raises(TooFewInputsError):
            learn_rule(literals(MODEL, columns), truth)
    assert learn_rule([], np.arange(60) < 30) is None


def test_literals_hold_where_the_language_says_so() -> None:
    columns = inputs(50, 3)
    found = {literal.text: literal.holds for literal in literals(MODEL, columns)}
    assert (found["left"] == (columns["a"] == columns["b"])).all()
    assert "a == b" not in found  # `left` says so in fewer words
    assert (found["colour != Green"] == (columns["colour"] != 1)).all()
    assert (found["a <= 1"] == (columns["a"] <= 1)).all()
    assert len({holds.tobytes() for holds in found.values()}) == len(found)


def test_every_literal_can_be_pasted() -> None:
    lets = [
        statement(f"rule_{number}", literal.text)
        for number, literal in enumerate(literals(MODEL, inputs(200, 4)))
    ]
    body = "\n  ".join(lets)
    pasted = TEXT.replace("model Pairs of Match {", f"model Pairs of Match {{\n  {body}")
    diagnostics = Diagnostics()
    checked = check_source(Source("pasted", f"language 1\n{pasted}"), None, diagnostics)
    assert checked.specification is not None, diagnostics


def test_joints_keep_their_order_and_the_layout_is_canonical() -> None:
    p, q, r = (Term(name, 1, 1, "", np.ones(1, np.bool_)) for name in "pqr")
    assert joined(joined(p, q, "or"), r, "and").text == "(p or q) and r"
    assert joined(joined(p, q, "and"), r, "and").text == "p and q and r"
    assert statement("exceptional", "a==b and(c!=d or  e)") == (
        "let exceptional = a == b and (c != d or e)"
    )
