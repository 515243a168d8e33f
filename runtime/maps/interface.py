"""The small interface that every alignment map implements."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor, nn


class AlignmentMap(nn.Module, ABC):
    """Which part of the vector at one site belongs to each of the variables aligned there.

    `dimensions` has the number of dimensions of each variable's part, in the variables' order.
    Parameters (what is trained) and buffers (what is fixed) together are all there is to save.
    """

    dimensions: tuple[int, ...]

    @abstractmethod
    def project(self, vectors: Tensor) -> Tensor:
        """Coordinates [rows, sum of dimensions] of vectors [rows, width], variable by variable."""

    @abstractmethod
    def swap(self, base: Tensor, sources: Tensor, swapped: Tensor) -> Tensor:
        """`base` [rows, width] with the parts of some variables taken from `sources`.

        `sources` [rows, variables, width] has the vector that each variable's part comes from, and
        `swapped` [rows, variables] is 1 where it is taken and 0 where it stays, in base's dtype.
        """
