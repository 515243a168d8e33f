"""How a long run tells whoever watches where it stands."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

Advance = Callable[[int, str], None]
"""Told how much of a piece of work is done so far, and a word on it (the loss, say)."""


class Watcher(Protocol):
    """Told of each piece of work of a run; what it raises ends the run, resumable."""

    def work(self, title: str, total: int) -> AbstractContextManager[Advance]:
        """A piece of work of `total` units begins; it ends with the block."""
        ...

    def notice(self, message: str) -> None:
        """Something that the reader should know."""
        ...


class Unwatched:
    """Nobody watches."""

    def work(self, title: str, total: int) -> AbstractContextManager[Advance]:
        return nullcontext(lambda _done, _word: None)

    def notice(self, message: str) -> None:
        pass
