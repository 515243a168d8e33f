"""Train a network that `distributive.causal` is about, and save it as a folder.

    python specs/hierarchical_equality/train_distributive.py and-or models/and-or

By interchange intervention training it is taught to compute the one function by one of the two
algorithms, `and-or` or `and-or-and`: to keep its two variables apart in the second hidden layer.
Takes half a minute.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from torch import Tensor

from causalspec.runtime.making.equalities import EqualityRecipe
from causalspec.training_command import train_on_equalities

SPEC = Path(__file__).with_name("distributive.causal")


def and_or(equal: Tensor) -> Tensor:
    """Whether the middle two are equal; whether either outer pair is."""
    return torch.stack([equal[1], equal[0] | equal[2]])


def and_or_and(equal: Tensor) -> Tensor:
    """Whether the middle pair and the first are equal; the middle pair and the last."""
    return torch.stack([equal[0] & equal[1], equal[1] & equal[2]])


ALGORITHMS = {
    "and-or": EqualityRecipe(
        rule=lambda known: known[0] & known[1], variables=and_or, pairs=3, width=24, taught_at=2
    ),
    "and-or-and": EqualityRecipe(
        rule=lambda known: known[0] | known[1], variables=and_or_and, pairs=3, width=24, taught_at=2
    ),
}

if __name__ == "__main__":
    algorithm = ALGORITHMS[sys.argv.pop(1)]
    train_on_equalities(SPEC, algorithm)
