"""A folder of results that is whole or absent."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from causalspec.compiler import whole_files
from causalspec.runtime.results.as_json import ResultsError


@contextmanager
def whole_folder(folder: Path) -> Generator[Path]:
    """An empty folder that takes the name `folder` when the block ends well.

    What was there is replaced only then. Killed at any moment, this leaves `folder` whole (old or
    new) or absent. Raises `ResultsError` where something can't be written.
    """
    folder = folder.resolve()
    try:
        with whole_files.whole_folder(folder) as partial:
            yield partial
    except OSError as error:
        reason = error.strerror or str(error)
        raise ResultsError(f"can't write the results to `{folder}`: {reason}") from error
