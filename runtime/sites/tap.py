"""A tap: the tensor that a site is a part of, and which of its numbers are the site's."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from torch import Tensor, nn


class Side(StrEnum):
    """Which of a module's tensors is meant."""

    INPUT = "input"
    OUTPUT = "output"


class Layout(StrEnum):
    """How rows and positions lie in the tensor that the module sees."""

    POSITIONS = "positions"
    """[rows, positions, numbers]."""
    FLAT = "flat"
    """[rows × positions, numbers]: the block around the module knows how many rows there are."""
    WHOLE = "whole"
    """[rows, …]: everything that belongs to a row is one vector, without positions."""


@dataclass(frozen=True, eq=False)
class Tap:
    """Where to take hold of a running network.

    The tensor at a tap is [rows, positions, numbers], or [rows, 1, numbers] where a network has no
    tokens. `columns`, a LongTensor [width], says which of the numbers are the site's, in the site's
    order; None: all. `enters` is the block (0 to their number) before which an edit takes effect:
    the blocks below it see nothing of it. Where `layout` is flat, `block` is the block around.
    """

    module: nn.Module
    side: Side
    columns: Tensor | None
    width: int
    enters: int
    layout: Layout = Layout.POSITIONS
    block: nn.Module | None = None

    @property
    def tensor(self) -> tuple[nn.Module, Side, Layout]:
        """Which tensor it is at, whatever numbers of it are the site's."""
        return self.module, self.side, self.layout

    def read(self, tensor: Tensor) -> Tensor:
        """The site's numbers [rows, positions, width] in the tap's tensor."""
        if self.columns is None:
            return tensor
        return tensor.index_select(-1, self.columns.to(tensor.device))

    def write(self, tensor: Tensor, numbers: Tensor) -> Tensor:
        """The tap's tensor with the site's numbers replaced: a new one, through which gradients
        flow into both.
        """
        if self.columns is None:
            return numbers
        return tensor.index_copy(-1, self.columns.to(tensor.device), numbers)
