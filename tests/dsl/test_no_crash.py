"""Promise 1: any text gives a tree or coded diagnostics, never a traceback."""

from __future__ import annotations

import os
import random

import pytest

from causalspec.dsl import (
    Diagnostics,
    Source,
    apply_fixes,
    catalogue,
    decode_source,
    format_source,
    parse,
    render_text,
    to_json,
)
from causalspec.dsl.tokens import tokenize

from .spec_files import EXAMPLES, spec_text

COUNT = 100_000 if os.environ.get("CAUSALSPEC_LONG") else 2_000
STRANGE = (
    "\0",
    "\t",
    "\x1b",
    '"',
    '"""',
    "\\",
    "{",
    "}",
    "(",
    "]",
    "\u2028",
    "😀",
    "\ufeff",
    "\ud800",
)
CODES = frozenset(catalogue.codes())


def check(text: str) -> None:
    """Parse; everything that can be done with the outcome can be done."""
    source, diagnostics = Source("mutant.causal", text), Diagnostics()
    parse(source, diagnostics)
    assert {one.code for one in diagnostics} <= CODES
    assert all(0 <= one.span.start <= one.span.end <= len(text) for one in diagnostics)
    if diagnostics.has_errors:
        assert render_text(diagnostics, color=True, width=80)
        assert len(to_json(diagnostics)) == len(diagnostics)
        apply_fixes(source, diagnostics)
    else:
        format_source(source)


def declarations() -> list[tuple[str, list[tuple[int, int]]]]:
    """The declarations of the examples, each a small file, with the places of their tokens."""
    files: list[tuple[str, list[tuple[int, int]]]] = []
    for name in EXAMPLES:
        whole = Source(name, spec_text(name))
        for declaration in parse(whole, Diagnostics()).declarations:
            text = f"language 1\n{declaration.span.text}\n"
            tokens = tokenize(Source(name, text), 0, len(text), Diagnostics())
            files.append((text, [(one.start_pos or 0, one.end_pos or 0) for one in tokens]))
    return files


def mutant(chance: random.Random, files: list[tuple[str, list[tuple[int, int]]]]) -> str:
    """A small file with one token left out, replaced, put in, or all after it cut off."""
    text, places = chance.choice(files)
    start, end = chance.choice(places)
    other, other_places = chance.choice(files)
    low, high = chance.choice(other_places)
    match chance.randrange(5):
        case 0:
            return text[:start] + text[end:]
        case 1:
            return text[:start] + other[low:high] + text[end:]
        case 2:
            return f"{text[:start]}{other[low:high]} {text[start:]}"
        case 3:
            return text[:start] + chance.choice(STRANGE) + text[start:]
        case _:
            return text[:end]


def test_token_mutants() -> None:
    chance, files = random.Random(20), declarations()
    for _ in range(COUNT):
        check(mutant(chance, files))


def test_random_bytes() -> None:
    chance = random.Random(21)
    for _ in range(COUNT // 10):
        data = chance.randbytes(chance.randrange(300))
        diagnostics = Diagnostics()
        source = decode_source(data, "bytes.causal", diagnostics)
        if source is None:
            assert [one.code for one in diagnostics] == ["CS117"]
            assert render_text(diagnostics, color=False, width=80)
        check(data.decode("latin-1"))


@pytest.mark.parametrize(
    "piece",
    ["@", "@ ", "- ", "not ", "(", "{ ", "a + ", "a.", "[", '"', '"""', "if a then ", "} ",
     "match ", "modle ", "x = ", "\\", "{{", "language 1 ", "# \n", "\n", "é", "9", "a ** ", ") "],
)  # fmt: skip
@pytest.mark.parametrize("before", ["", "language 1\ntype T = ", "language 1 task T { let x = "])
def test_long_repetitions_end(before: str, piece: str) -> None:
    check(before + piece * (50_000 // len(piece)))
