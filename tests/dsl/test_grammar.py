"""The grammar, and the tables computed from it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from lark import Lark

from causalspec.dsl import grammar, make_tables


def test_the_grammar_has_no_conflicts() -> None:
    grammar.build(grammar.GRAMMAR.read_text(encoding="utf-8"), strict=True)


def test_the_stored_tables_are_those_of_the_grammar() -> None:
    text = grammar.GRAMMAR.read_text(encoding="utf-8")
    assert json.loads(grammar.TABLES.read_text(encoding="utf-8"))["fingerprint"] == (
        grammar.fingerprint(text)
    )
    assert shape(grammar.grammar()) == shape(grammar.build(text))


def test_the_tool_makes_the_stored_tables() -> None:
    made = json.loads(make_tables.tables(grammar.GRAMMAR.read_text(encoding="utf-8")))
    stored = json.loads(grammar.TABLES.read_text(encoding="utf-8"))
    assert made.keys() == stored.keys()
    assert (made["fingerprint"], made["data"]["options"]) == (
        stored["fingerprint"],
        stored["data"]["options"],
    )
    assert len(made["states"]) == len(stored["states"])


def shape(parser: Lark) -> tuple[object, ...]:
    """All of a parser but the numbers of its states, which differ from run to run."""
    conf: Any = parser.parse_interactive("", start="start").parser_state.parse_conf
    rows: dict[int, list[tuple[str, str]]] = {}
    pending = list(conf.parse_table.start_states.values())
    while pending:
        state = pending.pop()
        if state not in rows:
            goals = {token: goal for token, (_, goal) in conf.states[state].items()}
            pending += [goal for goal in goals.values() if isinstance(goal, int)]
            rows[state] = sorted(
                (str(token), "shift" if isinstance(goal, int) else str(goal))
                for token, goal in goals.items()
            )
    return parser.rules, sorted(map(repr, parser.terminals)), sorted(rows.values())


def test_tables_of_another_grammar_are_left_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stale = tmp_path / "grammar.json"
    stale.write_text('{"fingerprint": "of another grammar"}', encoding="utf-8")
    monkeypatch.setattr(grammar, "TABLES", stale)
    assert shape(grammar.grammar.__wrapped__()) == shape(grammar.grammar())
