"""The two halves of an alignment map: a featurizer times an ownership.

A featurizer turns the vector at a site into features and back; an ownership says which share of
each feature belongs to which variable. Adding either is adding a file.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Featurizer(nn.Module, ABC):
    """Vectors [rows, width] as features [rows, features] and a rest [rows, width], and back.

    Parameters (what is trained) and persistent buffers (what is computed or drawn) are all there
    is to save. Everything is computed in the vectors' dtype, on their device.
    """

    features: int
    needs_values = False
    """Whether `prepare` reads the variables' values."""
    is_lossy = False
    """Whether the features alone don't say all of a vector, by the method's own account."""
    learning_rate: float | None = None
    """The published rate of the parameters, where there is one."""

    def prepare(self, vectors: Tensor, values: Tensor) -> None:
        """Compute what is not trained, from training vectors [rows, width] at the site.

        `values` is a LongTensor [rows, variables]: where each variable's value stands in its
        domain. Raises `ToolFailure` where these vectors do not determine the features.
        """

    def counts(self) -> tuple[int, ...] | None:
        """How many features each variable owns, where only `prepare` finds out; else None."""
        return None

    @abstractmethod
    def encode(self, vectors: Tensor) -> tuple[Tensor, Tensor]:
        """Features [rows, features], and what they can't represent [rows, width]."""

    @abstractmethod
    def decode(self, features: Tensor, rest: Tensor) -> Tensor:
        """The vectors [rows, width] of which these are features and rest: undoes `encode`."""

    def change(self, base: Tensor, sources: Tensor, weights: Tensor) -> Tensor:
        """What an interchange adds to `base` [rows, width].

        From f, the features of the base, it goes to f' = f + Σ_v weights_v · (f(source_v) - f),
        with `sources` [rows, variables, width] and `weights` [rows, variables, features], and adds
        decode(f') - decode(f), which is exactly 0 where the base is its own source.
        """
        count = len(base)
        # All in one product each way: an operation on a few rows costs hardly more than on one.
        every = torch.cat([base, *sources.unbind(1)])
        encoded, rest = self.encode(every)
        features = encoded[:count]
        taken = encoded[count:].reshape(sources.shape[1], count, -1)
        # Rows of one product may differ in their last bits where their vectors do not.
        apart = (sources != base[:, None]).any(2).T[..., None]
        moves = torch.where(apart, taken - features, 0.0)
        moved = features + (weights.transpose(0, 1) * moves).sum(0)
        decoded = self.decode(torch.cat([moved, features]), rest[:count].repeat(2, 1))
        change = decoded[:count] - decoded[count:]
        return torch.where((moved != features).any(1, keepdim=True), change, 0.0)


class Ownership(nn.Module, ABC):
    """Which share of each feature belongs to which variable. Soft in training, hard in eval."""

    learning_rate: float | None = None
    """The published rate of the parameters, where there is one."""

    @abstractmethod
    def shares(self) -> Tensor:
        """Shares [variables, features] in 0..1; those of one feature add up to at most 1 unless
        several variables own it whole, as in `full_vector`."""

    def divide(self, counts: Sequence[int]) -> None:
        """Take note of how many features each variable owns, where `prepare` has found that out."""

    def penalty(self) -> Tensor:
        """What a fit adds to its loss: a number, 0 where there is nothing to restrain."""
        return torch.zeros(())

    def anneal(self, progress: float) -> None:
        """Go on to the temperature of this moment of training: 0 at its start, 1 at its end."""
