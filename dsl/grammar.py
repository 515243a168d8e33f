"""The parser that `grammar.lark` describes, from tables computed in advance.

Computing LALR tables takes Lark about half a second, more than a whole check should take. So they
lie beside the grammar as JSON, plain data that cannot run code (Lark's own cache unpickles). They
are a shortcut, never the authority: made from another grammar or by another Lark, they are left
aside and computed afresh. After a change of the grammar run `python -m causalspec.dsl.make_tables`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, Final, cast

import lark
from lark import Token, Tree
from lark.parsers.lalr_analysis import Reduce, Shift

GRAMMAR: Final = Path(__file__).with_name("grammar.lark")
TABLES: Final = Path(__file__).with_name("grammar.json")

SHIFT: Final = 0
END: Final = "$END"
"""The kind of the token behind the last."""


@cache
def grammar() -> lark.Lark:
    """The parser. It starts at `start`, a file, or at `slot`, what a template's braces hold."""
    text = GRAMMAR.read_text(encoding="utf-8")
    if TABLES.exists():
        tables = cast("dict[str, Any]", json.loads(TABLES.read_text(encoding="utf-8")))
        if tables["fingerprint"] == fingerprint(text):
            return _from_tables(tables)
    return build(text)


def build(text: str, *, strict: bool = False) -> lark.Lark:
    """Compute the parser. Strict refuses conflicts and needs `interegular`, a tool for tests."""
    return lark.Lark(
        text,
        parser="lalr",
        lexer="basic",
        start=["start", "slot"],
        propagate_positions=True,
        maybe_placeholders=True,
        strict=strict,
    )


def interactive(text: str, start: str) -> Any:
    """Lark's `InteractiveParser`, whose types say less than a type checker wants to know."""
    return cast("Any", grammar()).parse_interactive(text, start=start)


def parse_tokens(tokens: Iterable[Token], start: str) -> Tree[Token]:
    """Lark's tree of tokens. Raises `UnexpectedToken` at the first that cannot stand there."""
    parser = interactive("", start)
    feed = parser.parser_state.feed_token
    for token in tokens:
        feed(token)
    return parser.feed_eof()


def fingerprint(text: str) -> str:
    """What the tables of a grammar depend on: its text and the version of Lark."""
    return hashlib.sha256(f"{lark.__version__}\n{text}".encode()).hexdigest()


class _States(dict[int, dict[str, tuple[Any, Any]]]):
    """Lark's rows of the states, each read off the stored tables when it is asked for: a spec
    reaches a few of them, and to read all takes longer than to parse it.
    """

    def __init__(self, tables: dict[str, Any], rules: dict[int, Any]) -> None:
        self._rows = {state: (shifts, reductions) for state, shifts, reductions in tables["states"]}
        self._tokens = dict(tables["tokens"])
        self._rules = rules

    def __missing__(self, state: int) -> dict[str, tuple[Any, Any]]:
        shifts, reductions = self._rows[state]
        tokens = self._tokens
        row: dict[str, tuple[Any, Any]] = {tokens[token]: (Shift, state) for token, state in shifts}
        for rule, *ended_by in reductions:
            row.update(
                dict.fromkeys(
                    (tokens[token] for token in ended_by), (Reduce, self._rules[rule["@"]])
                )
            )
        self[state] = row
        return row


def _from_tables(tables: dict[str, Any]) -> lark.Lark:
    data = tables["data"]
    data["parser"]["parser"] |= {"tokens": {}, "states": {}}
    # The way that Lark's generated stand-alone parsers start; guarded by the fingerprint.
    parser = cast("Any", lark.Lark)._load_from_dict(data, dict(tables["memo"]))
    rules = {
        reference["@"]: rule for reference, rule in zip(data["rules"], parser.rules, strict=True)
    }
    parser.parser.parser.parser.parse_table.states = _States(tables, rules)
    return cast("lark.Lark", parser)
