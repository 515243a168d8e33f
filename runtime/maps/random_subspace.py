"""The control: as many dimensions as the trained map, at random and left so."""

from __future__ import annotations

from torch import Tensor

from causalspec.runtime.maps.subspace import SubspaceMap, random_orthonormal


class RandomSubspace(SubspaceMap):
    """A fixed random orthonormal basis: nothing to train."""

    fixed: Tensor

    def __init__(self, width: int, dimensions: tuple[int, ...], seed: int) -> None:
        super().__init__(width, dimensions)
        self.register_buffer("fixed", random_orthonormal(width, sum(dimensions), seed))

    def basis(self) -> Tensor:
        """Q [width, dimensions], always the same."""
        return self.fixed
