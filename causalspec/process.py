"""What a command can rely on, whoever started it: standard streams, also where they are closed or
nobody listens any more, and time to put its things away when it is asked to end.
"""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, NoReturn


@contextmanager
def standard_streams() -> Generator[None]:
    """While open, there is a standard output and a standard error. What was closed when the process
    started goes nowhere; a standard error that breaks keeps no run from its end.
    """
    before = sys.stdout, sys.stderr
    if None in (sys.stdin, *before):
        _take_what_is_closed()
    sys.stdout, sys.stderr = _output(), _complaints()
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def _take_what_is_closed() -> None:
    """Open what is closed of the first three descriptors: else the next file that is opened would
    be one of them, and get what a library prints.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)


def _output() -> Any:
    """Standard output. A file name that is not UTF-8 reaches us as lone surrogates, which are
    written as escapes: in JSON, too, they are `\\udcff`.
    """
    if sys.stdout is None:
        return io.TextIOWrapper(io.FileIO(os.devnull, "w"), encoding="utf-8", write_through=True)
    stream: Any = sys.stdout
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")
    return stream


def _complaints() -> Any:
    """Standard error, unless it is somebody else's already (a test's)."""
    if sys.stderr is not None and (sys.stderr is not sys.__stderr__ or sys.stderr.closed):
        return sys.stderr
    encoding = "utf-8" if sys.stderr is None else sys.stderr.encoding
    return io.TextIOWrapper(
        io.BufferedWriter(_Unheard(2, "w", closefd=False)),
        encoding=encoding,
        errors="backslashreplace",
        line_buffering=True,
    )


class _Unheard(io.FileIO):
    """Drops what can't be written."""

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except OSError:
            return len(data)


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
