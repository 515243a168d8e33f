"""An invertible network: features that are not linear in the vector, exactly undone."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from causalspec.compiler import Method
from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime.maps.alignment_map import AlignmentMap
from causalspec.runtime.maps.interface import Featurizer
from causalspec.runtime.maps.linear import fitting_dimensions, random_orthonormal
from causalspec.runtime.maps.ownerships.fixed_split import FixedSplit
from causalspec.runtime.untyped import seeded

BLOCKS = 10
NARROWEST = 16
"""The least width of the couplings' hidden layers, which are otherwise as wide as the vector."""


class Coupling(nn.Module):
    """What one half of a vector adds to the other: two layers, of which the last starts at 0."""

    def __init__(self, taken: int, given: int, hidden: int) -> None:
        super().__init__()
        self.inner = nn.Linear(taken, hidden)
        self.outer = nn.Linear(hidden, given)
        nn.init.zeros_(self.outer.weight)
        nn.init.zeros_(self.outer.bias)

    def forward(self, half: Tensor) -> Tensor:
        """What to add [rows, given], from [rows, taken]."""
        inner, outer = self.inner, self.outer
        hidden = functional.gelu(
            functional.linear(half, inner.weight.to(half), inner.bias.to(half))
        )
        return functional.linear(hidden, outer.weight.to(half), outer.bias.to(half))


class ReversibleNetwork(Featurizer):
    """Blocks of additive couplings: y = x + F(other half), undone by x = y - F(other half).

    A vector is first turned by a fixed random rotation, and its halves change their parts between
    blocks by fixed permutations; both are drawn from the seed and saved. It starts as the rotation.
    """

    learning_rate = 1e-3
    rotation: Tensor
    orders: Tensor

    def __init__(self, width: int, blocks: int, seed: int) -> None:
        super().__init__()
        self.features = width
        self._first = width // 2
        first, second, hidden = self._first, width - self._first, max(width, NARROWEST)
        generator = torch.Generator().manual_seed(seed)
        orders = [torch.randperm(width, generator=generator) for _ in range(blocks)]
        self.register_buffer("rotation", random_orthonormal(width, width, seed))
        self.register_buffer("orders", torch.stack(orders))
        with seeded(seed):
            self.onto_second = nn.ModuleList(Coupling(first, second, hidden) for _ in orders)
            self.onto_first = nn.ModuleList(Coupling(second, first, hidden) for _ in orders)

    def encode(self, vectors: Tensor) -> tuple[Tensor, Tensor]:
        """All numbers of the vector are features: nothing is left."""
        turned = vectors @ self.rotation.to(vectors)
        for block in range(len(self.orders)):
            first, second = self._halves(turned.index_select(1, self.orders[block]))
            second = second + self.onto_second[block](first)
            first = first + self.onto_first[block](second)
            turned = torch.cat([first, second], 1)
        return turned, torch.zeros_like(vectors)

    def decode(self, features: Tensor, rest: Tensor) -> Tensor:
        """The blocks backwards, each undone."""
        turned, back = features, self.orders.argsort(1)
        for block in reversed(range(len(self.orders))):
            first, second = self._halves(turned)
            first = first - self.onto_first[block](second)
            second = second - self.onto_second[block](first)
            turned = torch.cat([first, second], 1).index_select(1, back[block])
        return turned @ self.rotation.to(features).T + rest

    def _halves(self, vectors: Tensor) -> tuple[Tensor, Tensor]:
        return vectors[:, : self._first], vectors[:, self._first :]


def revnet(methods: Sequence[Method], width: int, seed: int) -> AlignmentMap:
    """`dim` features of a learned invertible network for each variable.

    What it is: `blocks` blocks of additive couplings, each half of the vector moved by a small
    network of the other, so that the whole is undone exactly. It finds variables that lie on curved
    surfaces.

    Source: Gomez, Ren, Urtasun, Grosse 2017 (arXiv 1707.04585); Dinh, Krueger, Bengio 2014 (arXiv
    1410.8516); as an alignment map in Sutter et al. 2025 (arXiv 2507.08802).

    Cost: for each vector 4 · blocks layers of width × half the width: with 10 blocks as much as
    twenty full products each way.

    Cannot: be evidence by itself. With enough blocks such a map finds almost any variable in almost
    any network, an untrained one included (arXiv 2507.08802): ask for `iia - iia(random_network)`,
    and for data whose names or symbols were never trained on.
    """
    dimensions = fitting_dimensions(methods, width)
    if width < 2:
        raise ToolFailure("a vector of one number has no halves", help="use `full_vector` there")
    blocks = {method.argument("blocks") or BLOCKS for method in methods}
    if len(blocks) > 1:
        raise ToolFailure(
            "variables at one site have reversible networks of different depth",
            help="give all variables at one site the same `blocks`",
        )
    depth = blocks.pop()
    if not isinstance(depth, int) or depth < 1:
        raise ToolFailure(
            f"`{methods[0].text}` has no blocks", help="give `blocks` a number from 1"
        )
    return AlignmentMap(ReversibleNetwork(width, depth, seed), FixedSplit(dimensions, width))
