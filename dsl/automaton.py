"""The parser as an automaton that can be asked what it would do, without doing it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from lark import Token, Tree
from lark.parsers.lalr_analysis import Shift

from .grammar import interactive

END = "$END"


class Automaton:
    """A stack of states that tokens push forward, one by one.

    Heights count the states on the stack: a `cut` to a height forgets all that was read since.
    """

    def __init__(self, start: str) -> None:
        self._state: Any = interactive("", start).parser_state
        self._stack: list[int] = self._state.state_stack
        self._values: list[Any] = self._state.value_stack
        self._rows: dict[int, dict[str, tuple[Any, Any]]] = self._state.parse_conf.states
        self._end_state: int = self._state.parse_conf.end_state

    @property
    def height(self) -> int:
        """How many states the stack holds."""
        return len(self._stack)

    def push(self, token: Token) -> None:
        """Read a token that is accepted."""
        self._state.feed_token(token)

    def finish(self) -> Tree[Token]:
        """Read the end of the text, which must be accepted."""
        end = Token(END, "")
        return cast("Tree[Token]", self._state.feed_token(end, is_end=True))

    def cut(self, height: int) -> None:
        """Forget what was read since the stack had this height."""
        del self._stack[height:]
        del self._values[height - 1 :]

    def height_before(self, token: Token) -> int | None:
        """How high the stack was before it got this token, if it still holds it."""
        for place in range(len(self._values) - 1, -1, -1):
            if self._values[place] is token:
                return place + 1
        return None

    def accepts(self, kinds: Sequence[str], height: int | None = None) -> bool:
        """Whether these tokens could be read one after the other, from here or after a cut."""
        kept = len(self._stack) if height is None else height
        pushed: list[int] = []
        for kind in kinds:
            after = self._after(kind, kept, pushed)
            if after is None:
                return False
            kept, pushed = after
        return True

    def shifts(self, kind: str, height: int) -> bool:
        """Whether this token would be read directly after a cut, completing nothing before it."""
        entry = self._rows[self._stack[height - 1]].get(kind)
        return entry is not None and entry[0] is Shift

    def expected(self) -> set[str]:
        """All tokens that could be read next."""
        row = self._rows[self._stack[-1]]
        return {kind for kind in row if kind.isupper() and self.accepts([kind])}

    def _after(self, kind: str, kept: int, pushed: list[int]) -> tuple[int, list[int]] | None:
        """How many states of the stack stay, and which follow them, after one more token."""
        pushed = list(pushed)
        while True:
            state = pushed[-1] if pushed else self._stack[kept - 1]
            entry = self._rows[state].get(kind)
            if entry is None:
                return None
            action, argument = entry
            if action is Shift:
                return kept, [*pushed, argument]
            size = len(argument.expansion)
            from_pushed = min(size, len(pushed))
            if from_pushed:
                del pushed[len(pushed) - from_pushed :]
            kept -= size - from_pushed
            state = pushed[-1] if pushed else self._stack[kept - 1]
            target: int = self._rows[state][argument.origin.name][1]
            pushed.append(target)
            if kind == END and target == self._end_state:
                return kept, pushed
