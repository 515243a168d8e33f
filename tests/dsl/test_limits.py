"""Every limit, at it and one past it."""

from __future__ import annotations

from pathlib import Path

import pytest

from causalspec.dsl import parser
from causalspec.dsl.diagnostics import Diagnostics, ToolFailure
from causalspec.dsl.parser import parse
from causalspec.dsl.reading import read_source
from causalspec.dsl.source import Source

MIB = 1 << 20


def said_of(text: str) -> list[tuple[str, str]]:
    diagnostics = Diagnostics()
    parse(Source("limit.causal", f"language 1\n{text}"), diagnostics)
    return [(diagnostic.code, diagnostic.message) for diagnostic in diagnostics]


def nested(depth: int) -> str:
    return f"type T = {'(' * depth}0{')' * depth}..1"


def summed(terms: int) -> str:
    return f"function f() = {' + '.join(['x'] * terms)}"


BRACKETS = ("CS902", "brackets are nested more than 200 deep")
EXPRESSIONS = ("CS902", "expressions are nested more than 200 deep")


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        (nested(200), []),
        (nested(201), [BRACKETS]),
        (summed(200), []),
        (summed(201), [EXPRESSIONS]),
        (f"function f() = {'not ' * 199}x", []),
        (f"function f() = {'not ' * 200}x", [EXPRESSIONS]),
        (f"function f() = {'not ' * 90_000}x", [EXPRESSIONS]),
        ("type T = 0..2_147_483_647", []),
        (
            "type T = 0..2_147_483_648",
            [("CS903", "the number `2_147_483_648` is larger than 2147483647")],
        ),
        ("type T = 0.00..21_474_836.47", []),
        (
            "type T = 0.00..21_474_836.48",
            [
                (
                    "CS903",
                    "the number `21_474_836.48` is larger than 2147483647, counted in units of "
                    "its last decimal",
                )
            ],
        ),
        (
            f"type T = 0..{'9' * 10_000}",
            [("CS903", f"the number `{'9' * 20}…` is larger than 2147483647")],
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_nesting_and_numbers(text: str, messages: list[tuple[str, str]]) -> None:
    assert said_of(text) == messages


def test_mistakes() -> None:
    mistake = ("CS101", "unknown character `§`")
    assert said_of("§ " * 99) == [mistake] * 99
    assert said_of("§ " * 101) == [
        *([mistake] * 100),
        ("CS904", "reading stops here after 100 mistakes"),
    ]


def of_tokens(count: int) -> str:
    """So many words and signs, those of `language 1` among them."""
    return f"type T = {{{', '.join(['A'] * ((count - 6) // 2))}{',' * (count % 2)}}}"


TOKENS = ("CS905", "the file has more than 100000 words and signs")


def test_words_and_signs() -> None:
    assert said_of(of_tokens(100_000)) == []
    assert said_of(of_tokens(100_001)) == [TOKENS]


def test_words_and_signs_in_slots(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slot of one word counts eleven: it is read by a parser of its own."""
    monkeypatch.setattr(parser, "MOST_TOKENS", 9 + 4 * 11)
    assert said_of('task T { prompt p "{a} {b} {c} {d}" }') == []
    too_many = ("CS905", "the file has more than 53 words and signs")
    assert said_of('task T { prompt p "{a} {b} {c} {d} {e} {f}" }') == [too_many]


def of_size(size: int) -> bytes:
    start = "language 1\n# é"
    return (start + "x" * (size - len(start.encode()))).encode()


def test_size_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "large.causal"
    file.write_bytes(of_size(MIB))
    diagnostics = Diagnostics()
    source = read_source(file, "large.causal", diagnostics)
    assert source is not None
    parse(source, diagnostics)
    assert list(diagnostics) == []

    file.write_bytes(of_size(MIB + 1))
    assert read_source(file, "large.causal", diagnostics) is None
    assert [(diagnostic.code, diagnostic.message) for diagnostic in diagnostics] == [
        ("CS901", "the file has more than 1048576 bytes")
    ]


def test_size_of_a_text() -> None:
    diagnostics = Diagnostics()
    parse(Source("large.causal", of_size(MIB + 1).decode()), diagnostics)
    assert [(diagnostic.code, diagnostic.message) for diagnostic in diagnostics] == [
        ("CS901", "the file has 1048577 bytes, more than 1048576")
    ]


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    file = tmp_path / "latin.causal"
    file.write_bytes(b"language 1\n# caf\xe9\n")
    diagnostics = Diagnostics()
    assert read_source(file, "latin.causal", diagnostics) is None
    (diagnostic,) = diagnostics
    assert (diagnostic.code, diagnostic.message) == (
        "CS117",
        "the file is not UTF-8: byte 0xE9 starts no character",
    )
    assert diagnostic.span.source.position(diagnostic.span.start) == (2, 6)


def test_a_file_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ToolFailure, match=r"^there is no file `missing.causal`$"):
        read_source(tmp_path / "missing.causal", "missing.causal", Diagnostics())
    with pytest.raises(ToolFailure, match=r"^there is no file `folder`$"):
        read_source(tmp_path, "folder", Diagnostics())
