"""What is found in files that also have mistakes of syntax: nothing that follows from these."""

# ruff: noqa: E501 (whole messages, as they are printed)

from __future__ import annotations

import pytest

from tests.helpers.compiled import findings

SOUND = """
type Digit = 0..9
task Sum {
  input a, b : Digit
  output total : 0..18 = a + b
  prompt main "{a} plus {b} is"
}
model Direct of Sum {
  var left = a
  output total = left + b
}
counterfactuals Pairs of Direct {
  swap left
  split train 100, test 50
}
align Last of Direct {
  var left at residual layers 0..* token slot(a).last by das(dim = 8)
}
claim Found {
  of Direct on Pairs.test prompt main with Last
  expect iia >= 0.90
}
"""


def test_the_file_is_sound() -> None:
    assert findings(SOUND) == []


@pytest.mark.parametrize(
    ("right", "wrong", "found"),
    [
        ("type Digit = 0..9", "type Digit = 0..", ["3:15 expected a value or `*` after `..`, found `task`"]),
        ("= left + b", "= left + ", ["11:23 expected a value after `+`, found `}`"]),
        ("var left = a", "var left =", ["10:12 expected an expression after `=`, found `output`"]),
        ("var left = a", "var", ["10:3 expected a name after `var`, found `output`"]),
        ("input a, b :", "input a b :", ["5:11 expected `,`, `:` or `[` after `a`, found `b`"]),
        ("swap left", "swap", ["14:3 expected a name after `swap`, found `split`"]),
        ("test 50", "test", ["15:20 expected a number after `test`, found `}`"]),
        ("{a} plus", "{a +} plus", ["7:20 expected a value after `+`, found `}`"]),
        ("(dim = 8)", "(dim = )", ["18:68 expected an expression or a set after `=`, found `)`"]),
        ("(dim = 8)", "(dim = 8", ["18:68 expected `)` before `}`"]),
        ("model Direct of Sum", "model Direct Sum", ["9:14 expected `of` after `Direct`, found `Sum`"]),
        ("prompt main with", "prompt main wth", ["21:39 unknown word `wth`"]),
        ("align Last of Direct {", "align Last {", ["17:12 expected `of` after `Last`, found `{`"]),
    ],
)  # fmt: skip
def test_one_mistake_is_reported_once(right: str, wrong: str, found: list[str]) -> None:
    assert right in SOUND
    reported = [
        finding.partition(" (")[0].split(" ", 1)[1]
        for finding in findings(SOUND.replace(right, wrong))
    ]
    assert reported == found


def test_mistakes_beside_one_of_syntax_are_reported() -> None:
    text = SOUND.replace("var left = a", "var left = a +").replace("left + b", "left + c")
    text = text.replace("train 100", "train 0").replace("iia >=", "iiaa >=")
    assert [finding.partition(" (")[0] for finding in findings(text)] == [
        "CS104 10:16 expected a value after `+`, found `output`",
        "CS201 11:25 unknown name `c`",
        "CS702 15:15 a split cannot have 0 pairs",
        "CS712 22:10 unknown metric `iiaa`",
    ]


def test_a_misspelt_name_near_a_nameless_declaration_is_reported() -> None:
    """Whatever `var` was to declare, it was not `lefft`."""
    text = SOUND.replace("var left = a", "var left = a var").replace("swap left", "swap lefft")
    assert [finding.partition(" (")[0] for finding in findings(text)] == [
        "CS104 10:16 expected a name after `var`, found `output`",
        "CS201 14:8 unknown variable `lefft`",
    ]


ASKED = """
type Colour = {Red, Blue}
type Shape = {Disc, Square}
task Seen {
  input colour : Colour
  input shape : Shape
  input asked : {Hue, Form}
  output answer : words = if asked == Hue then colour else shape
}
model Looked of Seen {
  output answer = if asked == Hue then colour else shape
}
"""


@pytest.mark.parametrize(
    ("right", "wrong", "found"),
    [
        ("words = if asked == Hue then colour else shape", "words =", ["CS104 9:25 expected an expression after `=`, found `}`"]),
        ("answer : words", "answer : word", ["CS201 9:19 unknown type `word`"]),
        ("answer : words = if", "reply : words = if", ["CS403 11:7 model `Looked` computes no `reply`", "CS404 12:10 unknown output `answer`"]),
    ],
)  # fmt: skip
def test_a_model_is_not_held_to_the_type_of_an_output_that_is_not_known(
    right: str, wrong: str, found: list[str]
) -> None:
    assert findings(ASKED) == []
    reported = findings(ASKED.replace(right, wrong, 1))
    assert [finding.partition(" (")[0] for finding in reported] == found
