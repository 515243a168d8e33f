"""What stands at one site: a featurizer times an ownership, and the interchange, written once."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from causalspec.runtime.maps.interface import Featurizer, Ownership


class AlignmentMap(nn.Module):
    """Which part of the vector at one site belongs to each of the variables aligned there.

    `train()` makes learned boundaries and masks soft, `eval()` hardens them. `state_dict` has all
    there is to save; a freshly built map of the same methods that loads it is the same map.
    """

    featurizer: Featurizer
    ownership: Ownership

    def __init__(self, featurizer: Featurizer, ownership: Ownership) -> None:
        super().__init__()
        self.featurizer = featurizer
        self.ownership = ownership

    @property
    def needs_values(self) -> bool:
        """Whether `prepare` reads the variables' values."""
        return self.featurizer.needs_values

    def prepare(self, vectors: Tensor, values: Tensor) -> None:
        """Compute what is not trained from vectors [rows, width] and values [rows, variables].

        Raises:
            ToolFailure: the method finds nothing in these vectors, with the reason.
        """
        with torch.no_grad():
            self.featurizer.prepare(vectors, values)
        counts = self.featurizer.counts()
        if counts is not None:
            self.ownership.divide(counts)

    def penalty(self) -> Tensor:
        """What a fit adds to its loss."""
        return self.ownership.penalty()

    def anneal(self, progress: float) -> None:
        """Go on to the temperature of this moment of training: 0 at its start, 1 at its end."""
        self.ownership.anneal(progress)

    def swap(self, base: Tensor, sources: Tensor, swapped: Tensor) -> Tensor:
        """`base` [rows, width] with the parts of some variables taken from `sources`.

        `sources` [rows, variables, width] has the vector that each variable's part comes from;
        `swapped` [rows, variables] is 1 where it is taken and 0 where it stays. Where several
        swapped variables own one feature whole, the mean of their sources is taken. A swap of a
        vector with itself is exact to the bit. Half-precision vectors are changed in float32.
        """
        exact = base if base.dtype.itemsize > 2 else base.float()
        shares = self.ownership.shares().to(exact)
        weights = swapped.to(exact)[..., None] * shares
        if sources.shape[1] > 1:
            weights = weights / weights.sum(1, keepdim=True).clamp(min=1)
        change = self.featurizer.change(exact, sources.to(exact), weights)
        return (exact + change).to(base.dtype)

    def parameter_groups(self, rate: float) -> list[dict[str, Any]]:
        """Groups for `torch.optim.Adam`: at a method's published rate where it has one."""
        groups: list[dict[str, Any]] = []
        for part in (self.featurizer, self.ownership):
            trained = [parameter for parameter in part.parameters() if parameter.requires_grad]
            if trained:
                groups.append({"params": trained, "lr": part.learning_rate or rate})
        return groups

    def project(self, vectors: Tensor) -> Tensor:
        """The features [rows, features] of vectors [rows, width]."""
        return self.featurizer.encode(vectors)[0]

    def dimensions(self) -> tuple[int, ...]:
        """How many features each variable owns; where that is learned, as hardened."""
        before = self.ownership.training
        self.ownership.eval()
        shares = self.ownership.shares()
        self.ownership.train(before)
        return tuple(int(size) for size in shares.sum(1).round())

    def retained(self, vectors: Tensor) -> float | None:
        """The share of the variance of vectors [rows, width] that the features represent.

        None for featurizers that lose nothing. What they can't represent stays the base's in every
        interchange.
        """
        if not self.featurizer.is_lossy:
            return None
        with torch.no_grad():
            rest = self.featurizer.encode(vectors)[1].double()
        whole = _variance(vectors.double())
        return float(1 - _variance(rest) / whole) if whole > 0 else 1.0


def _variance(vectors: Tensor) -> Tensor:
    return (vectors - vectors.mean(0)).square().sum()
