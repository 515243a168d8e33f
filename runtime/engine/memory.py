"""Memory that runs out where nothing can be done in smaller parts: a failure with advice."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import torch

from causalspec.dsl.diagnostics import ToolFailure


@contextmanager
def memory_failures() -> Generator[None]:
    """While open, memory that runs out raises `ToolFailure`. On the CPU torch says so in words."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and not (
            isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)
        ):
            raise
        raise ToolFailure(
            "memory ran out", help="take a smaller `--batch`, or a device with more memory"
        ) from error
