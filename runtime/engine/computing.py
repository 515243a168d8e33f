"""What surrounds all that runs a network."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from causalspec.runtime.engine.memory import memory_failures
from causalspec.runtime.engine.precision import FLOAT32, products_in
from causalspec.runtime.engine.threads import threads


@contextmanager
def computing(
    count: int | None, precision: str = FLOAT32, *, keeps: bool = False
) -> Generator[None]:
    """While open, torch uses `count` threads, None for its own choice, and multiplies in a
    precision that `chosen_precision` gave; memory that runs out or a device that fails raises
    `ToolFailure`, which says with `keeps` that finished stages stay for the next try.
    """
    with threads(count), products_in(precision), memory_failures(keeps=keeps):
        yield
