"""What `match` and `in` take: constants, indices and arguments are subjects as any other."""

# ruff: noqa: E501 (whole messages, as they are printed)

from __future__ import annotations

import pytest

from causalspec.compiler.evaluators.interpret import settings, solve
from tests.helpers.compiled import compiled, findings


def values(output: str, *, before: str = "", inputs: str = "input a : 0..2") -> list[int]:
    """The output of a task at each of its inputs, in order."""
    text = f"{before}\ntask T(n = 4) {{\n  {inputs}\n  output o : 0..20 = {output}\n}}"
    model = compiled(text).tasks["T"].model
    return [solve(model, setting)["o"] for setting in settings(model)]


BY_ARGUMENT = "function f(k : 0..2) = match k { 0 => 5  1 => 6  2 => 7 }"
BY_SET = "function f(k : 0..9) = if k in {0, 7} then 1 else if k in 5..9 then 2 else 3"
NESTED = f"{BY_ARGUMENT}\nfunction g(k : 0..2) = f(k) + f(match k {{ 0 => 2  else => 0 }})"


@pytest.mark.parametrize(
    ("before", "output", "expected"),
    [
        (BY_ARGUMENT, "a + f(1)", [6, 7, 8]),
        (BY_ARGUMENT, "f(a)", [5, 6, 7]),
        (BY_ARGUMENT, "f(min(a, 1))", [5, 6, 6]),
        (BY_ARGUMENT, "f(a // 2 + 1)", [6, 6, 7]),
        (NESTED, "g(a)", [12, 11, 12]),
        (BY_SET, "f(a)", [1, 3, 3]),
        (BY_SET, "f(7) + f(5) + f(3)", [6, 6, 6]),
        ("", "sum(match i { 0 => a  1, 2 => 0 } for i in 0..2)", [0, 1, 2]),
        ("", "sum(match i { 0 => a  else => 5 } for i in 0..2)", [10, 11, 12]),
        ("", "sum(match a + i { 0 => 1  1..3 => 2  4 => 3 } for i in 0..2)", [5, 6, 7]),
        ("", "sum(if i in {0, 2} then 1 else 5 for i in 0..2)", [7, 7, 7]),
        ("", "sum(if i not in 0..0 then a else 0 for i in 0..2)", [0, 2, 4]),
        ("", "match n { 3 => 1  4 => a  5 => 2  else => 3 }", [0, 1, 2]),
        ("", "match 7 { 3 => 1  5..9 => a  else => 2 }", [0, 1, 2]),
        ("", "if n in {1, 2} then 1 else 2", [2, 2, 2]),
    ],
)
def test_constants_indices_and_arguments(before: str, output: str, expected: list[int]) -> None:
    assert values(output, before=before) == expected


def test_members_of_a_family() -> None:
    text = """
task T {
  input x[i in 0..2] : 0..3
  output o[i in 0..2] : 0..9 = match i { 0 => x[0]  else => x[i - 1] + 1 }
}
"""
    model = compiled(text).tasks["T"].model
    solution = solve(model, {"x[0]": 3, "x[1]": 1, "x[2]": 0})
    assert [solution[f"o[{i}]"] for i in range(3)] == [3, 4, 2]


def test_prompts_by_a_parameter() -> None:
    prompt = 'prompt main match n { 3 => "three {a}"  4 => "four {a}"  else => "many {a}" }'
    text = f"task T(n = 4) {{ input a : bool  output o : bool = a  {prompt} }}"
    arms = compiled(text).tasks["T"].prompts["main"].arms
    assert [arm.parts[0] for arm in arms] == ["three ", "four ", "many "]


@pytest.mark.parametrize(
    ("output", "found"),
    [
        ("match i { 0 => 1  1 => 2 }", "CS304 3:31 no arm takes `2` (add the missing arms, or `else => …`)"),
        ("match i { Red => 1  else => 2 }", "CS201 3:35 unknown name `Red`"),
        ("match i { true => 1  else => 2 }", "CS206 3:35 `true` is not a value of the number 0"),
        ("match i { 3..1 => 1  else => 2 }", "CS301 3:35 `3..1` is empty (write the lower end first)"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_match_on_an_index(output: str, found: str) -> None:
    text = f"task T {{ input a : bool\n output o : 0..20 = sum({output} for i in 0..2) }}"
    reported = [finding.partition(" (known here")[0] for finding in findings(text)]
    assert reported == [found]


def test_arms_that_no_value_reaches_are_told_where_the_subject_is_whole() -> None:
    text = "task T { input a : 0..2\n output o : 0..9 = match a { 0..2 => 1  5 => 2 } }"
    assert findings(text) == ["CS302 3:41 `5` lies outside numbers 0..2"]
    text = "function f(k : 0..2) = match k { 0..2 => 1  5 => 2 }"
    assert findings(text) == ["CS302 2:45 `5` lies outside numbers 0..2"]


PAIR = """
type Number = {singular, plural}
task T {
  input a, b : Number
  input n : 0..4
  let both = (x = a, y = b)
  let counted = (who = a, count = n)
  output o : 0..9 = %s
}
"""


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("match both { (x = singular, y = plural) => 1  else => 2 }", [2] * 5 + [1] * 5 + [2] * 10),
        ("match both { (x = plural, y = plural), (x = singular, y = plural) => 1  else => 2 }", [2] * 5 + [1] * 5 + [2] * 5 + [1] * 5),
        ("if both in {(x = singular, y = singular)} then 1 else 2", [1] * 5 + [2] * 15),
        ("match counted { (who = singular, count = 3) => 1, (who = plural, count = 0) => 2  else => 3 }", [3, 3, 3, 1, 3] * 2 + [2, 3, 3, 3, 3] * 2),
    ],
)  # fmt: skip
def test_patterns_of_tuples(output: str, expected: list[int]) -> None:
    model = compiled(PAIR % output).tasks["T"].model
    assert [solve(model, setting)["o"] for setting in settings(model)] == expected


@pytest.mark.parametrize(
    ("output", "found"),
    [
        ("match counted { (who = singular, count = 7) => 1  else => 3 }", "CS302 9:37 `(who = singular, count = 7)` lies outside numbers 0..4"),
        ("match both { (x = singular) => 1  else => 2 }", "CS206 9:34 `(x = singular)` is a tuple (x : Number), but a tuple (x : Number, y : Number) is needed here"),
        ("match both { (x = a, y = b) => 1  else => 2 }", "CS209 9:34 `(x = a, y = b)` is not a constant (a set holds literals, symbols and parameters; compare variables with `==`)"),
        ("match both { (x = singular, y = plural) => 1 (x = plural, y = plural) => 2  else => 3 }", "CS109 9:66 an arm that starts with `(` follows a comma, as in `A => 1, (x = B, y = C) => 2`"),
        ("match both { (x = singular, y = plural) => n (x = plural, y = plural) => 2  else => 3 }", "CS109 9:66 an arm that starts with `(` follows a comma, as in `A => 1, (x = B, y = C) => 2`"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_pattern_of_tuples(output: str, found: str) -> None:
    assert findings(PAIR % output) == [found]
