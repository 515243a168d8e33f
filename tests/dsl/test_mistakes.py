"""Every wrong program of the table gets exactly its messages."""

from __future__ import annotations

import pytest

from causalspec.compiler.compile import compile_file
from causalspec.dsl.diagnostics import Diagnostic, Diagnostics
from causalspec.dsl.fixes import apply_fixes
from causalspec.dsl.parser import parse
from causalspec.dsl.source import Source
from tests.helpers.foreign_mistakes import FOREIGN
from tests.helpers.mistakes import MISTAKES
from tests.helpers.wording import well_put

PRELUDE = "language 1\n"


def found_in(text: str) -> tuple[Source, list[Diagnostic]]:
    source, diagnostics = Source("mistake.causal", text), Diagnostics()
    parse(source, diagnostics)
    well_put(diagnostics)
    return source, list(diagnostics)


def said(diagnostic: Diagnostic, *, prelude: int = 1) -> str:
    line, column = diagnostic.span.source.position(diagnostic.span.start)
    fix = f" [{diagnostic.fix.replacement}]" if diagnostic.fix else ""
    return f"{line - prelude}:{column} {diagnostic.code} {diagnostic.message}{fix}"


@pytest.mark.parametrize(
    ("program", "messages"), MISTAKES, ids=[mistake for mistake, _ in MISTAKES]
)
def test_messages(program: str, messages: tuple[str, ...]) -> None:
    _, found = found_in(PRELUDE + program)
    assert tuple(map(said, found)) == messages


@pytest.mark.parametrize(
    ("program", "messages"), MISTAKES, ids=[mistake for mistake, _ in MISTAKES]
)
def test_fixed_mistakes_are_gone(program: str, messages: tuple[str, ...]) -> None:
    source, found = found_in(PRELUDE + program)
    without_a_fix = [diagnostic.message for diagnostic in found if diagnostic.fix is None]
    _, left = found_in(apply_fixes(source, found))
    assert [diagnostic.message for diagnostic in left] == without_a_fix


@pytest.mark.parametrize(("program", "line", "messages"), FOREIGN, ids=[o[1] for o in FOREIGN])
def test_notation_of_other_languages(program: str, line: str, messages: tuple[str, ...]) -> None:
    source, diagnostics = Source("foreign.causal", program.format(line=line)), Diagnostics()
    compile_file(parse(source, diagnostics), None, diagnostics)
    well_put(diagnostics)
    *found, last = diagnostics
    assert last.message.lower() in ("unknown name `nowhere`", "unknown type `nowhere`")
    helps = [
        None if (diagnostic.help or "").startswith("known here") else diagnostic.help
        for diagnostic in found
    ]
    shown = [f" | {advice}" if advice else "" for advice in helps]
    written = [
        said(diagnostic, prelude=0) + more for diagnostic, more in zip(found, shown, strict=True)
    ]
    assert tuple(written) == messages


def test_a_file_without_a_version_is_fixed() -> None:
    source, found = found_in("# Digits.\ntype Digit = 0..9\n")
    assert [diagnostic.message for diagnostic in found] == [
        "the file does not say which version of the language it is written in"
    ]
    assert apply_fixes(source, found) == "# Digits.\nlanguage 1\n\ntype Digit = 0..9\n"


def test_a_byte_order_mark_tabs_and_carriage_returns_are_fine() -> None:
    _, found = found_in("\ufefflanguage 1\r\n\ttype\tDigit = 0..9\r\n# a comment\r\n")
    assert found == []


@pytest.mark.parametrize("character", ["\r", "\v", "\f", "\x85", "\u2028", "\u2029"])
def test_what_looks_like_a_line_and_is_a_comment(character: str) -> None:
    _, found = found_in(f"language 1\n# Digits.{character}type Digit = 0..9\n")
    assert [said(diagnostic) for diagnostic in found] == [
        f"1:10 CS119 U+{ord(character):04X} ends no line, so that what follows is part of the "
        "comment before it"
    ]
    _, found = found_in(f"language 1\n# Digits.{character}{character} \r\ntype Digit = 0..9\r\n")
    assert found == []
