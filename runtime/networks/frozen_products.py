"""Products of frozen linear layers on the CPU: weights as oneDNN likes them, bfloat16 where asked.

PyTorch multiplies float32 matrices as they lie. A frozen weight is worth laying out once: products
with it, and the gradients back through it, then take about half the time (measured on two cores
of an AMD EPYC: 32 rows and a vocabulary of 49,152 in 14 instead of 44 ms). The price is memory, up
to twice the weights again, so it is paid only where plenty is free.

bfloat16 is for these products alone. oneDNN would take it for every product, and so for the many
small ones of attention, which are ten times as slow in it (measured with Intel's AMX), and for the
maps that are fitted, which ought to be exact.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeAlias, TypeGuard, cast

import psutil
import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers.pytorch_utils import Conv1D

_LARGEST_SHARE = 0.25
"""Of the memory that is free: what the laid-out weights may take."""

_TYPICAL_ROWS = 32
"""oneDNN asks for how many rows it should lay the weights out; the layout serves all."""

_BACKEND: Any = torch.backends.mkldnn
_in_bfloat16 = False

_Linear: TypeAlias = "nn.Linear | Conv1D"


@contextmanager
def bfloat16_products(wanted: bool) -> Generator[None]:
    """While open, frozen layers multiply numbers rounded to bfloat16, and add up in float32, or
    don't.
    """
    global _in_bfloat16
    before, _in_bfloat16 = _in_bfloat16, wanted
    try:
        yield
    finally:
        _in_bfloat16 = before


def multiplies_in_bfloat16() -> bool:
    """Whether that is so now."""
    return _in_bfloat16


def speed_up_products(model: nn.Module) -> None:
    """Let every plain linear layer of a frozen float32 model on the CPU multiply by oneDNN: with
    packed weights where the memory allows, and in bfloat16 where that is asked for.

    Layers of other kinds (quantized ones, say) stay as they are, and all do where oneDNN is
    missing. A weight is packed when it is first used.
    """
    layers = [module for module in model.modules() if _is_frozen(module)]
    if not _can_pack():
        return
    needed = 2 * sum(layer.weight.nbytes for layer in layers)
    packs = needed <= _LARGEST_SHARE * psutil.virtual_memory().available
    for layer in layers:
        untyped: Any = layer
        untyped.forward = _forward_of(layer, packs)


def _is_frozen(module: nn.Module) -> TypeGuard[_Linear]:
    if type(module) not in (nn.Linear, Conv1D):
        return False
    weight = cast("Tensor", module.weight)
    return (
        weight.device.type == "cpu" and weight.dtype == torch.float32 and not weight.requires_grad
    )


@cache
def _can_pack() -> bool:
    """Tried out, since not every build of PyTorch has what this takes."""
    if not _BACKEND.is_available():
        return False
    rows, weight = torch.eye(4, 8), torch.arange(128.0).view(16, 8)
    try:
        product = _multiply(rows, _packed(weight))
    except (AttributeError, RuntimeError):
        return False
    return torch.equal(product, rows @ weight.t())


def _forward_of(module: _Linear, packs: bool) -> Any:
    kind: Any = type(module)
    usual = kind.forward
    across = isinstance(module, Conv1D)  # its weight is [in, out]
    frozen = _FrozenWeight(module.weight, across, packs)

    def forward(rows: Tensor) -> Tensor:
        weight = module.weight
        is_meant = _is_frozen(module) and rows.dtype == torch.float32 and rows.numel()
        if not is_meant or not (packs or _in_bfloat16):
            return usual(module, rows)
        nonlocal frozen
        if not frozen.is_of(weight):
            frozen = _FrozenWeight(weight, across, packs)
        bias = cast("Tensor | None", module.bias)  # torch's types promise one
        product = cast("Tensor", _Product.apply(rows, frozen))  # pyright: ignore
        return product if bias is None else product + bias

    return forward


@dataclass(eq=False)
class _FrozenWeight:
    """A weight [out, in], or [in, out] if it lies `across`. If it `packs`, it is laid out for
    products and for gradients, each when needed.
    """

    weight: Tensor
    across: bool
    packs: bool
    version: int = field(init=False)
    _forward: Tensor | None = None
    _backward: Tensor | None = None

    def __post_init__(self) -> None:
        self.version = self.weight._version

    def is_of(self, weight: Tensor) -> bool:
        """Whether nothing was written into the weight since."""
        return weight is self.weight and weight._version == self.version

    def product(self, rows: Tensor) -> Tensor:
        """`rows @ weight.T`, of a weight [out, in]."""
        weight = self.weight.t() if self.across else self.weight
        if not self.packs:
            return _plainly(rows, weight)
        if self._forward is None:
            self._forward = _packed(weight)
        return _multiply(rows, self._forward)

    def gradient(self, rows: Tensor) -> Tensor:
        """`rows @ weight`, of a weight [out, in]."""
        weight = self.weight if self.across else self.weight.t()
        if not self.packs:
            return _plainly(rows, weight)
        if self._backward is None:
            self._backward = _packed(weight)
        return _multiply(rows, self._backward)


def _packed(weight: Tensor) -> Tensor:
    untyped: Any = torch.ops
    return untyped.mkldnn._reorder_linear_weight(weight.detach().contiguous(), _TYPICAL_ROWS)


def _multiply(rows: Tensor, packed: Tensor) -> Tensor:
    untyped: Any = torch.ops
    with _as_asked():
        return untyped.mkldnn._linear_pointwise(rows.contiguous(), packed, None, "none", [], "")


def _plainly(rows: Tensor, weight: Tensor) -> Tensor:
    with _as_asked():
        return functional.linear(rows, weight)


@contextmanager
def _as_asked() -> Generator[None]:
    """While open, oneDNN rounds to bfloat16 if that is asked for."""
    if not _in_bfloat16:
        yield
        return
    before = _BACKEND.matmul.fp32_precision
    _BACKEND.matmul.fp32_precision = "bf16"
    try:
        yield
    finally:
        _BACKEND.matmul.fp32_precision = before


class _Product(torch.autograd.Function):
    """A product with a gradient for the rows alone: the weight is frozen."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, frozen: _FrozenWeight) -> Tensor:  # pyright: ignore
        ctx.frozen = frozen
        return frozen.product(rows)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:  # pyright: ignore
        return ctx.frozen.gradient(gradient), None
