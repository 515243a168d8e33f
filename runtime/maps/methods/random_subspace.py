"""The control: as many dimensions as the trained map, at random and left so."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from causalspec.compiler import Method
from causalspec.runtime.maps.alignment_map import AlignmentMap
from causalspec.runtime.maps.linear import (
    LinearFeaturizer,
    fitting_dimensions,
    random_orthonormal,
)
from causalspec.runtime.maps.ownerships.fixed_split import FixedSplit


class RandomBasis(LinearFeaturizer):
    """A fixed random orthonormal basis, kept in float64: nothing to train."""

    fixed: Tensor

    def __init__(self, width: int, features: int, seed: int) -> None:
        super().__init__()
        self.features = features
        self.register_buffer("fixed", random_orthonormal(width, features, seed))

    def basis(self) -> Tensor:
        """Q [width, features], always the same."""
        return self.fixed


def random_subspace(methods: Sequence[Method], width: int, seed: int) -> AlignmentMap:
    """`dim` dimensions drawn at random, and left so.

    What it is: the floor for every linear method. What a trained subspace scores above a random one
    of as many dimensions is what training has found; the draw is uniform (Haar) over subspaces.

    Source: the random baseline of Geiger et al. 2023 (arXiv 2303.02536).

    Cost: none beside the runs themselves.

    Cannot: find anything. With nearly as many dimensions as the vector has it comes close to
    `full_vector`, and is a floor no longer.
    """
    dimensions = fitting_dimensions(methods, width)
    total = sum(dimensions)
    return AlignmentMap(RandomBasis(width, total, seed), FixedSplit(dimensions, total))
