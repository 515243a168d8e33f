"""The stages of a run as one of its processes sees them, which asks a board about them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Protocol

from causalspec.cluster.board import Answer, Turn
from causalspec.runtime import SO_FAR, Stage, Watcher, content_of, stage_in


class BoardGoneError(Exception):
    """The board can't be asked any longer."""


class Asked(Protocol):
    """A board in another process. Each raises `BoardGoneError` where it is gone.

    What has to wait is answered with `WAIT` after a while, to be asked again.
    """

    def find(self, process: int, name: str) -> Answer: ...

    def turn(
        self, process: int, depth: int, names: Sequence[str], *, skips: bool, joins: bool
    ) -> Turn | Answer: ...

    def passed(self, name: str) -> None: ...

    def leave(self, process: int, depth: int) -> None: ...

    def content(self, name: str) -> bytes | None: ...

    def receive(self, name: str, content: bytes) -> None: ...

    def forget(self, name: str) -> None: ...


class SharedStages:
    """The stages as the process of this number sees them: all of them lie with the board. Number 0
    is the run's own process, the others help it.
    """

    def __init__(
        self, board: Asked, process: int, watcher: Watcher, part: str = "", depth: int = 0
    ) -> None:
        self._board, self._process, self._watcher = board, process, watcher
        self._part, self._depth = part, depth

    @property
    def helps(self) -> bool:
        """Whether another process has the results."""
        return self._process != 0

    def part(self, name: str) -> SharedStages:
        """The same for a part of the run."""
        part = f"{self._part}{name}: "
        return SharedStages(self._board, self._process, self._watcher, part, self._depth)

    def in_turn(
        self, names: Sequence[str], *, skips: bool = False, joins: bool = False
    ) -> Iterator[int]:
        """What nobody is at comes first."""
        left = list(range(len(names)))
        depth, self._depth = self._depth, self._depth + 1
        try:
            while left:
                whole = [self._part + names[place] for place in left]
                turn = self._turn(depth, whole, skips=skips, joins=joins)
                if turn is None:
                    return
                yield left.pop(turn.place)
                self._board.passed(whole[turn.place])
        finally:
            self._depth = depth
            self._board.leave(self._process, depth)

    def find(self, name: str) -> Stage | None:
        """A finished stage; waits where another process is at it."""
        whole = self._part + name
        if not name.endswith(SO_FAR) and self._is_mine(whole):
            return None
        content = self._board.content(whole)
        return None if content is None else stage_in(content)

    def finish(self, name: str, stage: Stage) -> None:
        """Hand a stage over."""
        self._board.receive(self._part + name, content_of(stage))

    def forget(self, name: str) -> None:
        """Drop a stage."""
        self._board.forget(self._part + name)

    def _turn(self, depth: int, names: Sequence[str], *, skips: bool, joins: bool) -> Turn | None:
        """The next of some pieces of work, None where none is left."""

        def ask() -> Turn | Answer:
            return self._board.turn(self._process, depth, names, skips=skips, joins=joins)

        answer = self._settled(ask, names[0])
        return answer if isinstance(answer, Turn) else None

    def _is_mine(self, name: str) -> bool:
        """Whether a stage is to be made here."""
        ask = partial(self._board.find, self._process, name)
        return self._settled(ask, name) is Answer.YOURS

    def _settled(self, ask: Callable[[], Turn | Answer], name: str) -> Turn | Answer:
        """The answer, once it is not to wait."""
        answer = ask()
        if answer is not Answer.WAIT:
            return answer
        with self._watcher.work(f"{name}, in another process", 1):
            while answer is Answer.WAIT:
                answer = ask()
        return answer
