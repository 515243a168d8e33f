"""A plain network set by hand that decides whether two pairs are both equal or both unequal.

Inputs are a, b, c, d in {-1, 1}. The second hidden layer holds |a - b| in unit 0 and |c - d| in
unit 1: the variables `left` and `right`. Its other units hold noise that nothing reads.
"""

from __future__ import annotations

import torch
from torch import Tensor

from causalspec.runtime.engine.subjects import Interchanges
from causalspec.runtime.networks.feed_forward import (
    FeedForwardConfig,
    FeedForwardNetwork,
)
from causalspec.runtime.networks.network import Network, wrap_module

WIDTH = 16


def equality_network() -> Network:
    """Three hidden layers of 16 units; classes are different (0) and same (1)."""
    network = FeedForwardNetwork(
        FeedForwardConfig(input_size=4, hidden_size=WIDTH, hidden_layers=3, classes=2)
    )
    first, second, third = (layer.weight for layer in network.hidden)
    with torch.no_grad():
        for weight in (first, second, third, network.output.weight):
            weight.zero_()
        generator = torch.Generator().manual_seed(0)
        first[:4] = torch.tensor([[1.0, -1, 0, 0], [-1, 1, 0, 0], [0, 0, 1, -1], [0, 0, -1, 1]])
        first[4:] = torch.randn((WIDTH - 4, 4), generator=generator)
        second[0, :2] = 1.0
        second[1, 2:4] = 1.0
        second[2:, 4:] = torch.randn((WIDTH - 2, WIDTH - 4), generator=generator)
        third[0, :2] = torch.tensor([1.0, -1])
        third[1, :2] = torch.tensor([-1.0, 1])
        network.output.weight[0, :2] = 4.0
        network.output.bias.copy_(torch.tensor([-4.0, 0]))
    return wrap_module("equality", network)


def equality_inputs(count: int, seed: int) -> Tensor:
    """Rows of -1 and 1, [count, 4]."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 2, (count, 4), generator=generator).float() * 2 - 1


def equality_interchanges(inputs: Tensor, rows: int, seed: int) -> Interchanges:
    """`left`, `right` or both are swapped, from two sources; labels by the model's own words."""
    generator = torch.Generator().manual_seed(seed)
    bases, first, second = torch.randint(0, len(inputs), (3, rows), generator=generator)
    kinds = torch.randint(0, 3, (rows,), generator=generator)
    left, right = inputs[:, 0] == inputs[:, 1], inputs[:, 2] == inputs[:, 3]
    origins = torch.stack(
        [torch.where(kinds != 1, first, -1), torch.where(kinds != 0, second, -1)], dim=1
    )
    new_left = torch.where(kinds != 1, left[first], left[bases])
    new_right = torch.where(kinds != 0, right[second], right[bases])
    return Interchanges(bases, origins, (new_left == new_right).long()[:, None])
