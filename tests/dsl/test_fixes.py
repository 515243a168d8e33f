"""Fixes keep meaning: what had one before has it still, and only what was meant is put in."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from causalspec.compiler.compile import compile_file
from causalspec.compiler.specification import Specification
from causalspec.dsl.diagnostics import Diagnostic, Diagnostics, Fix, Severity
from causalspec.dsl.fixes import apply_fixes
from causalspec.dsl.foreign import WORDS
from causalspec.dsl.parser import parse
from causalspec.dsl.source import Source, Span
from causalspec.dsl.tokens import span_of, tokenize
from tests.helpers.foreign_mistakes import FOREIGN
from tests.helpers.generated.planted import Program, plants, programs
from tests.helpers.generated.typos import declared_names, typo
from tests.helpers.mistakes import MISTAKES

COUNT = 4_000 if os.environ.get("CAUSALSPEC_LONG") else 150


@cache
def corpus() -> tuple[Program, ...]:
    return tuple(programs(40))


def findings(text: str, folder: Path | None) -> tuple[Source, list[Diagnostic]]:
    source, diagnostics = Source("fixed.causal", text), Diagnostics()
    compile_file(parse(source, diagnostics), folder, diagnostics)
    return source, list(diagnostics)


def specification(text: str, folder: Path | None) -> Specification | None:
    source, diagnostics = Source("fixed.causal", text), Diagnostics()
    return compile_file(parse(source, diagnostics), folder, diagnostics)


def tokens_outside(source: Source, places: list[tuple[int, int]]) -> list[tuple[str, str]]:
    """The tokens, and what comments and texts hold, that touch none of these places."""
    found = Diagnostics()
    tokens = tokenize(source, 0, len(source.text), found)
    spans = [span_of(source, token) for token in tokens]
    return [
        (token.type, span.text)
        for token, span in zip(tokens, spans, strict=True)
        if not any(low < span.end and span.start < high for low, high in places)
    ]


def what_is_lost(source: Source, diagnostics: list[Diagnostic]) -> list[str]:
    """What a text meant before the fixes of these diagnostics, and does not mean after them."""
    lost: list[str] = []
    fixes = sorted(
        {diagnostic.fix for diagnostic in diagnostics if diagnostic.fix},
        key=lambda fix: fix.span.start,
    )
    before = parse(source, Diagnostics())
    after = Source(source.name, apply_fixes(source, diagnostics))
    for diagnostic in diagnostics:
        fix = diagnostic.fix
        if fix is None:
            continue
        apart = fix.span.end < diagnostic.span.start or diagnostic.span.end < fix.span.start
        if apart or diagnostic.severity is not Severity.ERROR:
            lost.append(f"the fix `{fix.replacement}` is of something else")
        if fix.span.text in declared_names(before) and fix.span.text.isidentifier():
            lost.append(f"`{fix.span.text}` is declared, and replaced by `{fix.replacement}`")
    old: list[tuple[int, int]] = []
    new: list[tuple[int, int]] = []
    shift = 0
    for fix in fixes:
        low = fix.span.start + shift
        old.append((fix.span.start, fix.span.end))
        new.append((low, low + len(fix.replacement)))
        shift += len(fix.replacement) - (fix.span.end - fix.span.start)
    if tokens_outside(source, old) != tokens_outside(after, new):
        lost.append("tokens beside the fixes change")
    kept = [repr(declaration) for declaration in parse(after, Diagnostics()).declarations]
    for declaration in before.declarations:
        if (
            not any(_touch(declaration.span, other.span) for other in diagnostics)
            and repr(declaration) not in kept
        ):
            lost.append(f"`{declaration.span.text[:40]}` is read otherwise")
    return lost


def _touch(span: Span, other: Span) -> bool:
    return span.start <= other.end and other.start <= span.end


def fixed_to_the_end(text: str, folder: Path | None) -> str:
    """The text after all fixes, each of which keeps what had a meaning."""
    for _ in range(5):
        source, found = findings(text, folder)
        assert what_is_lost(source, found) == [], text
        fixed = apply_fixes(source, found)
        if fixed == text:
            return text
        text = fixed
    raise AssertionError(f"fixes of this text never end: {text}")


@pytest.mark.parametrize("program", [f"language 1\n{program}" for program, _ in MISTAKES])
def test_fixes_of_the_mistakes_keep_what_had_a_meaning(program: str) -> None:
    fixed_to_the_end(program, None)


@pytest.mark.parametrize("program", [mistake.format(line=line) for mistake, line, _ in FOREIGN])
def test_fixes_of_foreign_notation_keep_what_had_a_meaning(program: str) -> None:
    fixed_to_the_end(program, None)


def planted_texts() -> Iterator[tuple[Program, str]]:
    """Sound programs, each with one mistake of any kind."""
    chance = random.Random(11)
    while True:
        program = chance.choice(corpus())
        possible = plants(program, chance.randrange(10))
        kind = chance.choice(sorted({plant.kind for plant in possible}))
        plant = chance.choice([plant for plant in possible if plant.kind == kind])
        low, high = plant.statement.start, plant.statement.end
        yield program, program.text[:low] + plant.text + program.text[high:]


def misspelt_texts() -> Iterator[tuple[Program, str]]:
    """Sound programs, each with one word misspelt."""
    chance = random.Random(12)
    while True:
        slip = typo(chance.choice(corpus()), chance)
        if slip is not None:
            before, after = slip.program.text[: slip.start], slip.program.text[slip.start :]
            yield slip.program, before + slip.written + after[len(slip.word) :]


@pytest.mark.parametrize("texts", [planted_texts, misspelt_texts])
def test_fixed_programs_mean_what_was_meant(
    texts: Callable[[], Iterator[tuple[Program, str]]], capsys: pytest.CaptureFixture[str]
) -> None:
    fixed = 0
    for _, (program, text) in zip(range(COUNT), texts(), strict=False):
        mended = fixed_to_the_end(text, program.folder)
        found = specification(mended, program.folder) if mended != text else None
        if found is not None:
            fixed += 1
            meant = specification(program.text, program.folder)
            assert meant is not None
            assert (found.models, found.tasks) == (meant.models, meant.tasks), text
            assert found.counterfactuals == meant.counterfactuals, text
    with capsys.disabled():
        print(f"\nfixed, and as meant: {fixed} of {COUNT} ({texts.__name__})")
    assert fixed > COUNT / 20


@pytest.mark.parametrize("word", sorted(WORDS))
def test_words_of_other_languages_are_never_put_right_by_spelling(word: str) -> None:
    for use in (f"a {word} b", f"{word}(a, b)", f"{word} a", word):
        text = f"language 1\ntask T {{\n  input a, b : bool\n  output o : bool = {use}\n}}\n"
        _, found = findings(text, None)
        assert found != [], text
        for diagnostic in found:
            assert diagnostic.fix is None or diagnostic.fix.replacement == "", text


@pytest.mark.parametrize(
    "declared, used",
    [
        ("above, abovt", "abova"),  # two names are near
        ("first_sum, first_num", "first_mum"),
        ("digit1", "digit2"),  # the digit tells
        ("a", "b"),  # too short to tell
        ("amount", "amuont or amuont"),  # a name that is written twice is not a slip
        ("notes", "adn"),
    ],
)
def test_what_may_mean_something_else_is_left_alone(declared: str, used: str) -> None:
    text = f"language 1\ntask T {{\n  input {declared} : bool\n  output o : bool = {used}\n}}\n"
    _, found = findings(text, None)
    assert [diagnostic.code for diagnostic in found if diagnostic.code == "CS201"] != []
    assert [diagnostic.fix for diagnostic in found if diagnostic.fix] == []


SOUND = """language 1
task T {
  input above, below : bool
  input none : bool
  output o : bool = above&&below or none
  let unread = nowhere
}
"""


@pytest.mark.parametrize(
    ("reported", "replaced", "replacement", "lost"),
    [
        ("nowhere", "nowhere", "above", []),
        ("below or", "below", "above", ["`below` is declared, and replaced by `above`"]),
        ("none\n", "none", "not", ["`none` is declared, and replaced by `not`"]),
        ("&&", "&&", "and", ["tokens beside the fixes change"]),
        ("nowhere", "or none", "and none", ["the fix `and none` is of something else"]),
        ("nowhere", "nowhere", '"""', ["tokens beside the fixes change"]),
        ("nowhere", "nowhere", "3 # ", []),
    ],
)
def test_a_bad_fix_is_caught(
    reported: str, replaced: str, replacement: str, lost: list[str]
) -> None:
    source = Source("bad.causal", SOUND)
    place, other = SOUND.rindex(reported), SOUND.rindex(replaced)
    fix = Fix(Span(source, other, other + len(replaced)), replacement, "write it")
    diagnostics = Diagnostics()
    diagnostics.error("CS201", "bad", Span(source, place, place + len(reported)), fix=fix)
    assert what_is_lost(source, list(diagnostics)) == lost
