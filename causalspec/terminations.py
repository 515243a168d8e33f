"""SIGTERM as an exception: whoever asks a run to end lets it put its things away first."""

from __future__ import annotations

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import NoReturn


class Terminated(KeyboardInterrupt):
    """The process was asked to end, as from the keyboard."""


@contextmanager
def terminations() -> Generator[None]:
    """While open, SIGTERM raises `Terminated`, unless the program around us has a use for it."""
    if (
        threading.current_thread() is not threading.main_thread()
        or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
    ):
        yield
        return
    signal.signal(signal.SIGTERM, _raise)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _raise(_signal: int, _frame: object) -> NoReturn:
    raise Terminated
