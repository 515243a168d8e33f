"""What of a run is done and who is at what: the one thing that all its processes ask.

Processes go the same way through a run and meet the same pieces of work. Nobody assigns them: each
asks for the next that is free. A piece that a lost process was at is free again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from causalspec.runtime import RunFolder


class Answer(Enum):
    """What a process is told about a piece of work."""

    DONE = "it is done"
    YOURS = "it is yours from now on"
    WAIT = "another process is at it"
    NOTHING_LEFT = "all are done"


@dataclass(frozen=True, slots=True)
class Turn:
    """The next piece of work, by its place among those that were asked about."""

    place: int


class Board:
    """The stages in the folder of a run, and which process is at which.

    Nobody who waits has what others wait for, so that all come to an end: who waits for a stage has
    none, and who waits for a turn has none at that depth; `joins` never waits.
    """

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._at: dict[str, int] = {}
        """Who is at a stage."""
        self._turns: dict[tuple[int, int], str] = {}
        """What a process is at, by how many loops it is in."""
        self._passed: set[str] = set()
        self._found: set[str] = set()

    def find(self, process: int, name: str) -> Answer:
        """Whether a stage is done; where nobody is at it, this process is from now on."""
        self._leave_stage(process)
        if self._is_there(name):
            return Answer.DONE
        if name in self._at:
            return Answer.WAIT
        self._at[name] = process
        return Answer.YOURS

    def turn(
        self, process: int, depth: int, names: Sequence[str], *, skips: bool, joins: bool
    ) -> Turn | Answer:
        """Which of some pieces of work is next: one that nobody is at, else one that is done, else
        with `joins` one that another is at.
        """
        self._leave_stage(process)
        self.leave(process, depth)
        others = set(self._turns.values()) | self._at.keys()
        done = {name for name in names if name in self._passed or self._is_there(name)}
        for place, name in enumerate(names):
            if name not in done and name not in others:
                self._turns[process, depth] = name
                return Turn(place)
        for place, name in enumerate(names):
            if name in done and not skips:
                return Turn(place)
        if len(done) == len(names):
            return Answer.NOTHING_LEFT
        if joins:
            return Turn(next(place for place, name in enumerate(names) if name not in done))
        return Answer.WAIT

    def passed(self, name: str) -> None:
        """A piece of work is done, whether it left a stage or not."""
        self._passed.add(name)

    def leave(self, process: int, depth: int) -> None:
        """A process is out of a loop, and of those inside it."""
        for own, inner in [*self._turns]:
            if own == process and inner >= depth:
                del self._turns[own, inner]

    def content(self, name: str) -> bytes | None:
        """The file of a stage."""
        return self._folder.content(name)

    def receive(self, name: str, content: bytes) -> None:
        """A process has made a stage, whole or so far."""
        self._folder.receive(name, content)

    def forget(self, name: str) -> None:
        """A stage is superfluous."""
        self._folder.forget(name)

    def release(self, process: int) -> None:
        """A process is gone: all that it was at is free."""
        self._leave_stage(process)
        self.leave(process, 0)

    def _leave_stage(self, process: int) -> None:
        for name in [name for name, own in self._at.items() if own == process]:
            del self._at[name]

    def _is_there(self, name: str) -> bool:
        """Whether a stage can be read. One that a power cut left in pieces is none."""
        if name not in self._found and self._folder.find(name) is not None:
            self._found.add(name)
        return name in self._found
