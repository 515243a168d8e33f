"""Promise 1: any text gives a specification or coded diagnostics, never a traceback."""

from __future__ import annotations

import os
import random

import pytest

from causalspec.compiler.compile import compile_file
from causalspec.dsl import catalogue
from causalspec.dsl.diagnostics import Diagnostics
from causalspec.dsl.fixes import apply_fixes
from causalspec.dsl.formatter import format_source
from causalspec.dsl.parser import parse
from causalspec.dsl.reading import decode_source
from causalspec.dsl.render import render_text, to_json
from causalspec.dsl.source import Source
from causalspec.dsl.tokens import tokenize
from tests.helpers.generated import grammar_programs, typed_programs
from tests.helpers.spec_files import EXAMPLES, spec_text

COUNT = 100_000 if os.environ.get("CAUSALSPEC_LONG") else 1_000
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
    """Parse and compile; everything that can be done with the outcome can be done."""
    source, diagnostics = Source("mutant.causal", text), Diagnostics()
    file = parse(source, diagnostics)
    is_parsed = not diagnostics.has_errors
    compile_file(file, None, diagnostics)
    assert {diagnostic.code for diagnostic in diagnostics} <= CODES
    assert all(
        0 <= diagnostic.span.start <= diagnostic.span.end <= len(text) for diagnostic in diagnostics
    )
    if diagnostics.has_errors:
        assert render_text(diagnostics, color=True, width=80)
        assert len(to_json(diagnostics)) == len(diagnostics)
        apply_fixes(source, diagnostics)
    if is_parsed:
        format_source(source)


@pytest.mark.parametrize("left", ["{10,", "{10, 18", "{10, 18} token slot(a", "{"])
@pytest.mark.parametrize(
    "below", ["", "\nalign B of M { var v at residual token last by probe }\n"]
)
def test_a_set_that_is_left_open_closes_no_block(left: str, below: str) -> None:
    check(f"language 1\n\nalign A of M {{ var v at residual layers {left}\n{below}")


def test_what_a_question_says_of_an_output_that_is_not_there() -> None:
    """A model's own output is written wrongly, and its text is found in the task's."""
    check(
        spec_text("three_rungs")
        .replace("output recovers = luck", "output recover = luck")
        .replace("var treated = severe", "var treated = sever")
    )


def with_places(text: str) -> tuple[str, list[tuple[int, int]]]:
    """A text with the places of its tokens."""
    tokens = tokenize(Source("whole", text), 0, len(text), Diagnostics())
    return text, [(token.start_pos or 0, token.end_pos or 0) for token in tokens]


def small_programs() -> list[tuple[str, list[tuple[int, int]]]]:
    """The programs of the explanations, right and wrong, and some generated ones."""
    pages = [catalogue.page(code) for code in catalogue.codes()]
    texts = [text for page in pages for text in (page.fails, page.fixed) if text is not None]
    return [with_places(text) for text in (*texts, *map(typed_programs.program, range(40)))]


def declarations() -> list[tuple[str, list[tuple[int, int]]]]:
    """The declarations of the examples, each a small file, with the places of their tokens."""
    files: list[tuple[str, list[tuple[int, int]]]] = []
    for name in EXAMPLES:
        whole = Source(name, spec_text(name))
        for declaration in parse(whole, Diagnostics()).declarations:
            files.append(with_places(f"language 1\n{declaration.span.text}\n"))
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


def test_mutants_of_declarations() -> None:
    chance, files = random.Random(20), declarations()
    for _ in range(COUNT * 3 // 10):
        check(mutant(chance, files))


def test_mutants_of_whole_programs() -> None:
    chance, files = random.Random(22), small_programs()
    for _ in range(COUNT * 4 // 10):
        text = mutant(chance, files)
        for _ in range(chance.choice((0, 0, 1, 3))):
            again = with_places(text)
            text = mutant(chance, [again if again[1] else files[0], files[0]])
        check(text)


def test_texts_that_the_grammar_derives() -> None:
    """As they are, or with a token left out, put in or put elsewhere."""
    chance = random.Random(23)
    for _ in range(COUNT * 2 // 10):
        tokens = grammar_programs.tokens(chance, chance.randrange(1, 3))
        if chance.random() < 0.5:
            place = chance.randrange(len(tokens))
            tokens[place : place + chance.randrange(3)] = chance.choices(
                tokens, k=chance.randrange(3)
            )
        check(" ".join(tokens))


def test_random_bytes() -> None:
    chance = random.Random(21)
    for _ in range(COUNT // 10):
        data = chance.randbytes(chance.randrange(300))
        diagnostics = Diagnostics()
        source = decode_source(data, "bytes.causal", diagnostics)
        if source is None:
            assert [diagnostic.code for diagnostic in diagnostics] == ["CS117"]
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
