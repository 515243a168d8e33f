"""What `match` and `in` take: constants, indices and arguments are subjects as any other."""

# ruff: noqa: E501 (whole messages, as they are printed)

from __future__ import annotations

import pytest

from causalspec.compiler.evaluators.interpret import settings, solve
from causalspec.compiler.evaluators.vectorize import solve_columns
from tests.helpers.columns_of import as_columns
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
        ("match both { (y = plural) => 1, (x = plural) => 2  else => 3 }", [3] * 5 + [1] * 5 + [2] * 5 + [1] * 5),
        ("match counted { (count = 1..2) => 1, (who = {plural}, count = {0, 4}) => 2  else => 3 }", [3, 1, 1, 3, 3] * 2 + [2, 1, 1, 3, 2] * 2),
        ("if counted in {(count = 0), (who = plural, count = 2..*)} then 1 else 2", [1, 2, 2, 2, 2] * 2 + [1, 2, 1, 1, 1] * 2),
        ("match counted { (who = singular, count = 3) => 1, (who = plural, count = 0) => 2  else => 3 }", [3, 3, 3, 1, 3] * 2 + [2, 3, 3, 3, 3] * 2),
    ],
)  # fmt: skip
def test_patterns_of_tuples(output: str, expected: list[int]) -> None:
    model = compiled(PAIR % output).tasks["T"].model
    assert [solve(model, setting)["o"] for setting in settings(model)] == expected


def test_a_field_that_is_left_out_matches_anything() -> None:
    """Held against all pairs of two numbers, and on columns."""
    text = """
      task T {
        input a, b : 0..39
        let pair : (low : 0..399, high : 0..39, more : bool) = (low = 10 * a, high = b, more = a > b)
        output o : 0..9 = match pair {
          (low = 30..100, more = true) => 1,
          (high = 10..20) => 2,
          (low = {0, 10}, high = 0..14) => 3
          else => 4
        }
      }"""
    model = compiled(text).tasks["T"].model
    every = list(settings(model))
    of_columns = solve_columns(model, as_columns(every))["o"]
    for setting, of_column in zip(every, of_columns, strict=True):
        a, b = setting["a"], setting["b"]
        if 3 <= a <= 10 and a > b:
            expected = 1
        elif 10 <= b <= 20:
            expected = 2
        else:
            expected = 3 if a in (0, 1) and b <= 14 else 4
        assert solve(model, setting)["o"] == expected == of_column


@pytest.mark.parametrize(
    ("output", "found"),
    [
        ("match counted { (who = singular, count = 7) => 1  else => 3 }", "CS302 9:62 `7` lies outside numbers 0..4"),
        ("match both { (x = singular, z = plural) => 1  else => 2 }", "CS210 9:49 unknown field `z` (known here: `x`, `y`)"),
        ("match both { (x = singular, x = plural) => 1  else => 2 }", "CS203 9:49 `x` is declared twice (give one of them another name)"),
        ("match both { (x = singular) => 1  else => 2, (x = singular, y = plural) => 3 }", "CS305 9:66 no value is left for `(x = singular, y = plural)` (remove this arm, or move it before those that take its values)"),
        ("match both { (x = singular) => 1, (y = plural) => 2 }", "CS304 9:27 no arm takes `(x = plural, y = singular)` (add the missing arms, or `else => …`)"),
        ("(x = 3, y = {1, 2}).x", "CS341 9:33 `{1, 2}` is a set of values, which a field has in patterns only (a tuple has one value in each field, as in `(low = 1, high = 2)`)"),
        ("match both { (x = a, y = b) => 1  else => 2 }", "CS209 9:39 `a` is not a constant (a set holds literals, symbols and parameters; compare variables with `==`)"),
        ("match both { (x = singular, y = plural) => 1 (x = plural, y = plural) => 2  else => 3 }", "CS109 9:66 an arm that starts with `(` follows a comma, as in `A => 1, (x = B, y = C) => 2`"),
        ("match both { (x = singular, y = plural) => n (x = plural, y = plural) => 2  else => 3 }", "CS109 9:66 an arm that starts with `(` follows a comma, as in `A => 1, (x = B, y = C) => 2`"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_pattern_of_tuples(output: str, found: str) -> None:
    assert findings(PAIR % output) == [found]
