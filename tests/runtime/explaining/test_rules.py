"""The best rule against rules that were planted, where a hypothesis holds but for exceptions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from causalspec.compiler.compile import check_source
from causalspec.dsl.diagnostics import Diagnostics
from causalspec.dsl.source import Source
from causalspec.runtime.explaining.explain import statement
from causalspec.runtime.explaining.literals import literals, values_of
from causalspec.runtime.explaining.rules import (
    MOST_ASKED,
    WORTH,
    JudgedRule,
    Rule,
    best_rule,
    joined,
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


RULES: dict[str, Callable[[dict[str, np.ndarray]], np.ndarray]] = {
    "left": lambda s: s["a"] == s["b"],
    "not right": lambda s: s["c"] != s["d"],
    "colour == Red": lambda s: s["colour"] == 0,
    "a <= 1": lambda s: s["a"] <= 1,
    "a < c": lambda s: s["a"] < s["c"],
    "left and not right": lambda s: (s["a"] == s["b"]) & (s["c"] != s["d"]),
    "left or right": lambda s: (s["a"] == s["b"]) | (s["c"] == s["d"]),
    "not left and a < c": lambda s: (s["a"] != s["b"]) & (s["a"] < s["c"]),
}


def sought(
    exceptional: NDArray[np.bool_],
    values: dict[str, NDArray[np.int64]],
    cost: float = 2.0,
    without: tuple[str, ...] = (),
) -> tuple[JudgedRule | None, list[str]]:
    """The best rule where each share of exceptional inputs costs `cost` times that in strength, and
    the rules that were asked. The hint is what swaps of every two inputs show of exceptional ones.
    """
    asked: list[str] = []

    def judge(rule: Rule) -> float | None:
        asked.append(rule.text)
        if rule.text in without:
            return None
        return max(0.0, 1.0 - cost * float(exceptional[~rule.holds(values)].mean()))

    def hint(holds: NDArray[np.bool_]) -> float:
        deviations = (holds - holds.mean()) * (exceptional - exceptional.mean())
        return abs(float(deviations.sum()) / float(holds.std()))

    alone = max(0.0, 1.0 - cost * float(exceptional.mean()))
    return best_rule(literals(MODEL, values), values, judge, hint, alone), asked


@pytest.mark.parametrize("text", RULES)
@pytest.mark.parametrize("noise", [0.0, 0.04])
def test_a_planted_rule_is_found(text: str, noise: float) -> None:
    columns = inputs(400, 1)
    truth = RULES[text](columns)
    flipped = np.random.default_rng(2).random(400) < noise
    values = dict(values_of(MODEL, columns))
    found, asked = sought(truth ^ flipped, values)
    assert found is not None
    assert (found.rule.holds(values) == truth).all(), found.rule.text
    assert found.rule.conditions == 1 + text.count(" and ") + text.count(" or ")
    assert found.share == pytest.approx(1 - truth.mean())
    assert found.strength > 0.85 if noise else found.strength == 1.0
    assert len(asked) == len(set(asked)) <= 3 * MOST_ASKED


def test_the_longer_rule_that_excepts_fewer_inputs_wins_where_it_is_worth_its_length() -> None:
    columns = inputs(400, 1)
    values = dict(values_of(MODEL, columns))
    truth = (columns["a"] == columns["b"]) & (columns["colour"] == 0)
    found, _ = sought(truth, values)
    assert found is not None
    assert set(found.rule.text.split(" and ")) == {"left", "colour == Red"}
    assert found.merit == pytest.approx(found.share - 2 * WORTH)


def test_no_rule_beats_none_where_all_inputs_are_alike() -> None:
    values = dict(values_of(MODEL, inputs(200, 0)))
    found, asked = sought(np.zeros(200, np.bool_), values)
    assert (found, asked) == (None, [])  # at a strength of 1 there is nothing to be gained


def test_a_rule_that_cannot_be_judged_is_passed_over() -> None:
    columns = inputs(400, 1)
    values = dict(values_of(MODEL, columns))
    found, asked = sought(columns["a"] == columns["b"], values, without=("left",))
    assert found is None or found.rule.text != "left"
    assert "left" in asked


def test_rules_of_too_few_inputs_are_not_asked() -> None:
    columns = inputs(40, 0)
    columns["a"] = columns["b"] + 1 - 2 * (columns["b"] > 1)
    columns["a"][:7] = columns["b"][:7]
    found, asked = sought(columns["a"] == columns["b"], dict(values_of(MODEL, columns)))
    assert "left" not in asked
    assert found is None or found.rule.text != "left"


def test_literals_hold_where_the_language_says_so() -> None:
    columns = inputs(50, 3)
    values = values_of(MODEL, columns)
    found = {literal.text: literal.holds(values) for literal in literals(MODEL, values)}
    assert (found["left"] == (columns["a"] == columns["b"])).all()
    assert "a == b" not in found  # `left` says so in fewer words
    assert (found["colour != Green"] == (columns["colour"] != 1)).all()
    assert (found["a <= 1"] == (columns["a"] <= 1)).all()
    assert len({holds.tobytes() for holds in found.values()}) == len(found)


def test_every_literal_can_be_pasted() -> None:
    lets = [
        statement(f"rule_{number}", literal.text)
        for number, literal in enumerate(literals(MODEL, values_of(MODEL, inputs(200, 4))))
    ]
    body = "\n  ".join(lets)
    pasted = TEXT.replace("model Pairs of Match {", f"model Pairs of Match {{\n  {body}")
    diagnostics = Diagnostics()
    checked = check_source(Source("pasted", f"language 1\n{pasted}"), None, diagnostics)
    assert checked.specification is not None, diagnostics


def everywhere(values: object) -> NDArray[np.bool_]:
    """Where a rule holds that always does."""
    return np.ones(1, np.bool_)


def test_joints_keep_their_order_and_the_layout_is_canonical() -> None:
    p, q, r = (Rule(name, 1, 1, "", everywhere) for name in "pqr")
    assert joined(joined(p, q, "or"), r, "and").text == "(p or q) and r"
    assert joined(joined(p, q, "and"), r, "and").text == "p and q and r"
    assert statement("exceptional", "a==b and(c!=d or  e)") == (
        "let exceptional = a == b and (c != d or e)"
    )
