"""The parser that `grammar.lark` describes, from tables computed in advance.

Computing LALR tables takes Lark about half a second, more than a whole check should take. So they
lie beside the grammar as JSON, plain data that cannot run code (Lark's own cache unpickles). They
are a shortcut, never the authority: made from another grammar or by another Lark, they are left
aside and computed afresh. After a change of the grammar run `python -m causalspec.dsl.grammar`.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any, Final, cast

import lark
from lark.grammar import Rule
from lark.lexer import TerminalDef

GRAMMAR: Final = Path(__file__).with_name("grammar.lark")
TABLES: Final = Path(__file__).with_name("grammar.json")

SHIFT: Final = 0


@cache
def grammar() -> lark.Lark:
    """The parser; its start rules are `start`, a file, and `slot`, what a template's braces hold."""
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


def fingerprint(text: str) -> str:
    """What the tables of a grammar depend on: its text and the version of Lark."""
    return hashlib.sha256(f"{lark.__version__}\n{text}".encode()).hexdigest()


def tables(text: str) -> str:
    """The tables of a grammar as JSON: Lark's own, with the rows of the states made compact."""
    parser = build(text)
    data, memo = cast("tuple[Any, Any]", parser.memo_serialize([TerminalDef, Rule]))
    table = data["parser"]["parser"]
    return json.dumps(
        {
            "fingerprint": fingerprint(text),
            "memo": list(memo.items()),
            "tokens": list(table["tokens"].items()),
            "states": [[state, *_compact(row)] for state, row in table["states"].items()],
            "data": {**data, "parser": {**data["parser"], "parser": {**table, "tokens": 0, "states": 0}}},
        },
        separators=(",", ":"),
    )  # fmt: skip


def _compact(row: dict[int, tuple[int, Any]]) -> tuple[list[list[int]], list[list[Any]]]:
    """A state's shifts as pairs, and its reductions as rules with the tokens that call for each."""
    shifts = [[token, target] for token, (action, target) in row.items() if action == SHIFT]
    reductions: dict[int, list[Any]] = {}
    for token, (action, rule) in row.items():
        if action != SHIFT:
            reductions.setdefault(rule["@"], [rule]).append(token)
    return shifts, list(reductions.values())


def _from_tables(tables: dict[str, Any]) -> lark.Lark:
    data = tables["data"]
    table = data["parser"]["parser"]
    table["tokens"] = dict(tables["tokens"])
    table["states"] = {
        state: {token: (SHIFT, target) for token, target in shifts}
        | {token: (1 - SHIFT, rule) for rule, *tokens in reductions for token in tokens}
        for state, shifts, reductions in tables["states"]
    }
    # The way that Lark's generated stand-alone parsers start; guarded by the fingerprint.
    loaded = lark.Lark._load_from_dict(data, dict(tables["memo"]))  # pyright: ignore
    return cast("lark.Lark", loaded)


if __name__ == "__main__":
    TABLES.write_text(tables(GRAMMAR.read_text(encoding="utf-8")), encoding="utf-8")
