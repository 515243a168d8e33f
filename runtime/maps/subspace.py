"""Swapping the coordinates in an orthonormal basis that is partitioned among variables."""

from __future__ import annotations

from abc import abstractmethod
from functools import cached_property

import torch
from torch import Tensor

from causalspec.runtime.maps.interface import AlignmentMap
from causalspec.runtime.untyped import orthonormalise


class SubspaceMap(AlignmentMap):
    """Each variable owns some columns Q_v of one orthonormal basis Q [width, dimensions].

    The interchange is h' = h + sum over swapped v of ((s_v - h) Q_v) Q_v^T: exact in exact
    arithmetic, and it leaves everything orthogonal to the swapped columns untouched.
    """

    def __init__(self, width: int, dimensions: tuple[int, ...]) -> None:
        if min(dimensions) < 1 or sum(dimensions) > width:
            raise ValueError(
                f"{sum(dimensions)} dimensions do not fit into a vector of width {width}"
            )
        super().__init__()
        self.width = width
        self.dimensions = dimensions

    @abstractmethod
    def basis(self) -> Tensor:
        """Q [width, dimensions]: orthonormal columns, variable by variable."""

    @cached_property
    def _owners(self) -> Tensor:
        counts = torch.tensor(self.dimensions)
        return torch.repeat_interleave(torch.arange(len(counts)), counts)

    def project(self, vectors: Tensor) -> Tensor:
        """The coordinates `vectors @ Q` [rows, dimensions]."""
        return vectors @ self.basis().to(vectors.dtype)

    def swap(self, base: Tensor, sources: Tensor, swapped: Tensor) -> Tensor:
        """h' as above, from h = `base` and s_v = `sources[:, v]`."""
        basis = self.basis().to(base.dtype)
        if len(self.dimensions) == 1:
            moved = ((sources[:, 0] - base) * swapped) @ basis
        else:
            own = self._owners.to(base.device)
            # [rows, variables, dimensions] → each column from the source of the variable owning it.
            all_moved = ((sources - base[:, None]) * swapped[..., None]) @ basis
            moved = all_moved.gather(1, own.expand(len(base), 1, -1))[:, 0]
        return base + moved @ basis.T


def random_orthonormal(width: int, columns: int, seed: int) -> Tensor:
    """A basis [width, columns] drawn uniformly (Haar), the same for a seed on every machine."""
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randn((width, columns), generator=generator, dtype=torch.float64)
    basis, triangle = orthonormalise(drawn)
    return (basis * triangle.diagonal().sign()).to(torch.float32).contiguous()
