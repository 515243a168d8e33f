"""Train the ReLU network that `and_or.causal` is about, and save it as a folder.

    python specs/and_or/train.py models/and_or

Three hidden layers of width 24. It is trained on fresh random vectors, never on the spec's ten
symbols, so that it has to learn what equality is, and by interchange intervention training to keep
the three equalities apart in its first hidden layer. Takes a minute.
"""

from __future__ import annotations

from pathlib import Path

from torch import Tensor

from causalspec.runtime.making.equalities import EqualityRecipe
from causalspec.training_command import train_on_equalities

SPEC = Path(__file__).with_name("and_or.causal")


def both_or_third(equal: Tensor) -> Tensor:
    """The first two pairs are equal, or the third is."""
    first, second, third = equal
    return (first & second) | third


if __name__ == "__main__":
    train_on_equalities(SPEC, EqualityRecipe(both_or_third, pairs=3, width=24, taught_at=1))
