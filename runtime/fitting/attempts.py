"""How combinations of sites are tried: by a fit, or by swaps of whole vectors, nothing fitted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

from causalspec.runtime.fitting.localisation import SWAPPED, WHOLE_VECTORS
from causalspec.runtime.fitting.splits import Splits
from causalspec.runtime.inputs.experiment import PreparedSplit, PreparedSplits


@dataclass(frozen=True, slots=True)
class Attempt:
    """How combinations are tried: fitted in full, or for so many steps; or nothing is fitted, and
    whole vectors are swapped for the pairs that `swapping` picks.
    """

    steps: int | None = None
    swapping: Callable[[Splits], PreparedSplits] | None = None
    named: str = ""

    @property
    def suffix(self) -> str:
        """What tells its stages from others'."""
        return self.named or ("" if self.steps is None else f", {self.steps} steps")


def _first_pairs(splits: Splits) -> PreparedSplits:
    """The first of the validation pairs."""
    return tuple(_first(prepared) for prepared in splits.validation)


def _of_others(splits: Splits) -> PreparedSplits:
    """The first of the training bases, each with the sources of another pair. With its own, what
    else the vector holds may make up for the variable: the source's answer is often the base's.
    """
    assert splits.train is not None, "what is trained has pairs to train on"
    return tuple(_turned(_first(prepared)) for prepared in splits.train)


def _first(prepared: PreparedSplit) -> PreparedSplit:
    return prepared.take(torch.arange(min(SWAPPED, prepared.rows.rows)))


def _turned(prepared: PreparedSplit) -> PreparedSplit:
    rows = prepared.rows
    turned = replace(rows, origins=rows.origins.roll(1, 0), inner=None, inner_of=None)
    return replace(prepared, rows=turned)


IN_FULL = Attempt()
OWN_VECTORS = Attempt(WHOLE_VECTORS, _first_pairs, ", whole vectors")
OTHERS_VECTORS = Attempt(WHOLE_VECTORS, _of_others, ", whole vectors of others")
