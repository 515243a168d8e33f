"""Promise 2: every limit of the compiler, at it and one past it."""

from __future__ import annotations

from pathlib import Path

import pytest

from causalspec.compiler.compile import CheckedFile, check_source
from causalspec.compiler.expressions import All, Constant, Not
from causalspec.compiler.front.elaborate import MOST_DEPTH, MOST_NODES, check_size
from causalspec.compiler.front.names import Compilation
from causalspec.compiler.front.values import Value
from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Diagnostics
from causalspec.dsl.source import Source, Span
from tests.helpers.compiled import attempt


def codes(text: str, folder: Path | None = None) -> list[str]:
    _, diagnostics = attempt(text, folder)
    return [diagnostic.code for diagnostic in diagnostics if diagnostic.severity == "error"]


def task(condition: str, type: str = "0..9") -> str:
    return f"task T {{ input a : {type}  output y : bool = {condition} }}\n"


def swapped(sources: int) -> str:
    """Data that swaps so many variables, each from a source of its own."""
    variables = "".join(f"var v{n} = a + {n} " for n in range(sources))
    swaps = ", ".join(f"v{n} from s{n}" for n in range(sources))
    total = " + ".join(f"v{n}" for n in range(sources))
    return (
        f"{task('a > 4')}model M of T approximately {{ {variables} output y = {total} > 4 }}\n"
        f"counterfactuals D of M {{ swap {swaps} split train 10 }}\n"
    )


def data(statements: str) -> str:
    return (
        f"{task('a > 4', '0..65')}model M of T {{ var v = a output y = v > 4 }}\n"
        f"counterfactuals D of M {{ swap v {statements} }}\n"
    )


def encoded(dimension: int) -> str:
    return (
        "task T { input a : {A, B}  output y : bool = a == A\n"
        f"encode vector {{ a as symbol(dim = {dimension}) }} }}\n"
    )


def placed(layer: int) -> str:
    return (
        'task T { input a : 0..9  output y : bool = a > 4  prompt p "{a}" }\n'
        "model M of T { var v = a output y = v > 4 }\n"
        f"align A of M {{ var v at residual layers {layer} token last by full_vector }}\n"
    )


LARGEST = 2**31 - 1


@pytest.mark.parametrize(
    ("at", "past", "code"),
    [
        (f"type T = 0..{LARGEST - 1} + 1", f"type T = 0..{LARGEST} + 1", "CS920"),
        (f"type T = -{LARGEST}..0", f"type T = -{LARGEST} - 1..0", "CS920"),
        (task("a < 2 ** 62"), task("a < 2 ** 62 + 1"), "CS921"),
        (task("a > -(2 ** 62)"), task("a > -(2 ** 62) - 1"), "CS921"),
        (
            f"type T = (a : 0..{LARGEST}, b : 0..{LARGEST})",
            f"type T = (a : 0..{LARGEST}, b : -1..{LARGEST})",
            "CS921",
        ),
        (task("all(a >= 0 for i in 1..10_000)"), task("all(a >= 0 for i in 0..10_000)"), "CS924"),
        (
            task("a > 4", "0..999_999 ~ weights { 0 => 2  else => 1 }"),
            task("a > 4", "0..1_000_000 ~ weights { 0 => 2  else => 1 }"),
            "CS924",
        ),
        (swapped(16), swapped(17), "CS924"),
        (encoded(65_536), encoded(65_537), "CS302"),
        (placed(10_000), placed(10_001), "CS706"),
        (data("split train 10_000_000"), data("split train 10_000_001"), "CS702"),
        (
            data("balance max(base.a, 2) split train 9"),
            data("balance max(base.a, 1) split train 9"),
            "CS703",
        ),
    ],
    ids=lambda value: str(value)[:24],
)
def test_limits_of_files(at: str, past: str, code: str) -> None:
    assert codes(at) == []
    assert codes(past) == [code]


def test_size_of_an_expression() -> None:
    diagnostics = Diagnostics()
    compilation = Compilation(diagnostics, None)
    written = syntax.Truth(True, span=Span(Source("size", "true"), 0, 4))
    leaf = Constant(1)
    check_size(compilation, Value(All((leaf,) * (MOST_NODES - 1)), None), written)
    deep = leaf
    for _ in range(MOST_DEPTH - 1):
        deep = Not(deep)
    check_size(compilation, Value(deep, None), written)
    assert list(diagnostics) == []
    check_size(compilation, Value(All((leaf,) * MOST_NODES), None), written)
    check_size(compilation, Value(Not(deep), None), written)
    assert [diagnostic.code for diagnostic in diagnostics.found] == ["CS922", "CS923"]


def test_depth_of_imports(tmp_path: Path) -> None:
    """A file that is imported by one that is imported, and so on."""
    for depth in range(1, 18):
        text = f'language 1\nimport "{depth + 1}.causal" {{ Digit }}\n'
        (tmp_path / f"{depth}.causal").write_text(text, encoding="utf-8")
    last = tmp_path / "16.causal"
    deeper = last.read_text(encoding="utf-8")
    last.write_text("language 1\ntype Digit = 0..9\n", encoding="utf-8")
    assert codes('import "1.causal" { Digit }', tmp_path) == []
    last.write_text(deeper, encoding="utf-8")
    (tmp_path / "17.causal").write_text("language 1\ntype Digit = 0..9\n", encoding="utf-8")
    assert codes('import "1.causal" { Digit }', tmp_path) == ["CS926"]


def test_lines_of_a_word_list(tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("".join(f"w{n}\n" for n in range(100_000)), encoding="utf-8")
    assert codes('type W = words "words.txt"', tmp_path) == []
    words.write_text("".join(f"w{n}\n" for n in range(100_001)), encoding="utf-8")
    assert codes('type W = words "words.txt"', tmp_path) == ["CS925"]


def test_bytes_of_a_word_list(tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_bytes(b"x" * (16 * 2**20))
    assert codes('type W = words "words.txt"', tmp_path) == []
    words.write_bytes(b"x" * (16 * 2**20 + 1))
    assert codes('type W = words "words.txt"', tmp_path) == ["CS925"]


def test_no_more_mistakes_are_shown_than_anybody_reads() -> None:
    def names(count: int) -> list[str]:
        text = "".join(f"type T{k} = Unknown{k}\n" for k in range(count))
        return [diagnostic.message for diagnostic in checked(text).diagnostics]

    assert len(names(101)) == 101
    assert len(names(102)) == 101
    assert names(300)[100] == "200 further mistakes are not shown"


def checked(text: str) -> CheckedFile:
    return check_source(Source("test.causal", "language 1\n" + text), None, Diagnostics())
