"""Featurizers that are a basis: features are coordinates, and the rest is orthogonal to them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor

from causalspec.compiler import Method
from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime.maps.interface import Featurizer
from causalspec.runtime.untyped import orthonormalise


class LinearFeaturizer(Featurizer):
    """Coordinates in an orthonormal basis Q [width, features].

    An interchange is h' = h + Σ_v (((s_v - h) Q) · weights_v) Q^T: two thin products, exact in
    exact arithmetic, and all that is orthogonal to what is owned stays untouched.
    """

    @abstractmethod
    def basis(self) -> Tensor:
        """Q [width, features]: orthonormal columns."""

    def encode(self, vectors: Tensor) -> tuple[Tensor, Tensor]:
        """The coordinates `vectors @ Q`, and what is orthogonal to Q."""
        basis = self.basis().to(vectors)
        features = vectors @ basis
        return features, vectors - features @ basis.T

    def decode(self, features: Tensor, rest: Tensor) -> Tensor:
        """`features @ Q^T + rest`."""
        return features @ self.basis().to(features).T + rest

    def change(self, base: Tensor, sources: Tensor, weights: Tensor) -> Tensor:
        """As in `Featurizer`, from the difference of the vectors: Q is made once."""
        basis = self.basis().to(base)
        if sources.shape[1] == 1:
            moved = ((sources[:, 0] - base) @ basis) * weights[:, 0]
        else:
            moved = (((sources - base[:, None]) @ basis) * weights).sum(1)
        return moved @ basis.T


def random_orthonormal(width: int, columns: int, seed: int) -> Tensor:
    """A basis [width, columns] in float64, drawn uniformly (Haar), the same on every machine."""
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randn((width, columns), generator=generator, dtype=torch.float64)
    basis, triangle = orthonormalise(drawn)
    return (basis * triangle.diagonal().sign()).contiguous()


def fitting_dimensions(methods: Sequence[Method], width: int) -> tuple[int, ...]:
    """Each method's number of dimensions; one that gives none has them all.

    Raises:
        ToolFailure: together they are more than a vector has.
    """
    dimensions = tuple(
        width if method.dimension is None else method.dimension for method in methods
    )
    if min(dimensions) < 1:
        raise ToolFailure(
            f"`{methods[0].text}` has no dimension", help="give `dim` a number from 1 on"
        )
    if sum(dimensions) > width:
        raise ToolFailure(
            f"{sum(dimensions)} dimensions do not fit into a vector of width {width}",
            help=f"the dimensions of all variables at one site may come to {width}",
        )
    return dimensions
