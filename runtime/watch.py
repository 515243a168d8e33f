"""How a long run tells whoever watches where it stands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Protocol

Advance = Callable[[int, str], None]
"""Told how much of a piece of work is done so far, and a word on it (the loss, say)."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a run consists of: `steps` of fits, interchanges that are `scored`, and prompts or
    vectors that are `read`, the network run on them from the beginning.
    """

    steps: float = 0.0
    scored: float = 0.0
    read: float = 0.0

    def __add__(self, other: Work) -> Work:
        return Work(self.steps + other.steps, self.scored + other.scored, self.read + other.read)

    def __mul__(self, times: float) -> Work:
        return Work(self.steps * times, self.scored * times, self.read * times)


@dataclass(frozen=True, slots=True)
class Costs:
    """The seconds that a step, an interchange and an input take, as they were timed."""

    step: float
    scored: float
    read: float

    def seconds(self, work: Work) -> float:
        """How long `work` takes."""
        return work.steps * self.step + work.scored * self.scored + work.read * self.read


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a run, a claim say: a line on it for people, its work, and what that costs."""

    line: str
    work: Work
    costs: Costs


def duration(seconds: float) -> str:
    """`41 s`, `3 min 12 s`, `2 h 5 min`."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def written_size(size: int) -> str:
    """A number of bytes as people read it, such as "1.3 GiB"."""
    number, units = float(size), ["bytes", "KiB", "MiB", "GiB", "TiB"]
    while number >= 1000 and len(units) > 1:
        number /= 1024
        units.pop(0)
    return f"{number:.0f} {units[0]}" if units[0] == "bytes" else f"{number:.1f} {units[0]}"


class Watcher(Protocol):
    """Told of each piece of work of a run; what it raises ends the run, resumable."""

    def begin(self, parts: Sequence[Part]) -> None:
        """What the whole run consists of is known."""
        ...

    def enter(self, part: int) -> None:
        """The parts before this one, counted from 0, are over."""
        ...

    def done(self, work: Work) -> None:
        """So much of the part has been done since this was last told."""
        ...

    def work(self, title: str, total: int) -> AbstractContextManager[Advance]:
        """A piece of work of `total` units begins; it ends with the block."""
        ...

    def notice(self, message: str) -> None:
        """Something that the reader should know."""
        ...


class Unwatched:
    """Nobody watches."""

    def begin(self, parts: Sequence[Part]) -> None:
        pass

    def enter(self, part: int) -> None:
        pass

    def done(self, work: Work) -> None:
        pass

    def work(self, title: str, total: int) -> AbstractContextManager[Advance]:
        return nullcontext(lambda _done, _word: None)

    def notice(self, message: str) -> None:
        pass


class Notes:
    """A watcher that also collects notices, for the report."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self.messages: dict[str, None] = {}
        self.begin, self.enter, self.done = watcher.begin, watcher.enter, watcher.done
        self.work = watcher.work

    def notice(self, message: str) -> None:
        """Pass it on, and keep it."""
        self.messages[message] = None
        self._watcher.notice(message)


class NoticesInOrder:
    """Passes on what is noticed of numbered pieces of work in the order of their numbers, whichever
    is done first.
    """

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self._noticed: dict[int, list[str]] = {}
        self._done: set[int] = set()
        self._next = 0

    def of(self, number: int) -> Watcher:
        """Who watches a piece of work until it is `done`."""
        return _Holding(self._watcher, self._noticed.setdefault(number, []))

    def done(self, number: int) -> None:
        """The piece of work is over."""
        self._done.add(number)
        while self._next in self._done:
            for message in self._noticed[self._next]:
                self._watcher.notice(message)
            self._next += 1


class _Holding:
    """Passes on everything but notices, which it holds."""

    def __init__(self, watcher: Watcher, noticed: list[str]) -> None:
        self._noticed = noticed
        self.begin, self.enter, self.done = watcher.begin, watcher.enter, watcher.done
        self.work = watcher.work

    def notice(self, message: str) -> None:
        self._noticed.append(message)
