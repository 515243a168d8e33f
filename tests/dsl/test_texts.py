"""What stands between quotes: escapes, slots, and braces that stand for themselves."""

from __future__ import annotations

import pytest

from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Diagnostics
from causalspec.dsl.parser import parse
from causalspec.dsl.source import Source


def prompt(text: str) -> tuple[list[str | None], list[str]]:
    """The fixed parts of a template, None for each slot, and the messages about it."""
    diagnostics = Diagnostics()
    file = parse(Source("one", f"language 1 task T {{ prompt p {text} }}"), diagnostics)
    (task,) = file.declarations
    assert isinstance(task, syntax.TaskDeclaration)
    (written,) = task.body
    assert isinstance(written, syntax.Prompt) and isinstance(written.body, syntax.Template)
    parts = [
        part.text if isinstance(part, syntax.Verbatim) else None for part in written.body.parts
    ]
    return parts, [diagnostic.message for diagnostic in diagnostics]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (r'"a\tb\n\\\"c"', ['a\tb\n\\"c']),
        (r'"\u{1F600} {a} \u{41}"', ["😀 ", None, " A"]),
        ('"{{a}} {b}"', ["{a} ", None]),
        ('"a {match m { A => "x: } {y" else => "" }} b"', ["a ", None, " b"]),
        ('"{"Box {i} {if x then "a" else "b"}" for i in 0..3 by ", "}."', [None, "."]),
        ('"""a "quoted"\r\nword"""', ['a "quoted"\nword']),
    ],
)
def test_what_a_text_stands_for(text: str, parts: list[str | None]) -> None:
    assert prompt(text) == (parts, [])


def test_quotes_within_braces_end_a_text_that_is_no_slot() -> None:
    file = parse(Source("one", 'language 1 type Sign = {"{", "}"}'), found := Diagnostics())
    (declared,) = file.declarations
    assert isinstance(declared, syntax.TypeDeclaration)
    assert isinstance(declared.type, syntax.ElementSet) and not found.found
    assert [getattr(sign, "value", None) for sign in declared.type.elements] == ["{", "}"]


@pytest.mark.parametrize("escape", [r"\q", r"\u{D800}", r"\u{110000}"])
def test_unknown_escapes_stand_for_themselves(escape: str) -> None:
    assert prompt(f'"a {escape}"') == ([f"a {escape}"], [f"unknown escape `{escape}`"])


def test_a_text_of_nothing_but_mistakes_is_read_to_an_end() -> None:
    _, messages = prompt('"' + "}" * 301 + r"\q" * 300 + '"')
    assert len(messages) == 101
    _, messages = prompt('"' + "} " * 300 + '"')
    assert messages[0] == "`}` closes no slot" and len(messages) == 101
