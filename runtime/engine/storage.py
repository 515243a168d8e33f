"""Where a harvest's tensors lie: in memory, within a budget, or past it in a file that is mapped.

What is mapped is read as if it lay in memory; the operating system holds as much of it there as it
has room for. A file is gone when its tensor is, also where the process is killed.
"""

from __future__ import annotations

import mmap
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, Protocol

import psutil
import torch
from torch import Tensor

from causalspec.dsl.diagnostics import ToolFailure

SHARE_OF_FREE = 0.6
"""How much of the free memory activations may take unless told otherwise."""

_LEFT_ON_DISK = 0.1
"""The share of a disk's free room that is left alone."""


@dataclass(frozen=True, slots=True)
class MemoryBudget:
    """How many bytes of memory activations may take, by default `SHARE_OF_FREE` of what is free,
    and the folder where more are kept, by default the system's for temporary files. All of it is
    shared out among the `processes` of a machine that are at one run.
    """

    bytes: int | None = None
    folder: Path | None = None
    processes: int = 1

    def memory(self, device: torch.device) -> int:
        """Bytes that may be taken of a device's memory."""
        whole = int(SHARE_OF_FREE * _free_memory(device)) if self.bytes is None else self.bytes
        return whole // (1 if device.type == "cuda" else self.processes)  # each has its own GPU

    def disk(self) -> int:
        """Bytes that may be taken of the folder's disk."""
        free = shutil.disk_usage(self.where).free
        return int((1 - _LEFT_ON_DISK) * free) // self.processes

    @property
    def where(self) -> Path:
        """The folder for what memory has no room for."""
        return self.folder or Path(tempfile.gettempdir())


class Storage(Protocol):
    """Makes the tensors that a harvest fills."""

    @property
    def device(self) -> torch.device:
        """Where they are."""
        ...

    def zeros(self, shape: Sequence[int], dtype: torch.dtype) -> Tensor:
        """A new one. Zeros, not whatever memory holds: masked positions must stay finite."""
        ...


@dataclass(frozen=True, slots=True)
class InMemory:
    """Tensors on a device."""

    device: torch.device

    def zeros(self, shape: Sequence[int], dtype: torch.dtype) -> Tensor:
        return torch.zeros(tuple(shape), dtype=dtype, device=self.device)


@dataclass(frozen=True, slots=True)
class InFiles:
    """Tensors in files of a folder, one each, mapped into memory."""

    folder: Path

    @property
    def device(self) -> torch.device:
        return torch.device("cpu")

    def zeros(self, shape: Sequence[int], dtype: torch.dtype) -> Tensor:
        """Raises `ToolFailure` where the disk has no room for it."""
        size = prod(shape) * dtype.itemsize
        if not size:
            return torch.zeros(tuple(shape), dtype=dtype)
        try:
            with tempfile.TemporaryFile(dir=self.folder, prefix=".activations-") as file:
                _reserve(file.fileno(), size)
                mapped = mmap.mmap(file.fileno(), size)
        except OSError as error:
            raise ToolFailure(
                f"can't keep {size:,} bytes of activations in `{self.folder}`: {error.strerror}",
                help="make room there, or give `--memory` more; what is finished is kept, and the "
                "same command goes on from there",
            ) from error
        untyped: Any = torch
        flat: Tensor = untyped.frombuffer(mapped, dtype=dtype)
        return flat.view(tuple(shape))


def _reserve(descriptor: int, size: int) -> None:
    """Take a file's room at once: a disk that fills later would end the process without a word."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)
    else:
        os.truncate(descriptor, size)


def _free_memory(device: torch.device) -> int:
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return psutil.virtual_memory().available
