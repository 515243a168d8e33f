"""Tables of the grammar. After each change of it: `python -m causalspec.dsl.make_tables`."""

from __future__ import annotations

import json
from typing import Any, cast

from lark.grammar import Rule
from lark.lexer import TerminalDef

from causalspec.dsl.grammar import GRAMMAR, SHIFT, TABLES, build, fingerprint


def tables(text: str) -> str:
    """The tables of a grammar as JSON: Lark's own, with the rows of the states made compact."""
    parser = build(text)
    data, memo = cast("Any", parser).memo_serialize([TerminalDef, Rule])
    table = data["parser"]["parser"]
    tokens, states = table.pop("tokens"), table.pop("states")
    return json.dumps(
        {
            "fingerprint": fingerprint(text),
            "memo": list(memo.items()),
            "tokens": list(tokens.items()),
            "states": [[state, *_compact(row)] for state, row in states.items()],
            "data": data,
        },
        separators=(",", ":"),
    )


def _compact(row: dict[int, tuple[int, Any]]) -> tuple[list[list[int]], list[list[Any]]]:
    """A state's shifts as pairs, and its reductions as rules with the tokens that call for each."""
    shifts = [[token, target] for token, (action, target) in row.items() if action == SHIFT]
    reductions: dict[int, list[Any]] = {}
    for token, (action, rule) in row.items():
        if action != SHIFT:
            reductions.setdefault(rule["@"], [rule]).append(token)
    return shifts, list(reductions.values())


if __name__ == "__main__":
    TABLES.write_text(tables(GRAMMAR.read_text(encoding="utf-8")), encoding="utf-8")
