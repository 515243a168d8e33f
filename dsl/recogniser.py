"""Which tokens the grammar lets follow which: Lark's tables, asked without building anything.

A stack is a chain that pushing never changes, so every place that was passed can be returned to.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple

from lark.parsers.lalr_analysis import Shift

from causalspec.dsl.grammar import END, interactive


class Stack(NamedTuple):
    """The state of a parse, on top of those that it returns to."""

    state: int
    below: Stack | None
    height: int


class Recogniser:
    """Reads sequences of tokens, given by their kinds, from a start symbol of the grammar."""

    def __init__(self, start: str) -> None:
        conf = _configuration(start)
        self._rows = conf.states
        self._end_state: int = conf.end_state
        self.bottom = Stack(conf.start_state, None, 1)

    def after(self, stack: Stack, kind: str) -> Stack | None:
        """The stack once a token of this kind is read; None where it cannot be."""
        while True:
            entry = self._rows[stack.state].get(kind)
            if entry is None:
                return None
            action, argument = entry
            if action is Shift:
                return Stack(argument, stack, stack.height + 1)
            for _ in argument.expansion:
                assert stack.below is not None
                stack = stack.below
            _, target = self._rows[stack.state][argument.origin.name]
            stack = Stack(target, stack, stack.height + 1)
            if kind == END and target == self._end_state:
                return stack

    def accepts(self, stack: Stack, kinds: Iterable[str]) -> bool:
        """Whether tokens of these kinds can be read one after the other."""
        reached: Stack | None = stack
        for kind in kinds:
            reached = self.after(reached, kind)
            if reached is None:
                return False
        return True

    def expected(self, stack: Stack) -> set[str]:
        """The kinds of all tokens that can be read next."""
        return {
            kind
            for kind in self._rows[stack.state]
            if kind.isupper() and self.after(stack, kind) is not None
        }


@cache
def _configuration(start: str) -> Any:
    return interactive("", start).parser_state.parse_conf
