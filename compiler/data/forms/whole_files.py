"""Files and folders that are whole or absent: written beside their name, flushed, and renamed."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def whole_file(path: Path) -> Generator[Path]:
    """A name to write a file under; the file takes the name `path` when the block ends well.

    Killed at any moment, this leaves `path` whole (old or new) or absent.
    """
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        yield partial
        _flush(partial)
        partial.replace(path)
        flush_folder(path.parent)
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


@contextmanager
def whole_folder(folder: Path) -> Generator[Path]:
    """An empty folder that takes the name `folder` when the block ends well; what was there is
    replaced only then.
    """
    partial = folder.with_name(f"{folder.name}.partial-{secrets.token_hex(4)}")
    try:
        partial.mkdir(parents=True)
        yield partial
        for path in sorted(partial.rglob("*")):
            flush_folder(path) if path.is_dir() else _flush(path)
        flush_folder(partial)
        _move_into_place(partial, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _move_into_place(partial: Path, folder: Path) -> None:
    if not folder.exists():
        partial.rename(folder)
        flush_folder(folder.parent)
        return
    aside = folder.with_name(f"{folder.name}.replaced-{secrets.token_hex(4)}")
    folder.rename(aside)
    try:
        partial.rename(folder)
    except BaseException:
        aside.rename(folder)
        raise
    flush_folder(folder.parent)
    shutil.rmtree(aside, ignore_errors=True)


def flush_folder(folder: Path) -> None:
    """Make a rename in a folder last through a power cut; Windows has no such call."""
    if os.name == "posix":
        _flush(folder)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
