"""What must be the same for two processes to come to the same bits."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("causalspec", "torch", "transformers", "tokenizers", "numpy", "safetensors")

_PROCESSORS = Path("/proc/cpuinfo")


def traits(*, on_gpu: bool) -> dict[str, str]:
    """What this process's figures may depend on beside what is asked: versions and the kind of
    processor or GPU, by their names.
    """
    found = {"Python": platform.python_version()}
    found |= {name: version(name) for name in PACKAGES}
    found["processor"] = _processor()
    if on_gpu:
        import torch

        found["GPU"] = torch.cuda.get_device_name()
    return found


def difference(theirs: Mapping[str, str], ours: Mapping[str, str]) -> str:
    """How they differ, in a few words; empty where they do not."""
    return ", ".join(
        f"{name} {theirs.get(name, 'none')} and not {value}"
        for name, value in ours.items()
        if theirs.get(name) != value
    )


def _processor() -> str:
    """The processor's name, where the system tells it, or its kind."""
    try:
        lines = _PROCESSORS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()
