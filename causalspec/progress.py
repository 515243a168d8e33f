"""A run's progress: a bar for the whole with the time left, on a terminal; else a line a minute."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from causalspec.dsl.display import visible
from causalspec.runtime import Advance, Part, Work, duration

LOG_SECONDS = 60.0
"""How often a log gets a line."""

REFRESHES = 4  # a second: what is shown changes at least with the clock
_TRUSTED_AFTER = 20.0
"""The seconds of expected work after which what has been done says half of how fast it goes."""


@dataclass(slots=True)
class _Piece:
    """What is being done now."""

    title: str
    total: int
    done: int = 0
    word: str = ""

    def __str__(self) -> str:
        counted = f" {self.done:,}/{self.total:,}" if self.total > 1 else ""
        return f"{self.title}{counted}{f' {self.word}' if self.word else ''}"


@dataclass(slots=True)
class Standing:
    """Where a run stands, by a clock in seconds: its pieces of work, one within the other, and how
    much of the whole is done, once that is planned.
    """

    clock: Callable[[], float] = time.monotonic
    started: float = 0.0
    pieces: list[_Piece] = field(default_factory=list[_Piece])
    parts: Sequence[Part] = ()
    _part: int = 0
    _done: float = 0.0
    _begun: float = 0.0

    def begin(self, parts: Sequence[Part]) -> None:
        """The whole is planned."""
        self.parts, self._part, self._done, self._begun = tuple(parts), 0, 0.0, self.clock()

    def enter(self, part: int) -> None:
        """A part begins; whatever was foreseen for those before is over."""
        self._part, self._done = part, 0.0

    def count(self, work: Work) -> None:
        """So much more of the part is done."""
        if self._part < len(self.parts):
            self._done += self.parts[self._part].costs.seconds(work)

    @property
    def expected(self) -> tuple[float, float]:
        """The seconds that all the work was to take, and those of what is done of it."""
        seconds = [part.costs.seconds(part.work) for part in self.parts]
        here = seconds[self._part] if self._part < len(seconds) else 0.0
        return sum(seconds), sum(seconds[: self._part]) + min(self._done, here)

    @property
    def share(self) -> float | None:
        """How much of the whole is done, 0 to 1; of the piece, where nothing is planned."""
        whole, done = self.expected
        if whole:
            return done / whole
        if self.pieces and self.pieces[-1].total > 1:
            return self.pieces[-1].done / self.pieces[-1].total
        return None

    @property
    def left(self) -> float | None:
        """The seconds that are left for the whole: those expected, as much longer or shorter as
        what is done has taken.
        """
        whole, done = self.expected
        if not whole:
            return None
        taken = self.clock() - self._begun
        return (whole - done) * (taken + _TRUSTED_AFTER) / (done + _TRUSTED_AFTER)

    @property
    def now(self) -> str:
        """What is being done."""
        return "; ".join(str(piece) for piece in self.pieces[-1:])

    @property
    def times(self) -> str:
        """The time that is over, and that is left."""
        left = "" if self.left is None else f", about {duration(self.left)} left"
        return f"{duration(self.clock() - self.started)}{left}"

    @property
    def line(self) -> str:
        """All of it in a line."""
        share = "" if self.share is None else f"{self.share:.0%}, "
        return f"{share}{self.times}{f': {self.now}' if self.now else ''}"


class TerminalWatcher:
    """Shows a run on standard error from where it is entered, and each piece of work outside."""

    def __init__(
        self, console: Console | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._console = console or Console(stderr=True)
        self._standing = Standing(clock, clock())
        self._shown = ExitStack()
        self._depth = 0

    def __enter__(self) -> TerminalWatcher:
        self._depth += 1
        if self._depth == 1:
            show = self._live() if self._console.is_terminal else self._log()
            self._shown.enter_context(show)
        return self

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        if not self._depth:
            self._shown.close()

    def begin(self, parts: Sequence[Part]) -> None:
        """A line a part, which stays; from now on the whole is known."""
        for part in parts:
            self._print(f"plan: {part.line}")
        self._standing.begin(parts)

    def enter(self, part: int) -> None:
        """The parts before are over."""
        self._standing.enter(part)

    def done(self, work: Work) -> None:
        """So much more of the whole is done."""
        self._standing.count(work)

    @contextmanager
    def work(self, title: str, total: int) -> Generator[Advance]:
        """A piece of work, shown while it lasts."""
        piece = _Piece(visible(title), total)

        def advance(done: int, word: str) -> None:
            piece.done, piece.word = done, word

        pieces = self._standing.pieces
        with self:
            pieces.append(piece)
            try:
                yield advance
            finally:
                pieces.remove(piece)

    def notice(self, message: str) -> None:
        """A line that stays."""
        self._print(f"note: {visible(message)}")

    def tell(self) -> None:
        """Write a line on where the run stands."""
        self._print(self._standing.line)

    def _print(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    @contextmanager
    def _live(self) -> Generator[None]:
        with Live(
            console=self._console,
            get_renderable=self._bar,
            refresh_per_second=REFRESHES,
            transient=True,
        ):
            yield

    def _bar(self) -> Any:
        standing = self._standing
        share = standing.share
        bar = ProgressBar(
            total=1.0, completed=share or 0.0, width=24, pulse=share is None,
            animation_time=standing.clock(),
        )  # fmt: skip
        written = "" if share is None else f"{share:.0%}"
        row = Table.grid(padding=(0, 1))
        row.add_row(bar, Text(written), Text(standing.times))
        whole = Table.grid()
        whole.add_row(row)
        whole.add_row(Text(standing.now, overflow="ellipsis", no_wrap=True))
        return whole

    @contextmanager
    def _log(self) -> Generator[None]:
        ended = threading.Event()

        def write() -> None:
            while not ended.wait(LOG_SECONDS):
                self.tell()

        writer = threading.Thread(target=write, daemon=True)
        writer.start()
        try:
            yield
        finally:
            ended.set()
            writer.join()
