"""Imports: names of other files in the folder, and how they go wrong."""

from __future__ import annotations

from pathlib import Path

from causalspec.compiler.compile import check_file
from causalspec.compiler.domains import Symbols
from tests.helpers.compiled import attempt, compiled, findings

TASK = "task T { input who : Name  output y : 0..9 = double(if who == Mary then 2 else 1) }\n"


def test_types_and_functions_keep_the_names_of_their_file(tmp_path: Path) -> None:
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "names.txt").write_text("Mary\nJohn\n", encoding="utf-8")
    (tmp_path / "words" / "lexicon.causal").write_text(
        'language 1\ntype Name = words "names.txt"\ntype Small = 0..4\n'
        "function twice(x : Small) = 2 * x\nfunction double(x : Small) = twice(x)\n",
        encoding="utf-8",
    )
    text = f'import "words/lexicon.causal" {{ Name, double }}\n{TASK}'
    specification = compiled(text, tmp_path)
    domain = specification.tasks["T"].model.by_name["who"].domain
    assert domain == Symbols(("Mary", "John"))
    assert sorted(specification.files) == ["words/lexicon.causal", "words/names.txt"]


def test_a_circle_of_imports_is_reported(tmp_path: Path) -> None:
    for name, other in (("a", "b"), ("b", "a")):
        text = f'language 1\nimport "{other}.causal" {{ Name }}\n'
        (tmp_path / f"{name}.causal").write_text(text, encoding="utf-8")
    assert findings(f'import "a.causal" {{ Name }}\n{TASK}', tmp_path) == [
        "CS224 2:8 `a.causal` leads back to itself (move what both files need into a third one)",
        "CS201 3:46 unknown function `double` (known here: `abs`, `min`, `max`)",
    ]


def test_imports_are_bounded_in_depth(tmp_path: Path) -> None:
    for number in range(20):
        text = f'language 1\nimport "f{number + 1}.causal" {{ Name }}\ntype Name{number} = 0..1\n'
        (tmp_path / f"f{number}.causal").write_text(text, encoding="utf-8")
    (tmp_path / "f20.causal").write_text("language 1\ntype Name = 0..1\n", encoding="utf-8")
    found = findings('import "f0.causal" { Name }\n', tmp_path)
    assert found == ["CS926 2:8 imports nest more than 16 deep (import from fewer files)"]


def test_only_what_can_be_imported_is(tmp_path: Path) -> None:
    task = (
        "language 1\ntask Other { input a : bool  output b : bool = a }\ntype Name = {Mary}\n"
        "model Copy of Other { var c = a  output b = c }\n"
        "counterfactuals Pairs of Copy { swap c  split train 10 }\n"
    )
    (tmp_path / "other.causal").write_text(task, encoding="utf-8")
    assert findings('import "other.causal" { Other, Pairs, Nmae }\n', tmp_path) == [
        "CS202 2:32 `Pairs` is a counterfactuals declaration, which cannot be imported "
        "(import types, tables, functions, tasks and models)",
        "CS201 2:39 unknown declaration `Nmae` (did you mean `Name`?)",
    ]


ADDITION = """language 1
import "words/names.causal" { Name }
type Digit = 0..9
task Addition(digits = 2) {
  input x[i in 0..digits - 1], y[i in 0..digits - 1] : Digit
  input who : Name
  let total = sum((x[i] + y[i]) * 10 ** i for i in 0..digits - 1)
  output z[i in 0..digits] : Digit = total // 10 ** i % 10
  prompt asked "{who}: {x[1]}{x[0]} + {y[1]}{y[0]} ="
}
model Carry of Addition {
  var carry[i in 0..digits] : 0..1 =
    if i == 0 then 0 else (x[i - 1] + y[i - 1] + carry[i - 1]) // 10
  output z[i in 0..digits] = if i == digits then carry[i] else (x[i] + y[i] + carry[i]) % 10
}
model OwnColumn of Addition approximately {
  var carry[i in 0..digits] : 0..1 = if i == 0 then 0 else (x[i - 1] + y[i - 1]) // 10
  output z[i in 0..digits] = if i == digits then carry[i] else (x[i] + y[i] + carry[i]) % 10
}
derive OnlyTheLast from Carry { marginalize carry[0], carry[1] }
"""


def _addition(folder: Path, text: str = ADDITION) -> None:
    (folder / "words").mkdir(exist_ok=True)
    (folder / "words" / "names.txt").write_text("Mary\nJohn\n", encoding="utf-8")
    names = 'language 1\ntype Name = words "names.txt"\n'
    (folder / "words" / "names.causal").write_text(names, encoding="utf-8")
    (folder / "addition.causal").write_text(text, encoding="utf-8")


def test_a_model_brings_its_task_its_values_and_files(tmp_path: Path) -> None:
    _addition(tmp_path)
    text = """import "addition.causal" { Carry, OnlyTheLast }
counterfactuals Pairs of Carry {
  swap carry[1]
  keep where base.who == Mary
  split train 10
}
counterfactuals Last of OnlyTheLast { swap carry[2]  split train 10 }
"""
    specification = compiled(text, tmp_path)
    assert list(specification.tasks) == ["Addition"]
    assert list(specification.models) == ["Carry", "OnlyTheLast"]
    assert list(specification.tasks["Addition"].prompts) == ["asked"]
    assert sorted(specification.files) == [
        "addition.causal", "words/names.causal", "words/names.txt",
    ]  # fmt: skip
    assert [part.model.name for part in specification.counterfactuals.values()] == [
        "Carry", "OnlyTheLast",
    ]  # fmt: skip


def test_mistakes_of_an_imported_file_are_told_there(tmp_path: Path) -> None:
    _addition(tmp_path, ADDITION.replace("carry[i]) % 10", "carry[i]) % tne", 1))
    specification, diagnostics = attempt('import "addition.causal" { OwnColumn }\n', tmp_path)
    assert specification is None
    assert {(found.code, found.span.source.name, found.span.text) for found in diagnostics} == {
        ("CS201", "addition.causal", "tne")
    }


def test_what_two_ways_lead_to_is_one_task(tmp_path: Path) -> None:
    _addition(tmp_path)
    more = """language 1
import "addition.causal" { Addition }
model Directly of Addition { output z[i in 0..digits] = total // 10 ** i % 10 }
"""
    (tmp_path / "more.causal").write_text(more, encoding="utf-8")
    text = """import "addition.causal" { Carry }
import "more.causal" { Directly }
abstraction Exact from Carry to Directly { z[0] = z[0]  z[1] = z[1]  z[2] = z[2] }
"""
    assert list(compiled(text, tmp_path).abstractions) == ["Exact"]


def test_two_tasks_of_one_name_are_told_apart(tmp_path: Path) -> None:
    _addition(tmp_path)
    task = "task Addition { input a : bool  output b : bool = a }\n"
    other = f"language 1\n{task}model M of Addition {{ output b = a }}\n"
    (tmp_path / "other.causal").write_text(other, encoding="utf-8")
    text = 'import "addition.causal" { Carry }\nimport "other.causal" { M }\n'
    assert findings(text, tmp_path) == [
        "CS230 3:25 `M` comes with another task `Addition` than the one that is known here "
        "(give one of the two tasks another name)",
    ]
    assert findings(f'import "addition.causal" {{ Carry }}\n{task}', tmp_path) == [
        "CS230 3:6 `Addition` is another task than the one that an imported model comes with "
        "(give one of the two tasks another name)",
    ]
    twice = 'import "addition.causal" { Carry }\nmodel Carry of T { output b = a }\n'
    task = "task T { input a : bool  output b : bool = a }\n"
    assert findings(task + twice, tmp_path) == [
        "CS203 4:7 `Carry` is declared twice (give one of them another name)",
    ]


def test_warnings_about_an_imported_file_are_its_own(tmp_path: Path) -> None:
    idle = ADDITION.replace("approximately {", "approximately {\n  var idle = x[0] == 1")
    _addition(tmp_path, idle)
    text = 'language 1\nimport "addition.causal" { Carry }\n'
    (tmp_path / "use.causal").write_text(text, encoding="utf-8")
    own = check_file(tmp_path / "addition.causal").diagnostics
    assert [(found.code, found.span.text) for found in own] == [("CS402", "idle")]
    assert list(check_file(tmp_path / "use.causal").diagnostics) == []
