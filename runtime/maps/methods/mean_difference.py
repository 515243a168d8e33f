"""The direction from the mean vector of one value to that of the other."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from causalspec.compiler import Method
from causalspec.runtime.maps.alignment_map import AlignmentMap
from causalspec.runtime.maps.computed import DirectionsOfValues, class_means, spanned
from causalspec.runtime.maps.ownerships.fixed_split import FoundSplit


class MeanDifferences(DirectionsOfValues):
    """What the mean vectors of a variable's values span."""

    name = "mean_difference"

    def find(self, vectors: Tensor, classes: Tensor, count: int, number: int) -> Tensor:
        """Directions [width, at most count - 1]."""
        means, _ = class_means(vectors, classes, count)
        return spanned(means, self.name, self.called(number), float(vectors.abs().max()))


def mean_difference(methods: Sequence[Method], width: int, seed: int) -> AlignmentMap:
    """The direction between the mean vectors of a variable's two values.

    What it is: the mean of the training vectors in which the variable has one value, less that of
    the other. With k values it is the up to k - 1 orthonormal directions that their means span.
    Several variables at one site have their subspaces made orthogonal by the smallest change.

    Source: Marks, Tegmark 2023 (arXiv 2310.06824); as a method of interchange in Arora, Jurafsky,
    Potts 2024 (arXiv 2402.12560).

    Cost: one pass over the training vectors.

    Cannot: tell the variable from what goes with it in training: every difference between the means
    counts, whether the network reads it or not. A variable whose values differ in spread but not in
    mean is invisible to it.
    """
    return AlignmentMap(MeanDifferences(width, len(methods)), FoundSplit(len(methods)))
