"""The recurrent networks that `binary_addition.causal` is about, of three seeds.

    causalspec verify specs/binary_addition/binary_addition.causal \\
        --network python:specs.binary_addition.adder:seed_0

Their weights lie in `networks`, made by `train.py`.
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

BITS, WIDTH = 4, 8
NETWORKS = Path(__file__).with_name("networks")


class Adder(nn.Module):
    """A gated recurrent unit over the bits, the lowest first; each state says a bit of the sum, and
    the last one the carry that is left.
    """

    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.GRUCell(2, WIDTH)
        # States lie between -1 and 1 already: this changes nothing, and makes a layer of each step.
        self.states = nn.ModuleList(nn.Hardtanh() for _ in range(BITS))
        self.bit = nn.Linear(WIDTH, 2)
        self.carry = nn.Linear(WIDTH, 2)

    def forward(self, vectors: Tensor) -> Tensor:
        """Logits [rows, 2 * (BITS + 1)] of `vectors` [rows, 2 * BITS]: all bits of one number, then
        those of the other.
        """
        pairs = vectors.unflatten(1, (2, BITS))
        state = vectors.new_zeros(len(vectors), WIDTH)
        said: list[Tensor] = []
        for step, passed in enumerate(self.states):
            state = passed(self.cell(pairs[:, :, step], state))
            said.append(self.bit(state))
        return torch.cat([*said, self.carry(state)], dim=1)


def seed_0() -> Adder:
    """The first network."""
    return _kept(0)


def seed_1() -> Adder:
    """The second."""
    return _kept(1)


def seed_2() -> Adder:
    """The third."""
    return _kept(2)


def _kept(seed: int) -> Adder:
    adder = Adder()
    adder.load_state_dict(load_file(NETWORKS / f"seed_{seed}.safetensors"))
    return adder.eval()
