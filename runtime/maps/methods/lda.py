"""Linear discriminant analysis: the directions that part the values most, for their spread."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from causalspec.compiler import Method
from causalspec.runtime.maps.alignment_map import AlignmentMap
from causalspec.runtime.maps.computed import (
    ROUNDING,
    DirectionsOfValues,
    NotDetermined,
    class_means,
    orthonormal,
)
from causalspec.runtime.maps.ownerships.fixed_split import FoundSplit
from causalspec.runtime.untyped import eigenvectors, singular_values


class Discriminants(DirectionsOfValues):
    """The leading discriminants of each variable, orthonormalised in their order."""

    name = "lda"

    def __init__(self, width: int, dimensions: Sequence[int | None]) -> None:
        super().__init__(width, len(dimensions))
        self._dimensions = tuple(dimensions)

    def find(self, vectors: Tensor, classes: Tensor, count: int, number: int) -> Tensor:
        """Directions [width, the variable's `dim`, by default count - 1]."""
        wanted = self._dimensions[number] or count - 1
        left, sizes, right = singular_values(vectors - vectors.mean(0))
        rank = int((sizes > ROUNDING * sizes[0]).sum())
        if rank > len(vectors) - count:
            raise NotDetermined(
                f"`lda` finds nothing: {len(vectors)} vectors vary in {rank} directions, "
                "so that any values could be told apart",
                help="take more training pairs, or `mean_difference`",
            )
        # In coordinates in which the total scatter is the identity, discriminants are principal
        # components of the means. This holds where the scatter within the values is singular, too.
        means, members = class_means(left[:, :rank], classes, count)
        ratios, found = eigenvectors((means.T * members) @ means)
        parting = int((ratios > ROUNDING).sum())
        if parting < (self._dimensions[number] or 1):
            raise NotDetermined(
                f"`lda` finds too little: {parting} directions tell the {count} values of "
                f"{self.called(number)} apart",
                help="take a lower `dim`: k values differ in at most k - 1 directions",
            )
        leading = found.flip(1)[:, : min(wanted, parting)]
        return orthonormal(right[:rank].T @ (leading / sizes[:rank, None]))


def lda(methods: Sequence[Method], width: int, seed: int) -> AlignmentMap:
    """The directions that part the values most, measured by the spread within each.

    What it is: Fisher's linear discriminants: the eigenvectors of the scatter between the values'
    means against the scatter within the values. With k values there are up to k - 1, of which the
    first `dim` are taken (all where it is left out), orthonormalised in their order. Several
    variables at one site have their subspaces made orthogonal by the smallest change.

    Source: Fisher 1936; Hastie, Tibshirani, Friedman, "The Elements of Statistical Learning", 4.3;
    as a method of interchange in Arora, Jurafsky, Potts 2024 (arXiv 2402.12560).

    Cost: one singular value decomposition of the training vectors: some seconds for 20,000
    vectors of width 576 on two cores.

    Cannot: be computed from fewer vectors than they have dimensions. Like a probe it leans away
    from the noise that goes with the variable, further still where few vectors tell what is noise:
    the published log odds are a thirtieth of those of DAS.
    """
    dimensions = [method.dimension for method in methods]
    return AlignmentMap(Discriminants(width, dimensions), FoundSplit(len(methods)))
