"""Imports: names of other files in the folder, and how they go wrong."""

from __future__ import annotations

from pathlib import Path

from causalspec.compiler.domains import Symbols
from tests.helpers.compiled import compiled, findings

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
    task = "language 1\ntask Other { input a : bool  output b : bool = a }\ntype Name = {Mary}\n"
    (tmp_path / "other.causal").write_text(task, encoding="utf-8")
    assert findings('import "other.causal" { Other, Nmae }\n', tmp_path) == [
        "CS202 2:25 `Other` is a task, which cannot be imported "
        "(import types, tables and functions)",
        "CS201 2:32 unknown declaration `Nmae` (did you mean `Name`?)",
    ]
