"""Sets of right answers: how they are written, what they come to, and what is wrong with some."""

from __future__ import annotations

import json
from pathlib import Path

import numpy
import pytest

from causalspec.command_line import main
from causalspec.compiler.compile import check_source
from causalspec.compiler.data.prompts import answer_texts, right_texts
from causalspec.compiler.specification import Task
from causalspec.dsl.diagnostics import Diagnostics
from causalspec.dsl.formatter import format_source
from causalspec.dsl.source import Source

OTHER = "`x` is not the answer: what is said depends on `y` alone"

TASK = """\
language 1

type Animal = {{cat, dog, ant, bee}}

task Asked {{
  input x : {values}
  output y : {values} = x
  prompt main "{{x}}:"
  say y {say}
}}
"""


def spec(say: str, values: str = "0..3") -> str:
    return TASK.format(say=say, values=values)


def found_of(text: str) -> list[str]:
    checked = check_source(Source("asked.causal", text), None, Diagnostics())
    return [f"{found.code} {found.message}" for found in checked.diagnostics]


def task_of(text: str) -> Task:
    checked = check_source(Source("asked.causal", text), None, Diagnostics())
    assert checked.specification is not None, [found.message for found in checked.diagnostics]
    return checked.specification.tasks["Asked"]


@pytest.mark.parametrize(
    ("say", "values", "sets"),
    [
        ('"{y}" or " {y}"', "0..1", [("0", " 0"), ("1", " 1")]),
        (
            '"{k}" for k in 0..4 where k > y',
            "0..3",
            [tuple("1234"), tuple("234"), tuple("34"), ("4",)],
        ),
        ('"{k:02d}" or " {k:02d}" for k in 3..4', "{P}", [("03", " 03", "04", " 04")]),
        (
            '"{a}" for a in Animal where (a in {cat, dog}) == y',
            "bool",
            [("ant", "bee"), ("cat", "dog")],
        ),
        (
            '{ P => "a" or "b"  Q => "c"  else => "{y}" or "d" }',
            "{P, Q, R}",
            [("a", "b"), ("c",), ("R", "d")],
        ),
        (
            '{ P => "{k}" for k in 0..9 where k > 7  Q => "c" or "c" }',
            "{P, Q}",
            [("8", "9"), ("c",)],
        ),
        (
            '{ 0 => "no" or "0"  -1 => "less" or "-"  else => "{k}" for k in 1..2 where k >= y, }',
            "-1..2",
            [("less", "-"), ("no", "0"), ("1", "2"), ("2",)],
        ),
        ('{ -1 => "{k}" for k in {a, b}, (0) => "z" }', "-1..0", [("a", "b"), ("z",)]),
    ],
)
def test_sets(say: str, values: str, sets: list[tuple[str, ...]]) -> None:
    task = task_of(spec(say, values))
    codes = numpy.array(task.model.by_name["y"].domain.codes())
    assert list(right_texts(task, "y", codes)) == sets
    assert answer_texts(task, "y", codes) == tuple(some[0] for some in sets)
    assert list(right_texts(task, "y", codes[::-1])) == sets[::-1]


def test_one_text_is_a_set_of_one() -> None:
    task = task_of(spec('"{y}."'))
    assert right_texts(task, "y", numpy.array([2, 0])) == (("2.",), ("0.",))


@pytest.mark.parametrize(
    ("say", "found"),
    [
        ('"{k}" for k in 4..7 where k == y + 5', "CS642 no text is right for `y = 3`"),
        (
            '"{k}" for k in 0..9 where k > y',
            "CS643 `2` is a right answer for `y = 0` and for `y = 1`",
        ),
        ('"{k}" for k in 0..3 where k > x', f"CS212 {OTHER}"),
        ('"{x} {y}"', f"CS212 {OTHER}"),
        ('"{k}" for k in 0..3 where k', "CS205 `k` must be true or false, but is a number"),
        ('"{k}" for k in 0..999_999', "CS924 `y` would have more than 1_048_576 right texts"),
        ('{ 0 => "a" or "b" }', "CS310 no arm takes `1`, `2`, `3`"),
        ('"a" or', "CS104 expected a text after `or`, found `}`"),
        ('"a" for k in', "CS104 expected a set of values after `in`, found `}`"),
    ],
)
def test_what_is_wrong(say: str, found: str) -> None:
    assert found_of(spec(say)) == [found]


def test_a_set_is_said_by_the_only_output() -> None:
    text = spec('"{y}" or " {y}"').replace("  prompt", "  output z = x\n  prompt")
    assert found_of(text) == [
        "CS641 several texts are right for `y`, but a network also has to say `z`"
    ]


def test_a_prompt_is_one_text() -> None:
    text = spec('"{y}"').replace('"{x}:"', 'match x { 0 => "a" or "b"  else => "{x}" }')
    assert found_of(text) == ["CS640 a prompt is one text, not several to choose from"]


def test_layout() -> None:
    text = spec('{ 0=>"a"or "b"   1 => "{k}"for k in 0 .. 9 where k>y,else => " {y}" }')
    formatted = format_source(Source("asked.causal", text))
    line = '  say y { 0 => "a" or "b"  1 => "{k}" for k in 0..9 where k > y, else => " {y}" }\n'
    assert line in formatted
    assert format_source(Source("asked.causal", formatted)) == formatted


def test_joining_words_are_names_where_a_comma_is_before_them() -> None:
    task = task_of(
        spec('{ where => "a" or "b", for => "c" for k in 0..1, step => "d" }', "{where, for, step}")
    )
    codes = numpy.array([0, 1, 2])
    assert list(right_texts(task, "y", codes)) == [("a", "b"), ("c",), ("d",)]


def test_changes_of_a_set_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = tmp_path / "old.causal", tmp_path / "new.causal"
    old.write_text(spec('"{k}" or "x{y}" for k in 5..9 where k > y + 5'), encoding="utf-8")
    new.write_text(spec('"{k}" or "x{y}" for k in 5..9 where k >= y + 5'), encoding="utf-8")
    main(["diff", str(old), str(new)])
    told = capsys.readouterr().out
    assert (
        "for `y = 0` is to say “5” or “x0” or “6” or 3 more, was “6” or “x0” or “7” or 2 more"
        in told
    )


def test_rows_show_the_first_text(tmp_path: Path) -> None:
    text = spec('"{k}" for k in 1..4 where k > y') + (
        "\nmodel Same of Asked {\n  var held = x\n  output y = held\n}\n"
        "\ncounterfactuals Pairs of Same {\n  swap held\n  split train 20\n}\n"
    )
    path = tmp_path / "asked.causal"
    path.write_text(text, encoding="utf-8")
    assert main(["data", str(path), "Pairs", "--form", "jsonl", "--out", str(tmp_path)]) == 0
    lines = (tmp_path / "Pairs.train.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert len(rows) == 20
    assert all(row["say.y"] == str(row["label.y"] + 1) for row in rows)
