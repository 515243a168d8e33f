"""Which productions of the grammar a text uses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from causalspec.dsl.diagnostics import Diagnostics
from causalspec.dsl.grammar import grammar, interactive
from causalspec.dsl.source import Source
from causalspec.dsl.tokens import tokenize

Production = tuple[str, tuple[str, ...]]
"""A rule's name and the symbols of one of its alternatives."""


def productions() -> set[Production]:
    """Every alternative of every rule, as Lark writes them out: options and repetitions apart."""
    return {_production(rule) for rule in grammar().rules}


def used(texts: Iterable[str], start: str = "start") -> set[Production]:
    """The productions by which the parser reads the texts, which must be without a mistake."""
    found: set[Production] = set()
    for text in texts:
        parser = interactive("", start)
        configuration: Any = parser.parser_state.parse_conf
        configuration.callbacks = _Recorder(configuration.callbacks, found)
        diagnostics = Diagnostics()
        for token in tokenize(Source("text.causal", text), 0, len(text), diagnostics):
            parser.feed_token(token)
        parser.feed_eof()
    return found


def reachable(without: Iterable[str]) -> Iterator[Production]:
    """The productions that a file can use which has none of these rules in it."""
    known, left_out = productions(), set(without)
    todo, seen = ["start"], {"start"}
    while todo:
        origin = todo.pop()
        for production in known:
            if production[0] == origin and not left_out.intersection(production[1]):
                yield production
                new = {symbol for symbol in production[1] if symbol not in seen}
                seen |= new
                todo += new


class _Recorder(dict[Any, Any]):
    """Lark's callbacks, which notes each rule that is asked for."""

    def __init__(self, callbacks: dict[Any, Any], found: set[Production]) -> None:
        super().__init__(callbacks)
        self._found = found

    def __getitem__(self, rule: Any) -> Any:
        self._found.add(_production(rule))
        return super().__getitem__(rule)


def _production(rule: Any) -> Production:
    return str(rule.origin.name), tuple(str(symbol.name) for symbol in rule.expansion)
