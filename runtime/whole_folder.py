"""A folder that is whole or absent: written beside its name, flushed, and renamed into place."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from .result_json import ResultsError


@contextmanager
def whole_folder(folder: Path) -> Generator[Path]:
    """An empty folder that takes the name `folder` when the block ends well.

    What was there is replaced only then. Killed at any moment, this leaves `folder` whole (old or
    new) or absent. Raises `ResultsError` where something can't be written.
    """
    folder = folder.resolve()
    partial = folder.with_name(f"{folder.name}.partial-{secrets.token_hex(4)}")
    try:
        partial.mkdir(parents=True)
        yield partial
        flush_folder(partial)
        _move_into_place(partial, folder)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ResultsError(f"can't write the results to `{folder}`: {reason}") from error
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
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
