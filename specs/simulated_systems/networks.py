"""The ten systems as networks: a layer of micro-variables, set by rules instead of weights.

    causalspec verify specs/simulated_systems/adder.causal --network python:networks:adder

run in this folder. The first hidden layer holds sixteen cells; which of them a variable is, a spec
says by the features of `cells.safetensors`, each of which is a cell.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

CELLS = 16
SURE = 8.0


class Cells(nn.Module):
    """From one-hot inputs to cells, and from these to an answer, whose class is the nearest."""

    def __init__(self, system: System) -> None:
        super().__init__()
        self.system = system
        self.activation = nn.ReLU()  # cells are not negative: it changes nothing

    def forward(self, vectors: Tensor) -> Tensor:
        """Class logits [rows, classes] of `vectors` [rows, numbers]."""
        groups = vectors.split(list(self.system.sizes), dim=1)
        values = [group.argmax(1).to(vectors) for group in groups]
        cells = torch.stack(self.system.cells(*values), dim=1)
        padded = nn.functional.pad(cells, (0, CELLS - cells.shape[1]))
        answer = self.system.answer(*self.activation(padded).unbind(1))
        classes = torch.arange(self.system.classes).to(vectors)
        return -SURE * (answer.to(vectors)[:, None] - classes) ** 2


@dataclass(frozen=True)
class System:
    """Inputs have `sizes` values each; `cells` are made of them, counted from 0."""

    sizes: Sequence[int]
    cells: Callable[..., list[Tensor]] = field(repr=False)
    answer: Callable[..., Tensor] = field(repr=False)
    classes: int = 2

    def build(self) -> nn.Module:
        """The system as a network."""
        return Cells(self)

    def untrained(self, seed: int) -> nn.Module:
        """A plain network of the same size."""
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            return nn.Sequential(
                nn.Linear(sum(self.sizes), CELLS), nn.ReLU(), nn.Linear(CELLS, self.classes)
            )


def adder() -> System:
    """Gates of two bits; a0 and b0 are there still, and no longer read."""

    def cells(a1: Tensor, a0: Tensor, b1: Tensor, b0: Tensor) -> list[Tensor]:
        carry = a0 * b0
        return [(a0 - b0).abs(), carry, carry, carry, a1, b1, a0, b0]

    def answer(low: Tensor, carry: Tensor, out: Tensor, back: Tensor, *rest: Tensor) -> Tensor:
        return low + 2 * (carry + out - back + rest[0] + rest[1])

    return System((2, 2, 2, 2), cells, answer, classes=8)


def transistors() -> System:
    """Where pull-up and pull-down disagree, the output follows the other gate."""

    def cells(a: Tensor, b: Tensor, c: Tensor) -> list[Tensor]:
        inner = 1 - a * b
        return [inner, inner, c, a, b]

    def answer(up: Tensor, down: Tensor, gate: Tensor, *_: Tensor) -> Tensor:
        return torch.where(up == down, 1 - up * gate, gate)

    return System((2, 2, 2), cells, answer)


def gas() -> System:
    """A molecule's cell is the square of its speed."""

    def cells(*values: Tensor) -> list[Tensor]:
        return [*(speed**2 for speed in values[:4]), values[4] + 1]

    def answer(*state: Tensor) -> Tensor:
        return sum(state[1:4], state[0]) >= 4 * state[4]

    return System((3, 3, 3, 3, 2), cells, answer)


def predators() -> System:
    """A cell for each place."""

    def answer(*state: Tensor) -> Tensor:
        return sum(state[1:3], state[0]) > state[3] + state[4]

    return System((2,) * 5, lambda *places: list(places), answer)


def _exchanged(t1: Tensor, t2: Tensor, t3: Tensor, t4: Tensor) -> list[Tensor]:
    """Neighbours of a half have come a quarter of the way towards each other."""
    return [(3 * t1 + t2) / 4, (t1 + 3 * t2) / 4, (3 * t3 + t4) / 4, (t3 + 3 * t4) / 4]


def heat_rod() -> System:
    """Four cells in a row."""

    def answer(*state: Tensor) -> Tensor:
        return state[0] + state[1] > state[2] + state[3] + 1e-3

    return System((3,) * 4, _exchanged, answer)


def heat_plate() -> System:
    """Two cells above, two below, and the currents between them."""

    def cells(*heats: Tensor) -> list[Tensor]:
        current = heats[0] + heats[1]
        return [*_exchanged(*heats), current, current]

    def answer(*state: Tensor) -> Tensor:
        return state[0] + state[1] + state[4] - state[5] > state[2] + state[3] + 1e-3

    return System((3,) * 4, cells, answer)


def ising() -> System:
    """A cell for each spin, and the field's."""

    def answer(*state: Tensor) -> Tensor:
        return sum(state[1:5], state[0]) + 2 * state[5] >= 4

    return System((2,) * 6, lambda *spins: list(spins), answer)


def tracr() -> System:
    """Counted are the first three tokens; the token at hand has three copies."""

    def cells(*tokens: Tensor) -> list[Tensor]:
        is_x = [1 - token for token in tokens]
        return [is_x[0] + is_x[1] + is_x[2], is_x[3], is_x[3], is_x[3], *is_x]

    def answer(count: Tensor, current: Tensor, copy: Tensor, taken: Tensor, *_: Tensor) -> Tensor:
        return (count >= 2) == (current + copy - taken > 0.5)

    return System((2,) * 4, cells, answer)


def genes() -> System:
    """Messenger and protein of the repressor, the activator, and genes that nothing reads."""

    def cells(g1: Tensor, g2: Tensor, g3: Tensor) -> list[Tensor]:
        repressor = g1 * (1 - g2)
        return [repressor, repressor, torch.maximum(g2, g3), g1, g3]

    def answer(messenger: Tensor, protein: Tensor, activator: Tensor, *_: Tensor) -> Tensor:
        return activator * (1 - messenger * protein)

    return System((2,) * 3, cells, answer)


def processor() -> System:
    """The flags Z and C, the opcode, two latches of Z, and the result, which no branch reads."""

    def cells(accumulator: Tensor, operand: Tensor, mode: Tensor) -> list[Tensor]:
        total = accumulator + operand
        zero = (total % 4 == 0).to(total)
        return [zero, (total >= 4).to(total), mode, zero, zero, total % 4]

    def answer(*state: Tensor) -> Tensor:
        zero, carry, mode, latch, other = state[:5]
        return torch.where(mode > 0.5, zero + latch - other, carry) > 0.5

    return System((4, 4, 2), cells, answer)
