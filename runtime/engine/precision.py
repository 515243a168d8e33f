"""In what precision a network's linear layers multiply; sums and all else stay float32.

bfloat16 keeps float32's range and 8 of its 24 digits; a processor that multiplies it by itself does
so two to four times as fast, and adds up in float32.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

import torch

from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime.networks.frozen_products import bfloat16_products
from causalspec.runtime.networks.kinds import NetworkKind

FLOAT32, BFLOAT16, AUTO = "float32", "bfloat16", "auto"

_INSTRUCTIONS = ("avx512_bf16", "amx_bf16")
_BACKEND: Any = torch.backends.mkldnn


def chosen_precision(
    asked: str, device: torch.device, kind: NetworkKind = NetworkKind.DECODER
) -> str:
    """What is asked for; of `auto`, bfloat16 where the device multiplies it, else float32.

    Raises `ToolFailure` where bfloat16 is asked of a device that does not, or of a network that
    reads no texts.
    """
    has = _multiplies_bfloat16(device)
    if asked == AUTO:
        return BFLOAT16 if has and kind.reads_tokens else FLOAT32
    advice = "`--precision float32` runs everywhere; `auto` takes bfloat16 where it is there"
    if asked == BFLOAT16 and not has:
        lacks = "this processor" if device.type == "cpu" else f"`{device}`"
        message = f"{lacks} has no products of bfloat16 that are added up in float32"
        raise ToolFailure(message, help=advice)
    if asked == BFLOAT16 and not kind.reads_tokens:
        message = "a network that reads no texts is multiplied in the precision that it has"
        raise ToolFailure(message, help=advice)
    return asked


def _multiplies_bfloat16(device: torch.device) -> bool:
    if device.type != "cpu" or not _BACKEND.is_available():
        return False
    cpu: Any = torch.cpu
    has: Mapping[str, object] = cpu.get_capabilities()
    return any(has.get(instruction) is True for instruction in _INSTRUCTIONS)


@contextmanager
def products_in(precision: str) -> Generator[None]:
    """While open, a network's frozen linear layers multiply in a precision that `chosen_precision`
    gave.
    """
    with bfloat16_products(precision == BFLOAT16):
        yield
