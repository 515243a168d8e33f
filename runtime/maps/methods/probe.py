"""The direction that a linear probe reads a variable's value from."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from causalspec.compiler import Method
from causalspec.runtime.maps.alignment_map import AlignmentMap
from causalspec.runtime.maps.computed import DirectionsOfValues, spanned
from causalspec.runtime.maps.ownerships.fixed_split import FoundSplit


class ProbeDirections(DirectionsOfValues):
    """What the weights of a logistic regression of a variable's value span."""

    name = "probe"

    def find(self, vectors: Tensor, classes: Tensor, count: int, number: int) -> Tensor:
        """Directions [width, at most count - 1]."""
        centred = vectors - vectors.mean(0)
        weights = logistic_regression(centred / centred.square().mean().sqrt(), classes, count)
        return spanned(weights, self.name, self.called(number), float(weights.abs().max()))


def logistic_regression(vectors: Tensor, classes: Tensor, count: int) -> Tensor:
    """The weights [count, width] of a multinomial logistic regression on vectors [rows, width].

    The minimum of the summed cross-entropy plus half the squared weights, intercepts free: it is
    unique, so no seed is needed. With two classes the second's weights less the first's are those
    of the binary regression whose penalty is a quarter of its squared weights.
    """
    width = vectors.shape[1]
    parameters = torch.zeros((count, width + 1), dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [parameters],
        max_iter=2000,
        history_size=20,
        tolerance_grad=1e-9,
        tolerance_change=1e-15,
        line_search_fn="strong_wolfe",
    )

    def closure() -> Tensor:
        optimizer.zero_grad()
        logits = vectors @ parameters[:, :width].T + parameters[:, width]
        loss = functional.cross_entropy(logits, classes, reduction="sum")
        loss = loss + parameters[:, :width].square().sum() / 2
        loss.backward()  # pyright: ignore[reportUnknownMemberType] # torch's own
        return loss

    with torch.enable_grad():
        optimizer.step(closure)  # pyright: ignore[reportUnknownMemberType, reportArgumentType]
    return parameters.detach()[:, :width]


def probe(methods: Sequence[Method], width: int, seed: int) -> AlignmentMap:
    """The direction from which a linear probe reads a variable's value.

    What it is: the weights of a logistic regression of the value on the vector, L2-penalised, its
    unique minimum found to rounding. With k values it is the up to k - 1 orthonormal directions
    that the k weight vectors span. Several variables at one site have their subspaces made
    orthogonal by the smallest change.

    Source: Alain, Bengio 2016 (arXiv 1610.01644); as a method of interchange in Arora, Jurafsky,
    Potts 2024 (arXiv 2402.12560).

    Cost: a convex fit in float64: some hundred passes over the training vectors, which run the
    network no more.

    Cannot: tell what the network reads from what can be read. The best direction to decide by is
    not the one to move along: it leans away from whatever noise goes with the variable.
    """
    return AlignmentMap(ProbeDirections(width, len(methods)), FoundSplit(len(methods)))
