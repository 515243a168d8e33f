"""Semi-nonnegative factors of the vectors at a site, and a learned choice among them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from causalspec.compiler import Method
from causalspec.dsl.diagnostics import InternalError, ToolFailure
from causalspec.runtime.maps.alignment_map import AlignmentMap
from causalspec.runtime.maps.computed import NotDetermined, exact_vectors
from causalspec.runtime.maps.interface import Featurizer
from causalspec.runtime.maps.linear import fitting_dimensions
from causalspec.runtime.maps.nonnegative import factorise, nonnegative_coefficients
from causalspec.runtime.maps.ownerships.mask import LearnedMask


class Factors(Featurizer):
    """Nonnegative coefficients of unit vectors, the factors [features, width], kept in float64.

    A vector's coefficients are those that come nearest to it (nonnegative least squares); what
    they leave is the rest.
    """

    is_lossy = True
    factors: Tensor
    is_computed: Tensor

    def __init__(self, width: int, features: int, seed: int) -> None:
        super().__init__()
        self.features = features
        self._seed = seed
        empty = torch.zeros((features, width), dtype=torch.float64)
        self.register_buffer("factors", empty)
        self.register_buffer("is_computed", torch.tensor(False))

    def prepare(self, vectors: Tensor, values: Tensor) -> None:
        """Raises `NotDetermined` where there are fewer vectors than factors."""
        exact = exact_vectors(vectors, "factors")
        if len(exact) < self.features:
            raise NotDetermined(
                f"`factors` finds nothing: {self.features} factors of {len(exact)} vectors",
                help="take fewer factors, or more training pairs",
            )
        self.factors.copy_(factorise(exact, self.features, self._seed)[0])
        self.is_computed.fill_(True)

    def encode(self, vectors: Tensor) -> tuple[Tensor, Tensor]:
        """The coefficients, and what they do not reconstruct."""
        if not bool(self.is_computed):
            raise InternalError("a map was used before it was prepared")
        factors = self.factors.double()
        coefficients = nonnegative_coefficients(vectors.double(), factors)
        rest = vectors.double() - coefficients @ factors
        return coefficients.to(vectors), rest.to(vectors)

    def decode(self, features: Tensor, rest: Tensor) -> Tensor:
        """`coefficients @ factors + rest`."""
        return features @ self.factors.to(features) + rest


def factors(methods: Sequence[Method], width: int, seed: int) -> AlignmentMap:
    """A learned choice among `dim` semi-nonnegative factors of the training vectors.

    What it is: the vectors are written as sums of factors with coefficients that are never
    negative, so that a factor is a group of neurons that fire together; a learned mask says which
    factors' coefficients belong to which variable. Made for `mlp_activation`. `dim` is how many
    factors there are to choose from, for all variables at the site.

    Source: Ding, Li, Jordan 2010, "Convex and Semi-Nonnegative Matrix Factorizations"; for
    MLP activations Shafran et al. 2025 (arXiv 2506.10920).

    Cost: some hundred passes over the training vectors before the fit; in it, a nonnegative least
    squares problem for every vector, on the factors alone.

    Cannot: see opposite directions as one feature, or choose what it was not computed to represent:
    factors are found without looking at any value. How much of the variance they hold is reported.
    """
    dimensions = {method.dimension for method in methods}
    if len(dimensions) > 1:
        raise ToolFailure(
            "variables at one site choose among different numbers of factors",
            help="give all variables at one site the same `dim`",
        )
    [count] = fitting_dimensions(methods[:1], width)
    return AlignmentMap(Factors(width, count, seed), LearnedMask(len(methods), count))
