"""Random texts that the grammar derives: every rule and token of it, whatever that may mean."""

from __future__ import annotations

import random
from functools import cache
from typing import Any

from causalspec.dsl.grammar import grammar
from causalspec.dsl.words import spellings

DEEPEST = 7
"""How many rules of several symbols may nest before the shortest ones are taken."""

SPELLINGS = {
    "NAME": ("a", "b", "x1", "price", "Yes", "iia", "residual", "last", "_", "long_name"),
    "NUMBER": ("0", "7", "12", "2.50", "1_000", "0.05"),
    "COMPARISON": ("==", "!=", "<", "<=", ">", ">="),
    "DIVISION": ("/", "//", "%"),
    "SHORT_TEXT": ('"names.txt"', '""', '" a # no comment"', r'"\"\n\u{1F600}"'),
    "LONG_TEXT": ('"""of\n  two lines"""', '"""a "quoted" word"""', '""""""'),
}
TEMPLATES = (
    '"{a}"',
    '"no slot, two {{braces}}"',
    '""',
    '"{price:.2f} or {x1 as other}"',
    '"""{a + b * 2}\n\tand {x[ 1 ] as first:d}.\n"""',
)


def tokens(chance: random.Random, declarations: int) -> list[str]:
    """The tokens of a file with so many declarations."""
    found = ["language", "1"]
    for _ in range(declarations):
        found += _derived("allow" if chance.random() < 0.05 else "_declaration", chance)
    return found


def _derived(origin: str, chance: random.Random) -> list[str]:
    found: list[str] = []
    pending: list[tuple[str, int]] = [(origin, 0)]
    while pending:
        name, depth = pending.pop()
        if name in {"name", "leading_name"} and chance.random() < 0.9:
            found.append(chance.choice(SPELLINGS["NAME"]))
        elif name == "token_offset":
            found += [chance.choice("+-"), "2"]  # The only number that must be a whole one.
        elif name == "template":
            found.append(chance.choice(TEMPLATES))
        elif name in _rules():
            rules = _rules()[name]
            if depth > DEEPEST:
                least = min(_height(name, rule) for rule in rules)
                rules = [rule for rule in rules if _height(name, rule) == least]
            rule = chance.choice(rules)
            pending += [(symbol, depth + (len(rule) > 1)) for symbol in reversed(rule)]
        else:
            found.append(spellings().get(name) or chance.choice(SPELLINGS[name]))
    return found


@cache
def _rules() -> dict[str, list[tuple[str, ...]]]:
    """What each rule's name may stand for."""
    found: dict[str, list[tuple[str, ...]]] = {}
    rules: list[Any] = grammar().rules
    for rule in rules:
        name = str(rule.origin.name)
        found.setdefault(name, []).append(tuple(str(symbol.name) for symbol in rule.expansion))
    return found


@cache
def _heights() -> dict[tuple[str, tuple[str, ...]], int]:
    """How deep the lowest tree of each rule is."""
    heights: dict[tuple[str, tuple[str, ...]], int] = {}
    changed = True
    while changed:
        changed = False
        lowest: dict[str, int] = {}
        for (name, _), height in heights.items():
            lowest[name] = min(height, lowest.get(name, height))
        for name, rules in _rules().items():
            for rule in rules:
                parts = [lowest.get(symbol) if symbol in _rules() else 0 for symbol in rule]
                known = [part for part in parts if part is not None]
                height = 1 + max(known, default=0)
                if len(known) == len(parts) and heights.get((name, rule)) != height:
                    heights[name, rule] = height
                    changed = True
    return heights


def _height(name: str, rule: tuple[str, ...]) -> int:
    return _heights()[name, rule]
