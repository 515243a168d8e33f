"""Locks between processes. They are the system's: a process that is killed holds none."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import filelock

FOLDER_LOCK = ".causalspec.lock"


@contextmanager
def alone_in(folder: Path) -> Generator[None]:
    """Be the one process that gives names in a folder; others wait, which takes no longer than
    their renames do. The lock's file is gone afterwards.
    """
    path = folder / FOLDER_LOCK
    with filelock.FileLock(path, mode=0o666):  # a folder may be shared, and its lock left by a kill
        try:
            yield
        finally:
            # While it is held: whoever waits sees that the file it has opened lost its name, and
            # tries anew. Windows, which removes no open file, leaves it to the library.
            with suppress(OSError):
                path.unlink(missing_ok=True)


def held(path: Path) -> filelock.BaseFileLock | None:
    """The lock of a file, held from now on; None where another process holds it."""
    lock = filelock.FileLock(path, blocking=False)
    try:
        lock.acquire()
    except filelock.Timeout:
        return None
    return lock
