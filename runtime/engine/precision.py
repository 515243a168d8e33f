"""In what precision the numbers of products are multiplied; sums and all else stay float32.

bfloat16 keeps float32's range and 8 of its 24 digits; a processor that multiplies it by itself does
so two to four times as fast, and adds up in float32.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

import torch

from causalspec.dsl.diagnostics import ToolFailure

FLOAT32, BFLOAT16, AUTO = "float32", "bfloat16", "auto"

_INSTRUCTIONS = ("avx512_bf16", "amx_bf16")
_BACKEND: Any = torch.backends.mkldnn


def chosen_precision(asked: str, device: torch.device) -> str:
    """What is asked for; of `auto`, bfloat16 where the device multiplies it, else float32.

    Raises `ToolFailure` where bfloat16 is asked of a device that does not.
    """
    if asked == AUTO:
        return BFLOAT16 if _multiplies_bfloat16(device) else FLOAT32
    if asked == BFLOAT16 and not _multiplies_bfloat16(device):
        lacks = "this processor" if device.type == "cpu" else f"`{device}`"
        raise ToolFailure(
            f"{lacks} has no products of bfloat16 that are added up in float32",
            help="`--precision float32` runs everywhere; `auto` takes bfloat16 where it is there",
        )
    return asked


def _multiplies_bfloat16(device: torch.device) -> bool:
    if device.type != "cpu" or not _BACKEND.is_available():
        return False
    cpu: Any = torch.cpu
    has: Mapping[str, object] = cpu.get_capabilities()
    return any(has.get(instruction) is True for instruction in _INSTRUCTIONS)


@contextmanager
def products_in(precision: str) -> Generator[None]:
    """While open, float32 matrices are multiplied in a precision that `chosen_precision` gave."""
    before = _BACKEND.matmul.fp32_precision
    _BACKEND.matmul.fp32_precision = "bf16" if precision == BFLOAT16 else before
    try:
        yield
    finally:
        _BACKEND.matmul.fp32_precision = before


def multiplies_in_bfloat16() -> bool:
    """Whether that is so now."""
    return _BACKEND.matmul.fp32_precision == "bf16"
