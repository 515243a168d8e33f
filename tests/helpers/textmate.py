"""As much of TextMate's way of colouring as the extension's grammar needs.

Line by line, the leftmost match of the patterns in force wins, the first of them where several
match there; an open `begin` is closed by its `end`, which comes before its patterns.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Rule = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text with its scopes, outermost first."""

    start: int
    end: int
    scopes: tuple[str, ...]


class TextMate:
    def __init__(self, path: Path) -> None:
        self._grammar: Rule = json.loads(path.read_text(encoding="utf-8"))

    def pieces(self, text: str) -> Iterator[Piece]:
        """Everything that is coloured, in order."""
        stack: list[Rule] = [self._grammar]
        start = 0
        for line in text.splitlines(keepends=True):
            yield from self._line(text, start, start + len(line.rstrip("\n")), stack)
            start += len(line)

    def _line(self, text: str, start: int, end: int, stack: list[Rule]) -> Iterator[Piece]:
        line = text[start:end] + "\n"
        position = 0
        while position <= len(line) - 1:
            found, rule = self._next(line, position, stack[-1])
            if found is None:
                yield from self._named(start, position, len(line) - 1, stack)
                return
            yield from self._named(start, position, found.start(), stack)
            if rule is None:
                closed = stack.pop()
                yield from self._matched(found, start, closed, "endCaptures", stack)
            elif "begin" in rule:
                yield from self._matched(found, start, rule, "beginCaptures", stack)
                stack.append(rule)
            else:
                yield from self._matched(found, start, rule, "captures", stack)
                assert found.end() > found.start(), rule
            position = found.end()
            if found.end() == found.start() and position >= len(line) - 1:
                return

    def _next(
        self, line: str, position: int, rule: Rule
    ) -> tuple[re.Match[str] | None, Rule | None]:
        best: re.Match[str] | None = None
        chosen: Rule | None = None
        if "end" in rule:
            best = re.compile(rule["end"]).search(line, position)
        for pattern in self._expanded(rule.get("patterns", [])):
            found = re.compile(pattern.get("match") or pattern["begin"]).search(line, position)
            if found is not None and (best is None or found.start() < best.start()):
                best, chosen = found, pattern
        return best, chosen

    def _expanded(self, patterns: list[Rule]) -> Iterator[Rule]:
        for pattern in patterns:
            if "include" in pattern:
                yield from self._expanded([self._grammar["repository"][pattern["include"][1:]]])
            elif "match" in pattern or "begin" in pattern:
                yield pattern
            else:
                yield from self._expanded(pattern["patterns"])

    @staticmethod
    def _scopes(stack: list[Rule]) -> tuple[str, ...]:
        return tuple(scope["name"] for scope in stack[1:] if "name" in scope)

    def _named(self, base: int, start: int, end: int, stack: list[Rule]) -> Iterator[Piece]:
        if start < end and self._scopes(stack):
            yield Piece(base + start, base + end, self._scopes(stack))

    def _matched(
        self, found: re.Match[str], base: int, rule: Rule, captures: str, stack: list[Rule]
    ) -> Iterator[Piece]:
        outer = self._scopes([*stack, rule])
        named: dict[str, Rule] = rule.get(captures, {})
        if named and "0" not in named:
            for number, capture in named.items():
                low, high = found.span(int(number))
                if low < high:
                    yield Piece(base + low, base + high, (*outer, capture["name"]))
        elif found.group():
            inner = (named["0"]["name"],) if named else ()
            yield Piece(base + found.start(), base + found.end(), (*outer, *inner))
