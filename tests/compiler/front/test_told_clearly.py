"""What a spec means is told where it cannot be had: one sentence each, whole."""

# ruff: noqa: E501 (whole messages, as they are printed)

from __future__ import annotations

import pytest

from tests.helpers.compiled import findings

TASK = """
task T {
  input a, b : bool
  input x[i in 0..2], n : 0..3
  input d : 0.00..9.99 step 0.01
  output o[i in 0..2] : 0..9 = n + i
  %s
}
"""
OUTPUT = "`o` is an output: abbreviations, requirements and prompts read inputs only"


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("require o[2] > 3", [f"CS212 8:11 {OUTPUT}"]),
        ("require o > 3", [f"CS212 8:11 {OUTPUT}"]),
        ("let last = o[2]", [f"CS212 8:14 {OUTPUT}"]),
        ('prompt main "{n} {o[1]}"', [f"CS212 8:21 {OUTPUT}"]),
        ("let z = n[1]", ["CS211 8:11 `n` is not a family"]),
        ("let z = sum(n)", ["CS207 8:11 `sum` goes over the indices of a range, not over single values (write `sum(x[i] for i in 0..3)`, or operators between the values)"]),
        ("let z = any(a, b)", ["CS207 8:11 `any` goes over the indices of a range, not over single values (write `any(x[i] for i in 0..3)`, or operators between the values)"]),
        ("let z = max(n)", ["CS207 8:11 `max` takes two arguments or more, but is given 1 (over a family, write `max(x[i] for i in 0..3)`)"]),
        ("let z = abs()", ["CS207 8:11 `abs` takes one argument, but is given 0"]),
        ('prompt main "{d as d1:.2f}"', []),
        ('prompt main "{d:.2f as d1}"', ["CS602 8:16 unknown format `.2f as d1` (a slot's name stands before its format: `{d as d1:.2f}`)"]),
        ('prompt main "{n in {1, 2}}"', []),
    ],
)  # fmt: skip
def test_in_a_task(line: str, found: list[str]) -> None:
    assert findings(TASK % line) == found


MODEL = """
task T { input x[i in 0..2] : 0..3  output o : 0..9 = x[0] + x[1] + x[2] }
model M of T approximately {
  %s
  var v = x[0]
  output o = v
}
"""


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("var w = x[1]", ["CS402 5:7 no output of `M` depends on `w` (let an output read it, or remove it)"]),
        ("var w = 3", ["CS402 5:7 no output of `M` depends on `w`: it has one value only (write the value where it is read, as a `let` or a literal)"]),
    ],
)  # fmt: skip
def test_variables_that_no_output_depends_on(line: str, found: list[str]) -> None:
    assert findings(MODEL % line) == found


def test_a_family_whose_first_member_has_one_value() -> None:
    text = MODEL.replace("output o = v", "output o = min(depth[2], 9)")
    family = "var depth[i in 0..2] = if i == 0 then 0 else depth[i - 1] + v"
    assert findings(text % family) == []


def test_inputs_and_outputs_are_not_marginalized() -> None:
    text = MODEL % "var w = v" + "derive D from M { marginalize %s }"
    text = text.replace("o = v", "o = w")
    assert findings(text % "x[0]") == ["CS715 9:31 `x[0]` is not a `var` of `M`"]
    assert findings(text % "o") == ["CS715 9:31 `o` is not a `var` of `M`"]
    assert findings(text % "w, w") == ["CS715 9:34 `w` is named twice"]
    text = text.replace("{ marginalize", "{ marginalize w marginalize")
    assert findings(text % "w") == ["CS715 9:45 `w` is no longer a variable here"]
