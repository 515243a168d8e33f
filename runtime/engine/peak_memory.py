"""How much memory a process has taken at most, as the operating system and the device know it."""

from __future__ import annotations

import sys

import psutil
import torch


def peak_memory() -> int:
    """Bytes of main memory that this process has held at most since it began; files that are
    mapped count as far as they were in memory.
    """
    if sys.platform == "win32":
        return psutil.Process().memory_info().peak_wset
    import resource  # what Windows lacks

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def peak_device_memory(device: torch.device) -> int:
    """Bytes of a GPU's own memory that tensors have taken at most; 0 on any other device."""
    return torch.cuda.max_memory_allocated(device) if device.type == "cuda" else 0
