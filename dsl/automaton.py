"""The parser as an automaton that can be asked what it would do, without doing it.

The states and what completes a rule are Lark's; they are driven here. Most rules that a number goes
through on its way to being an expression have one part and only hand it on: a row of them is passed
in one step, which is remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias, cast

from lark import Token, Tree
from lark.parse_tree_builder import ExpandSingleChild
from lark.parsers.lalr_analysis import Shift

from causalspec.dsl.grammar import interactive

END = "$END"

Extent: TypeAlias = tuple[int, int] | None
"""From where to where a value stands in the text, brackets around it included; None if nowhere."""


@dataclass(frozen=True, slots=True, eq=False)
class Completion:
    """A rule that is complete: how many values it replaces by one, and the name of that.

    `build` makes it of them; None where it is the only one of them.
    """

    size: int
    name: str
    build: Callable[[list[Any]], Any] | None


Row: TypeAlias = dict[str, "int | Completion"]
"""What each token does in a state: leads to another one once read, or completes a rule first. Names
of rules lead on, too.
"""


class _Table(dict[int, Row]):
    """The rows of the states, each made of Lark's when it is first needed."""

    def __init__(self, lark_rows: Any, callbacks: Any) -> None:
        self._lark_rows = lark_rows
        self._callbacks = callbacks
        self._completions: dict[int, Completion] = {}
        self._targets: dict[tuple[int, str, str], int] = {}

    def __missing__(self, state: int) -> Row:
        row = self[state] = {
            name: argument if action is Shift else self._completion(argument)
            for name, (action, argument) in self._lark_rows[state].items()
        }
        return row

    def target(self, state: int, name: str, kind: str) -> int:
        """The state that a value of this name leads to from `state` when a token of this kind is
        next, once the rules are passed that only hand the value on.
        """
        key = (state, name, kind)
        target = self._targets.get(key)
        if target is None:
            target = cast("int", self[state][name])
            while isinstance(rule := self[target].get(kind), Completion) and rule.build is None:
                target = cast("int", self[state][rule.name])
            self._targets[key] = target
        return target

    def _completion(self, rule: Any) -> Completion:
        known = self._completions.get(id(rule))
        if known is None:
            size, build = len(rule.expansion), self._callbacks[rule]
            if size == 1 and isinstance(build, ExpandSingleChild):
                build = None
            known = self._completions[id(rule)] = Completion(size, rule.origin.name, build)
        return known


@cache
def _table() -> _Table:
    conf = interactive("", "start").parser_state.parse_conf
    return _Table(conf.states, conf.callbacks)


class Automaton:
    """A stack of states that tokens push forward, one by one.

    Heights count the states on the stack: a `cut` to a height forgets all that was read since.
    """

    def __init__(self, start: str) -> None:
        conf = interactive("", start).parser_state.parse_conf
        self._rows = _table()
        self._stack: list[int] = [conf.start_state]
        self._end_state: int = conf.end_state
        self._values: list[Any] = []
        self._extents: list[Extent] = []

    @property
    def height(self) -> int:
        """How many states the stack holds."""
        return len(self._stack)

    def push(self, token: Token) -> None:
        """Read a token that is accepted."""
        kind, stack, rows = token.type, self._stack, self._rows
        while not isinstance(entry := rows[stack[-1]][kind], int):
            self._complete(entry, kind)
        stack.append(entry)
        self._values.append(token)
        start = token.start_pos or 0
        end = token.end_pos
        self._extents.append((start, start + len(token) if end is None else end))

    def finish(self) -> Tree[Token]:
        """Read the end of the text, which must be accepted."""
        stack, rows = self._stack, self._rows
        while stack[-1] != self._end_state:
            self._complete(cast("Completion", rows[stack[-1]][END]), END)
        return cast("Tree[Token]", self._values[-1])

    def cut(self, height: int) -> None:
        """Forget what was read since the stack had this height."""
        del self._stack[height:]
        del self._values[height - 1 :]
        del self._extents[height - 1 :]

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
        return isinstance(self._rows[self._stack[height - 1]].get(kind), int)

    def expected(self) -> set[str]:
        """All tokens that could be read next."""
        row = self._rows[self._stack[-1]]
        return {kind for kind in row if kind.isupper() and self.accepts([kind])}

    def _complete(self, rule: Completion, kind: str) -> None:
        """Replace the values of a rule by the one that they make, before a token of this kind."""
        stack, extents = self._stack, self._extents
        if rule.build is None:
            stack[-1] = self._rows.target(stack[-2], rule.name, kind)
            return
        first = len(self._values) - rule.size
        value = rule.build(self._values[first:])
        placed = [extent for extent in extents[first:] if extent is not None]
        extent = (placed[0][0], placed[-1][1]) if placed else None
        # One that was made before and is only handed on keeps its place, without brackets.
        if extent is not None and isinstance(value, Tree) and value.meta.empty:
            value.meta.start_pos, value.meta.end_pos = extent
            value.meta.empty = False
        del stack[first + 1 :], self._values[first:], extents[first:]
        stack.append(self._rows.target(stack[-1], rule.name, kind))
        self._values.append(value)
        extents.append(extent)

    def _after(self, kind: str, kept: int, pushed: list[int]) -> tuple[int, list[int]] | None:
        """How many states of the stack stay, and which follow them, after one more token."""
        pushed = list(pushed)
        while True:
            state = pushed[-1] if pushed else self._stack[kept - 1]
            entry = self._rows[state].get(kind)
            if entry is None:
                return None
            if isinstance(entry, int):
                return kept, [*pushed, entry]
            from_pushed = min(entry.size, len(pushed))
            if from_pushed:
                del pushed[len(pushed) - from_pushed :]
            kept -= entry.size - from_pushed
            state = pushed[-1] if pushed else self._stack[kept - 1]
            target = self._rows.target(state, entry.name, kind)
            pushed.append(target)
            if kind == END and target == self._end_state:
                return kept, pushed
