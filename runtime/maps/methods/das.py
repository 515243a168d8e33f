"""Distributed alignment search: an orthonormal basis found by gradient descent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

from causalspec.compiler import Method
from causalspec.dsl.diagnostics import InternalError, ToolFailure
from causalspec.runtime.maps.alignment_map import AlignmentMap
from causalspec.runtime.maps.computed import ROUNDING, class_means, signed
from causalspec.runtime.maps.linear import (
    LinearFeaturizer,
    fitting_dimensions,
    random_orthonormal,
)
from causalspec.runtime.maps.ownerships.fixed_split import FixedSplit
from causalspec.runtime.untyped import distinct, divided, orthonormalise, singular_values


class Rotation(LinearFeaturizer):
    """The columns of a free matrix W [width, features], orthonormalised by QR at every use.

    QR gives columns that are orthonormal to rounding however W drifts, and has no redundant
    rotation of the rest of the space to carry along. With all columns, forward and backward take
    32 ms at width 576 on two cores; a Cayley map takes 25, a matrix exponential 1200, Householder
    reflections 320.
    """

    def __init__(self, width: int, features: int, seed: int) -> None:
        super().__init__()
        self.features = features
        self.weight = nn.Parameter(random_orthonormal(width, features, seed).float())

    def basis(self) -> Tensor:
        """Q [width, features], through which gradients reach W."""
        return orthonormalise(self.weight)[0]


class RotationFromMeans(Rotation):
    """A rotation whose first directions for each variable are those in which the mean vectors of
    its values differ, the largest first; drawn at random are the others that it has room for.
    """

    needs_values = True

    def __init__(self, width: int, dimensions: Sequence[int], seed: int) -> None:
        super().__init__(width, sum(dimensions), seed)
        self._dimensions = tuple(dimensions)

    def prepare(self, vectors: Tensor, values: Tensor) -> None:
        """Where the values' means don't differ, all stay as they were drawn."""
        exact = vectors.detach().cpu().double()
        if not bool(exact.isfinite().all()):
            return
        drawn = divided(self.weight.detach().cpu().double().T, self._dimensions)
        found = [
            _between_means(exact, values[:, number].cpu())[:size]
            for number, size in enumerate(self._dimensions)
        ]
        rest = [of_one[len(known) :] for of_one, known in zip(drawn, found, strict=True)]
        # What the means say comes first, so that what is drawn gives way to it.
        every = orthonormalise(torch.cat([*found, *rest]).T)[0].T
        parts = divided(every, [len(part) for part in (*found, *rest)])
        by_variable = zip(parts[: len(found)], parts[len(found) :], strict=True)
        start = torch.cat([part for both in by_variable for part in both]).T
        self.weight.data.copy_(start)


def _between_means(vectors: Tensor, values: Tensor) -> Tensor:
    """Orthonormal directions [any, width] in which the means of the values differ."""
    kinds, classes = distinct(values)
    means, _ = class_means(vectors, classes, len(kinds))
    left, sizes, _ = singular_values((means - means.mean(0)).T)
    return signed(left[:, sizes > ROUNDING * vectors.abs().max()]).T


STARTS: Mapping[str, Callable[[int, Sequence[int], int], Rotation]] = {
    "mean_difference": RotationFromMeans,
}
"""What `das(start = …)` can start from: made from the width, the dimensions and a seed."""


def das(methods: Sequence[Method], width: int, seed: int) -> AlignmentMap:
    """A learned subspace of `dim` dimensions for each variable: distributed alignment search.

    What it is: orthonormal directions, trained by gradient descent so that an interchange along
    them has the effect that the causal model predicts. Several variables at one site have
    orthogonal subspaces of one basis.

    Source: Geiger, Wu, Potts, Icard, Goodman 2023 (arXiv 2303.02536); low-rank as in Wu et al. 2023
    (arXiv 2305.08809).

    With `start = mean_difference` it starts where the means of the variable's values differ, not at
    random, and needs half of the steps (docs/fitting.md).

    Cost: two thin products and a QR decomposition a step, about a thousandth of what a step costs
    in the network.

    Cannot: say how many dimensions a variable needs (`boundless_das` can), or follow a variable
    that lies on a curved surface (`revnet` can). With many dimensions it can fit its training pairs
    without finding the variable: compare with held-out pairs and with an untrained network.
    """
    dimensions = fitting_dimensions(methods, width)
    total = sum(dimensions)
    starts = {method.argument("start") for method in methods}
    if len(starts) > 1:
        raise ToolFailure(
            "variables at one site start from different directions",
            help="give all variables at one site the same `start`, or none",
        )
    [start] = starts
    if start is None:
        return AlignmentMap(Rotation(width, total, seed), FixedSplit(dimensions, total))
    if not isinstance(start, Method) or start.name not in STARTS:
        raise InternalError(f"no rotation starts from `{start}`")
    rotation = STARTS[start.name](width, dimensions, seed)
    return AlignmentMap(rotation, FixedSplit(dimensions, total))
