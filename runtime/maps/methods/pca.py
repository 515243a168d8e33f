"""The directions in which the vectors at a site vary most, whatever they mean."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from causalspec.compiler import Method
from causalspec.runtime.maps.alignment_map import AlignmentMap
from causalspec.runtime.maps.computed import (
    ROUNDING,
    ComputedBasis,
    NotDetermined,
    exact_vectors,
    signed,
)
from causalspec.runtime.maps.linear import fitting_dimensions
from causalspec.runtime.maps.ownerships.fixed_split import FixedSplit
from causalspec.runtime.untyped import singular_values


class PrincipalComponents(ComputedBasis):
    """The first principal components of the training vectors."""

    is_lossy = True

    def prepare(self, vectors: Tensor, values: Tensor) -> None:
        """Raises `NotDetermined` where the vectors vary in fewer directions than are asked for."""
        exact = exact_vectors(vectors, "pca")
        _, sizes, components = singular_values(exact - exact.mean(0))
        varying = int((sizes > ROUNDING * sizes[0]).sum())
        if varying < self.features:
            raise NotDetermined(
                f"`pca` finds too little: the vectors vary in {varying} directions, "
                f"not in {self.features}",
                help="take fewer dimensions, or more training pairs",
            )
        self.take(signed(components[: self.features].T))


def pca(methods: Sequence[Method], width: int, seed: int) -> AlignmentMap:
    """The first `dim` principal components of the training vectors.

    What it is: the directions in which the vectors at the site vary most. Several variables at one
    site have the first components, the next, and so on, in their order.

    Source: Pearson 1901; as a method of interchange in Arora, Jurafsky, Potts 2024 (arXiv
    2402.12560).

    Cost: one singular value decomposition of the training vectors: some seconds for 20,000
    vectors of width 576 on two cores.

    Cannot: know what a direction is for. It finds a variable only where that is what varies most;
    how much of the variance the components hold is reported beside the score.
    """
    dimensions = fitting_dimensions(methods, width)
    total = sum(dimensions)
    return AlignmentMap(PrincipalComponents(width, total), FixedSplit(dimensions, total))
