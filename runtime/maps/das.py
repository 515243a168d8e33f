"""Distributed alignment search: an orthonormal basis found by gradient descent.

Geiger, Wu, Potts, Icard, Goodman: "Finding Alignments Between Interpretable Causal Variables and
Distributed Neural Representations", 2023 (arXiv 2303.02536); low-rank as in Wu et al., 2023
(arXiv 2305.08809).
"""

from __future__ import annotations

from torch import Tensor, nn

from causalspec.runtime.maps.subspace import SubspaceMap, random_orthonormal
from causalspec.runtime.untyped import orthonormalise


class DistributedAlignment(SubspaceMap):
    """The columns of a free matrix W [width, dimensions], orthonormalised by QR at every use.

    QR costs a thousandth of a step here, gives columns that are orthonormal to rounding however W
    drifts, and has no redundant rotation of the rest of the space to carry along.
    """

    def __init__(self, width: int, dimensions: tuple[int, ...], seed: int) -> None:
        super().__init__(width, dimensions)
        self.weight = nn.Parameter(random_orthonormal(width, sum(dimensions), seed))

    def basis(self) -> Tensor:
        """Q [width, dimensions], through which gradients reach W."""
        return orthonormalise(self.weight)[0]
