"""Files and folders that are whole or absent: the one place where anything takes its name.

What is being written lies in a folder `.causalspec-….part` beside where it will stand, flushed and
renamed when it is finished. That folder is locked by the process that writes into it; one that is
not, since its process was killed, is removed by the next that writes there. Locks are the system's:
a process that is killed holds none.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import filelock

FOLDER_LOCK = ".causalspec.lock"
UNFINISHED = ".causalspec-*.part"
_NEW, _REPLACED = "new", "replaced"

PATIENCE = 5.0
"""So many seconds a pipe without a reader is waited for."""


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


@contextmanager
def unfinished_in(folder: Path) -> Generator[Path]:
    """A folder inside `folder`, for this process alone, gone when the block ends."""
    private = folder / UNFINISHED.replace("*", secrets.token_hex(4))
    with alone_in(folder):
        _sweep(folder)
        private.mkdir()
        lock = held(private / "lock")
    try:
        yield private
    finally:
        if lock is not None:
            lock.release()  # Windows removes no open file
        shutil.rmtree(private, ignore_errors=True)


def _sweep(folder: Path) -> None:
    """Remove what killed processes left. They made it while they were alone in the folder, as this
    one is now, so a folder that nobody has locked is nobody's.
    """
    for private in folder.glob(UNFINISHED):
        with suppress(OSError):  # another user's, perhaps
            if private.is_symlink() or not private.is_dir():
                continue
            lock = held(private / "lock")
            if lock is not None:
                _bring_back(private, folder)
                lock.release()
                shutil.rmtree(private, ignore_errors=True)


def _bring_back(private: Path, folder: Path) -> None:
    """Give a folder its name again if its process was killed before the new one had it."""
    for replaced in private.glob(f"{_REPLACED}/*"):
        if not (folder / replaced.name).exists():
            replaced.rename(folder / replaced.name)


@contextmanager
def whole_file(path: Path) -> Generator[Path]:
    """A name to write a file under; the file takes the name `path` when the block ends well.

    Killed at any moment, this leaves `path` whole (old or new) or absent. A link stays one: what it
    points to is replaced.
    """
    path = _resolved(path)
    with unfinished_in(path.parent) as private:
        partial = private / _NEW
        yield partial
        flush(partial)
        put_file(partial, path)


@contextmanager
def whole_folder(folder: Path) -> Generator[Path]:
    """An empty folder that takes the name `folder` when the block ends well; what was there is
    replaced only then.
    """
    make_folder(folder.parent)
    with unfinished_in(folder.parent) as private:
        partial = private / _NEW
        partial.mkdir()
        yield partial
        flush_tree(partial)
        with alone_in(folder.parent):
            put_folder(partial, folder)


def write_content(path: Path, content: bytes) -> None:
    """Write what `path` names: a file whole or not at all; a pipe or a device is written into."""
    if _is_stream(path):
        _write_into(path, content)
        return
    with whole_file(path) as partial:
        partial.write_bytes(content)


def _is_stream(path: Path) -> bool:
    """Whether a name is neither a file nor a folder. (`/dev/stdout` is what it stands for.)"""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _write_into(path: Path, content: bytes) -> None:
    """Write into a pipe or a device. A pipe that nothing reads from gets a moment."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            # Opening a pipe without a reader would wait for one for good.
            descriptor = os.open(path, os.O_WRONLY | getattr(os, "O_NONBLOCK", 0))
            break
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            if time.monotonic() > deadline:
                reason = "nothing reads what is written into it"
                raise OSError(errno.ENXIO, reason, str(path)) from error
            time.sleep(0.01)
    with os.fdopen(descriptor, "wb", buffering=0) as stream:
        if os.name == "posix":
            os.set_blocking(descriptor, True)
        rest = memoryview(content)
        while rest:
            rest = rest[stream.write(rest) :]


def put_file(partial: Path, path: Path) -> None:
    """Give a finished and flushed file its name, and what it replaces gives it its mode."""
    with suppress(FileNotFoundError):
        before = path.stat()
        partial.chmod(stat.S_IMODE(before.st_mode))
        if os.name == "posix" and (before.st_uid, before.st_gid) != (os.getuid(), os.getgid()):
            with suppress(PermissionError):
                os.chown(partial, before.st_uid, before.st_gid)
    partial.replace(path)
    flush_folder(path.parent)


def put_folder(partial: Path, folder: Path) -> None:
    """Give a finished and flushed folder its name. What had it goes beside `partial`, to be removed
    with the folder of unfinished things.
    """
    aside = partial.with_name(_REPLACED) / folder.name
    replaces = folder.exists()
    if replaces:
        aside.parent.mkdir()
        folder.rename(aside)
    try:
        partial.rename(folder)
    except BaseException:
        if replaces:
            aside.rename(folder)
        raise
    flush_folder(folder.parent)


def make_folder(folder: Path) -> None:
    """Make a folder, and those around it, where they are missing."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder)) from error


def flush_tree(folder: Path) -> None:
    """Make everything in a folder last through a power cut."""
    for path in sorted(folder.rglob("*")):
        flush_folder(path) if path.is_dir() else flush(path)
    flush_folder(folder)


def flush_folder(folder: Path) -> None:
    """Make a rename in a folder last through a power cut; Windows has no such call."""
    if os.name == "posix":
        flush(folder)


def flush(path: Path) -> None:
    """Make a file's content last through a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except RuntimeError as error:  # links in a circle, before Python 3.13
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path)) from error
