"""The directions between clusters of the vectors, found without looking at any value."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from causalspec.compiler import Method
from causalspec.runtime.maps.alignment_map import AlignmentMap
from causalspec.runtime.maps.computed import (
    DirectionsOfValues,
    NotDetermined,
    class_means,
    spanned,
)
from causalspec.runtime.maps.ownerships.fixed_split import FoundSplit
from causalspec.runtime.untyped import numbered_rows

STARTS = 10


class ClusterDirections(DirectionsOfValues):
    """What the centres of as many clusters as the variable has values span."""

    name = "kmeans"

    def __init__(self, width: int, variables: int, seed: int) -> None:
        super().__init__(width, variables)
        self._seed = seed

    def find(self, vectors: Tensor, classes: Tensor, count: int, number: int) -> Tensor:
        """Directions [width, at most count - 1]; of `classes` nothing but the count is used."""
        different = int(numbered_rows(vectors).max()) + 1
        if different < count:
            raise NotDetermined(
                f"`kmeans` finds nothing: {count} clusters of {different} different vectors",
                help="take more training pairs, or `mean_difference`",
            )
        centres = cluster(vectors, count, self._seed)[0]
        return spanned(centres, self.name, self.called(number), float(vectors.abs().max()))


def cluster(vectors: Tensor, count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Centres [count, width] and each vector's cluster [rows]: the best of many runs of Lloyd's.

    Each of the `STARTS` runs begins at centres drawn by k-means++ (Arthur, Vassilvitskii 2007) and
    goes on until no vector changes its cluster. Needs at least `count` different vectors.
    """
    generator = torch.Generator().manual_seed(seed)
    centred = vectors - vectors.mean(0)  # else large means cost the distances their precision
    best: tuple[Tensor, Tensor] | None = None
    least = float("inf")
    for _ in range(STARTS):
        centres, members = _lloyd(centred, _drawn(centred, count, generator))
        spread = float((centred - centres[members]).square().sum())
        if spread < least:
            best, least = (centres + vectors.mean(0), members), spread
    assert best is not None
    return best


def _drawn(vectors: Tensor, count: int, generator: torch.Generator) -> Tensor:
    first = int(torch.randint(len(vectors), (1,), generator=generator))
    centres = vectors[first : first + 1]
    while len(centres) < count:
        nearest = _distances(vectors, centres).min(1).values
        place = torch.rand((1,), generator=generator, dtype=torch.float64) * nearest.sum()
        chosen = int((nearest.cumsum(0) <= place).sum().clamp(max=len(vectors) - 1))
        centres = torch.cat([centres, vectors[chosen : chosen + 1]])
    return centres


def _lloyd(vectors: Tensor, centres: Tensor) -> tuple[Tensor, Tensor]:
    members = _distances(vectors, centres).argmin(1)
    while True:
        means, sizes = class_means(vectors, members, len(centres))
        centres = torch.where(sizes[:, None] > 0, means, centres)  # an empty one stays
        closer = _distances(vectors, centres).argmin(1)
        if torch.equal(closer, members):
            return centres, members
        members = closer


def _distances(vectors: Tensor, centres: Tensor) -> Tensor:
    """Squared distances [rows, centres], by one product."""
    lengths = vectors.square().sum(1, keepdim=True) + centres.square().sum(1)
    return (lengths - 2 * vectors @ centres.T).clamp(min=0)


def kmeans(methods: Sequence[Method], width: int, seed: int) -> AlignmentMap:
    """The directions between clusters of the vectors, found without looking at any value.

    What it is: k-means with as many clusters as the variable has values; the directions are those
    that the centres span, k - 1 of them at most. The best of ten seeded starts is taken.

    Source: Lloyd 1982; Arthur, Vassilvitskii 2007 (k-means++); as a method of interchange in Arora,
    Jurafsky, Potts 2024 (arXiv 2402.12560).

    Cost: some tens of passes over the training vectors for each start, which run the network no
    more: the slowest of the computed methods.

    Cannot: know which variable the clusters are of. It finds what parts the vectors most, so two
    variables with as many values at one site have the same clusters, and are refused.
    """
    return AlignmentMap(ClusterDirections(width, len(methods), seed), FoundSplit(len(methods)))
