"""Frozen linear layers on the CPU, multiplied by weights in the layout that oneDNN likes best.

PyTorch multiplies float32 matrices as they lie. A frozen weight is worth laying out once: products
with it, and the gradients back through it, then take about half the time (measured on two cores
of an AMD EPYC: 32 rows and a vocabulary of 49,152 in 14 instead of 44 ms). The price is memory, up
to twice the weights again, so it is paid only where plenty is free.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeGuard, cast

import psutil
import torch
from torch import Tensor, nn

_LARGEST_SHARE = 0.25
"""Of the memory that is free: what the laid-out weights may take."""

_TYPICAL_ROWS = 32
"""oneDNN asks for how many rows it should lay the weights out; the layout serves all."""


def pack_products(model: nn.Module) -> None:
    """Let every plain linear layer of a frozen float32 model on the CPU multiply packed weights.

    Layers that are not exactly `nn.Linear` (quantized ones, say) stay as they are, and so does the
    whole model where oneDNN or the memory is missing. A weight is packed when it is first used.
    """
    layers = [module for module in model.modules() if _is_packable(module)]
    needed = 2 * sum(layer.weight.nbytes for layer in layers)
    if not _can_pack() or needed > _LARGEST_SHARE * psutil.virtual_memory().available:
        return
    for layer in layers:
        layer.forward = _forward_of(layer)


def _is_packable(module: nn.Module) -> TypeGuard[nn.Linear]:
    if type(module) is not nn.Linear:
        return False
    weight = module.weight
    return (
        weight.device.type == "cpu" and weight.dtype == torch.float32 and not weight.requires_grad
    )


@cache
def _can_pack() -> bool:
    """Tried out, since not every build of PyTorch has what this takes."""
    if not torch.backends.mkldnn.is_available():
        return False
    rows, weight = torch.eye(4, 8), torch.arange(128.0).view(16, 8)
    try:
        product = _multiply(rows, _packed(weight))
    except (AttributeError, RuntimeError):
        return False
    return torch.equal(product, rows @ weight.t())


def _forward_of(module: nn.Linear) -> Any:
    usual = type(module).forward
    packed = _PackedWeight(module.weight)

    def forward(rows: Tensor) -> Tensor:
        weight = module.weight
        if rows.dtype != torch.float32 or not _is_packable(module) or not rows.numel():
            return usual(module, rows)
        nonlocal packed
        if not packed.is_of(weight):
            packed = _PackedWeight(weight)
        bias = cast("Tensor | None", module.bias)  # torch's types promise one
        product = cast("Tensor", _PackedProduct.apply(rows, packed))  # pyright: ignore
        return product if bias is None else product + bias

    return forward


@dataclass(eq=False)
class _PackedWeight:
    """A weight [out, in] in oneDNN's layout, for products and for gradients, each when needed."""

    weight: Tensor
    version: int = field(init=False)
    _forward: Tensor | None = None
    _backward: Tensor | None = None

    def __post_init__(self) -> None:
        self.version = self.weight._version

    def is_of(self, weight: Tensor) -> bool:
        """Whether nothing was written into the weight since."""
        return weight is self.weight and weight._version == self.version

    def product(self, rows: Tensor) -> Tensor:
        """`rows @ weight.T`."""
        if self._forward is None:
            self._forward = _packed(self.weight)
        return _multiply(rows, self._forward)

    def gradient(self, rows: Tensor) -> Tensor:
        """`rows @ weight`."""
        if self._backward is None:
            self._backward = _packed(self.weight.t().contiguous())
        return _multiply(rows, self._backward)


def _packed(weight: Tensor) -> Tensor:
    return torch.ops.mkldnn._reorder_linear_weight(weight.detach(), _TYPICAL_ROWS)


def _multiply(rows: Tensor, packed: Tensor) -> Tensor:
    return torch.ops.mkldnn._linear_pointwise(rows.contiguous(), packed, None, "none", [], "")


class _PackedProduct(torch.autograd.Function):
    """A product with a gradient for the rows alone: the weight is frozen."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, packed: _PackedWeight) -> Tensor:  # pyright: ignore
        ctx.packed = packed
        return packed.product(rows)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:  # pyright: ignore
        return ctx.packed.gradient(gradient), None
