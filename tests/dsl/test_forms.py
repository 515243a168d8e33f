"""The form that is shown of each statement is one that can be read."""

from __future__ import annotations

import pytest

from causalspec.dsl.diagnostics import Diagnostics
from causalspec.dsl.forms import FORMS, form_of
from causalspec.dsl.parser import parse
from causalspec.dsl.source import Source
from causalspec.dsl.words import BLOCKS, DECLARATIONS, LEADING_WORDS

HEADS = {
    "task": "task T {",
    "model": "model M of T {",
    "counterfactuals": "counterfactuals C of M {",
    "align": "align A of M {",
    "claim": "claim K {",
    "derive": "derive D from M {",
}


def reads(text: str) -> None:
    diagnostics = Diagnostics()
    parse(Source("form.causal", f"language 1\n{text}\n"), diagnostics)
    assert diagnostics.found == []


@pytest.mark.parametrize(("block", "word"), [(b, word) for b in BLOCKS for word in BLOCKS[b]])
def test_a_statement(block: str, word: str) -> None:
    form = form_of(word, block)
    assert form.startswith(f"{word} ")
    reads(f"{HEADS[block]} {form} }}")


@pytest.mark.parametrize("word", DECLARATIONS)
def test_a_declaration(word: str) -> None:
    reads(FORMS[word].replace("…", ""))


def test_every_word_has_a_form() -> None:
    assert set(FORMS) == LEADING_WORDS
