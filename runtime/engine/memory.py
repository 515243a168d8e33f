"""Memory that runs out and devices that fail, where nothing can be done in smaller parts: told
apart from a network's own errors, as failures with advice.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import torch

from causalspec.dsl.diagnostics import ToolFailure

_OUT_OF_MEMORY = (
    "out of memory", "allocate memory", "not enough memory", "cublas_status_alloc_failed",
)  # fmt: skip
_DEVICE_FAILED = (
    "cuda error", "cuda driver error", "cudnn error", "cublas_status", "cudnn_status",
    "device-side assert", "hip error", "mps backend", "command buffer",
)  # fmt: skip
"""What the libraries of accelerators say, in small letters: few have a class of their own."""

KEPT = "what is finished is kept, and the same command goes on from there"


def ran_out_of_memory(error: BaseException) -> bool:
    """Whether this is memory that ran out. On the CPU torch says so in words alone."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and _says(error, _OUT_OF_MEMORY)


def device_failed(error: BaseException) -> bool:
    """Whether a device gave up, after which mostly nothing can be run on it any more."""
    if not isinstance(error, RuntimeError) or ran_out_of_memory(error):
        return False
    return isinstance(error, torch.AcceleratorError) or _says(error, _DEVICE_FAILED)


def is_of_the_machine(error: BaseException) -> bool:
    """Whether memory or a device is to blame, not what was run."""
    return ran_out_of_memory(error) or device_failed(error)


@contextmanager
def memory_failures(*, keeps: bool = False) -> Generator[None]:
    """While open, memory that runs out or a device that fails raises `ToolFailure`.

    `keeps` says that finished stages stay for the next try with the same command.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if ran_out_of_memory(error):
            advice = "take a smaller `--batch`, or a device with more memory"
            raise ToolFailure("memory ran out", help=advice) from error
        if device_failed(error):
            said = str(error).strip().splitlines()[0]
            kept = f"; {KEPT}" if keeps else ""
            advice = f"`--device cpu` may show what is wrong{kept}"
            raise ToolFailure(f"the device failed: {said}", help=advice) from error
        raise


def _says(error: BaseException, some: tuple[str, ...]) -> bool:
    text = str(error).lower()
    return any(word in text for word in some)
