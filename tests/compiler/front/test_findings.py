"""What is found wrong with a spec: whole messages, each mistake once, none that follows on."""

from __future__ import annotations

from pathlib import Path

import pytest

from causalspec.dsl.diagnostics import Fix
from tests.helpers.compiled import attempt, findings


def test_two_mistakes_are_both_found_and_nothing_follows_on() -> None:
    assert findings("""
      type Price = 0.00..9.99
      task T {
        input a : Price
        input b : 0..9
        let sum = a + b
        output y : bool = sum > 3 and b > c
      }
      model M of T { var v = sum  output y = v > 3 }
    """) == [
        "CS301 3:20 `0.00..9.99` does not say in which steps "
        "(add a step, as in `0.00..9.99 step 0.01`)",
        "CS201 8:43 unknown name `c` (known here: `y`, `a`, `b`, `sum`)",
    ]


def test_one_letter_is_repaired() -> None:
    _, diagnostics = attempt("task T { input amount : 0..9  output y : bool = amonut > 3 }")
    (found,) = diagnostics
    assert (found.message, found.help) == ("unknown name `amonut`", "did you mean `amount`?")
    assert found.fix == Fix(found.span, "amount", "replace `amonut` by `amount`")


def test_a_symbol_is_sought_in_the_set_that_is_expected() -> None:
    assert findings("""
      task T {
        input which : {First, Second}
        output y : bool = which == Frist
      }
    """) == ["CS201 5:36 unknown name `Frist` (did you mean `First`?)"]


def test_a_mistake_in_a_family_is_reported_once() -> None:
    assert findings("""
      task T {
        input x[i in 0..9] : 0..9
        output y[i in 0..9] : bool = x[i] > limit
      }
    """) == ["CS201 5:45 unknown name `limit` (known here: `i`, `y`, `x`)"]


def test_a_cycle_is_shown_with_its_path() -> None:
    text = """
      task T { input a : 0..9  output y : bool = a > 3 }
      model M of T {
        var u : bool = v
        var v : bool = w
        var w : bool = u and a > 3
        output y = u
      }
    """
    assert findings(text) == [
        "CS401 5:13 `u` depends on itself: `u` → `v` → `w` → `u` "
        "(take one of them out of the circle, or declare the model `cyclic`)"
    ]
    _, diagnostics = attempt(text.replace(" : bool = v", " = v").replace(" : bool = w", " = w"))
    (found,) = diagnostics
    assert [note.message for note in found.related] == [
        "`u` reads `v`",
        "`v` reads `w`",
        "`w` reads `u`",
    ]


def test_missing_arms_are_listed() -> None:
    assert findings("""
      task T {
        input a : 0..99
        output y : 0..2 = match a { 0..9 => 0  20 => 1  30..99 => 2 }
      }
    """) == [
        "CS304 5:33 no arm takes `10`, `11`, `12`, `13`, `14`, `15` and 13 more "
        "(add the missing arms, or `else => …`)"
    ]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"Mary\n\nJohn\nMary\n", "line 2 is blank; line 4 repeats `Mary` of line 1"),
        (b"", "it is empty"),
    ],
)
def test_faulty_lines_of_a_word_list_are_named(tmp_path: Path, content: bytes, found: str) -> None:
    (tmp_path / "names.txt").write_bytes(content)
    text = 'type Name = words "names.txt"\n'
    assert findings(text, tmp_path) == [
        f"CS221 2:19 the word list `names.txt` is not well formed ({found})"
    ]


def test_faulty_lines_of_a_table_are_named(tmp_path: Path) -> None:
    (tmp_path / "cities.csv").write_text("name,size\nParis,3\nRome\nParis,x\n", encoding="utf-8")
    text = 'table City "cities.csv" key name { size : 0..9 }\n'
    assert findings(text, tmp_path) == [
        "CS221 2:12 the table `cities.csv` is not well formed (line 3 has 1 cells, the header 2)"
    ]
    (tmp_path / "cities.csv").write_text("name,size\nParis,3\nParis,x\n", encoding="utf-8")
    assert findings(text, tmp_path) == [
        "CS221 2:12 the table `cities.csv` is not well formed "
        "(line 3 repeats the key `Paris` of line 2; line 3: `x` is not a value of `0..9`)"
    ]


@pytest.mark.parametrize("path", ["../names.txt", "/etc/passwd", "C:\\\\names.txt", "link.txt"])
def test_nothing_outside_the_folder_is_read(tmp_path: Path, path: str) -> None:
    folder = tmp_path / "spec"
    folder.mkdir()
    (tmp_path / "names.txt").write_text("Mary\n", encoding="utf-8")
    (folder / "link.txt").symlink_to(tmp_path / "names.txt")
    (found,) = findings(f'type Name = words "{path}"\n', folder)
    assert found.startswith("CS223 2:19")
    assert found.endswith("(put the file beside the spec and name it by its relative path)")


def test_a_file_of_a_similar_name_is_suggested(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("Mary\n", encoding="utf-8")
    assert findings('type Name = words "name.txt"\n', tmp_path) == [
        "CS220 2:19 there is no file `name.txt` beside the spec (did you mean `names.txt`?)"
    ]


def test_functions_that_inline_each_other_end() -> None:
    functions = "function f0(x : 0..9) = x\n" + "".join(
        f"function f{n}(x : 0..9) = min(f{n - 1}(x), f{n - 1}(9 - x))\n" for n in range(1, 40)
    )
    found = findings(f"{functions}task T {{ input a : 0..9  output y : 0..9 = f39(a) }}")
    assert [finding.split()[0] for finding in found] == ["CS922"]
