"""Slots that choose texts, write words in another form, or loop, against a slow rendering."""

from __future__ import annotations

import numpy
import pytest

from causalspec.compiler.data.prompts import answer_texts, render
from tests.helpers.compiled import attempt, compiled

SPEC = """
type Thing = {apple, box, berry, toy}

task Boxes {
  input mood : {Glad, Sad}
  input item[i in 0..2] : Thing
  output answer : Thing = item[1]
  prompt main "{match mood { Glad => "ok: so" else => "" } as felt}|{"{i}{if i == 1 then "!" else "?"} {A(item[i]) as thing}, {plural(item[i])}" for i in 0..2 by "; "}|{mood:6}"
  prompt grid "{"{"{i}{j}{item[i] as cell}" for j in 0..1}" for i in 0..2 by "/"} {item[1]}"
  say answer "{answer}"
  say answer in grid "{plural(answer)}"
}

model Direct of Boxes {
  output answer = item[1]
}
"""  # noqa: E501
THINGS = ("apple", "box", "berry", "toy")
PLURALS = ("apples", "boxes", "berries", "toys")


def test_texts_and_spans_are_those_of_a_slow_rendering() -> None:
    task = compiled(SPEC).tasks["Boxes"]
    rng = numpy.random.default_rng(0)
    columns = {"mood": rng.integers(2, size=50)}
    columns |= {f"item[{i}]": rng.integers(4, size=50) for i in range(3)}
    main = render(task.prompts["main"], task.model, columns)
    grid = render(task.prompts["grid"], task.model, columns)
    for row in range(50):
        glad = columns["mood"][row] == 0
        items = [columns[f"item[{i}]"][row] for i in range(3)]
        words = [f"{'An' if THINGS[k] == 'apple' else 'A'} {THINGS[k]}" for k in items]
        felt = "ok: so" if glad else ""
        clauses = [f"{i}{'!' if i == 1 else '?'} {words[i]}, {PLURALS[items[i]]}" for i in range(3)]
        mood = "Glad" if glad else "Sad"
        text = f"{felt}|{'; '.join(clauses)}|{mood:6}"
        assert main.texts[row] == text
        expected = {"felt": felt, "mood": f"{mood:6}"}
        expected |= {f"thing[{i}]": words[i] for i in range(3)}
        expected |= {f"plural(item[{i}])": PLURALS[items[i]] for i in range(3)}
        assert {name: text[slice(*spans[row])] for name, spans in main.spans.items()} == expected
        cells = ["".join(f"{i}{j}{THINGS[k]}" for j in (0, 1)) for i, k in enumerate(items)]
        assert grid.texts[row] == f"{'/'.join(cells)} {THINGS[items[1]]}"
        start, end = grid.spans["cell[2][1]"][row]
        assert grid.texts[row][:end].endswith(THINGS[items[2]]) and grid.texts[row][end] == " "
        assert end - start == len(THINGS[items[2]])


def test_a_prompt_can_have_answers_of_its_own() -> None:
    task = compiled(SPEC).tasks["Boxes"]
    codes = numpy.arange(4)
    assert answer_texts(task.asked_by("main"), "answer", codes) == THINGS
    assert answer_texts(task.asked_by("grid"), "answer", codes) == PLURALS


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('"ok: so"', '"ok: {mood}"', "CS630"),
        ('by "; "}', 'by "; " as all_of_them}', "CS631"),
        ("{plural(item[i])}", "{plural(i)}", "CS632"),
        ("for j in 0..1}", "for j in 0..9999}", "CS924"),
        ("{plural(item[i])}", "{an(item[i])}", "CS201"),
        ('{item[1]}"', '{item[i] for i in 0..1}"', "CS104"),
        ("for i in 0..2 by", "for i in 0..3 by", "CS306"),
        ("say answer in grid", "say answer in gird", "CS201"),
        ("say answer in grid", "say answer in main", None),
        ('"{answer}"', '"{answer}" say answer "{answer}"', "CS203"),
    ],
)
def test_mistakes(old: str, new: str, code: str | None) -> None:
    assert old in SPEC
    _, diagnostics = attempt(SPEC.replace(old, new, 1))
    errors = {str(found.code) for found in diagnostics if found.severity == "error"}
    assert errors == (set() if code is None else {code})


def test_what_is_written_as_elsewhere_is_told_how_it_is_written_here() -> None:
    text = SPEC.replace("{plural(item[i])}", "{an(item[i])}", 1)
    text = text.replace('{item[1]}"', '{item[i] for i in 0..1}"', 1)
    _, diagnostics = attempt(text)
    assert [(found.message, found.help) for found in diagnostics] == [
        ("unknown function `an`", "`a(…)` writes `an` where the word starts with a vowel"),
        (
            "unexpected `for` after `]`",
            'a loop repeats a quoted text: `{"{x[i]}" for i in 0..2 by ", "}`',
        ),
    ]
