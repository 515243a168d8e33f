"""The whole vector at the site is the variable: classical activation patching, nothing to train."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from causalspec.compiler import Method
from causalspec.runtime.maps.alignment_map import AlignmentMap
from causalspec.runtime.maps.interface import Featurizer
from causalspec.runtime.maps.ownerships.everything import Everything


class Identity(Featurizer):
    """The numbers of the vector themselves: neurons, one by one."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.features = width

    def encode(self, vectors: Tensor) -> tuple[Tensor, Tensor]:
        """The vectors, and nothing left."""
        return vectors, torch.zeros_like(vectors)

    def decode(self, features: Tensor, rest: Tensor) -> Tensor:
        """The features, which are the vectors."""
        return features + rest

    def change(self, base: Tensor, sources: Tensor, weights: Tensor) -> Tensor:
        """As in `Featurizer`, without a difference of large numbers."""
        return ((sources - base[:, None]) * weights).sum(1)


def full_vector(methods: Sequence[Method], width: int, seed: int) -> AlignmentMap:
    """The whole vector at the site is taken from the source.

    What it is: classical activation patching. Nothing is trained and nothing computed, so it says
    cheaply where a variable can be at all: an upper bound for linear methods wherever all that the
    site says downstream is the variable.

    Several variables at one site cannot each own all of it: where a row swaps several, the mean of
    their sources is taken, which is the source itself when they share one.

    Source: Vig et al. 2020 (arXiv 2004.12265); Geiger, Lu, Icard, Potts 2021 (arXiv 2106.02997).

    Cost: none beside the runs themselves.

    Cannot: tell a variable from anything else that the site holds, or two variables at one site
    from each other.
    """
    return AlignmentMap(Identity(width), Everything(len(methods), width))
