"""The grammar, and the tables computed from it."""

from __future__ import annotations

import json

from causalspec.dsl import grammar


def test_the_grammar_has_no_conflicts() -> None:
    grammar.build(grammar.GRAMMAR.read_text(encoding="utf-8"), strict=True)


def test_the_tables_are_those_of_the_grammar() -> None:
    text = grammar.GRAMMAR.read_text(encoding="utf-8")
    stored = json.loads(grammar.TABLES.read_text(encoding="utf-8"))
    assert stored["fingerprint"] == grammar.fingerprint(text)
    assert grammar.grammar().rules == grammar.build(text).rules
