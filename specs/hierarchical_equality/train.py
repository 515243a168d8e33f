"""Train the ReLU network that `hierarchical_equality.causal` is about, and save it as a folder.

    python specs/hierarchical_equality/train.py models/equality

Three hidden layers of width 16, as in Geiger et al. 2023. It is trained on fresh random vectors,
never on the spec's ten symbols, so that it has to learn what equality is. Takes half a minute.
"""

from __future__ import annotations

from pathlib import Path

from torch import Tensor

from causalspec.runtime.making.equalities import EqualityRecipe
from causalspec.training_command import train_on_equalities

SPEC = Path(__file__).with_name("hierarchical_equality.causal")


def same_relation(equal: Tensor) -> Tensor:
    """Both pairs are equal, or neither."""
    left, right = equal
    return left == right


if __name__ == "__main__":
    train_on_equalities(SPEC, EqualityRecipe(same_relation, pairs=2))
