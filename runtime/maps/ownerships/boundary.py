"""Consecutive segments of the features whose boundaries are learned."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from causalspec.runtime.maps.interface import Ownership

PENALTY = 1.0
HOTTEST, COLDEST = 50.0, 0.1  # in columns


class LearnedBoundary(Ownership):
    """The first b_1 features are the first variable's, those from b_1 to b_2 the second's, …

    In training a variable's share of column i, whose middle is i + ½, is
    σ((i + ½ - b₁)/T) · σ((b₂ - i - ½)/T), at a temperature T that falls from 50 to 0.1 linearly.
    The first segment has no lower boundary to learn, and no lower factor: with one, at b₁ = 0,
    column 0 could only ever be half swapped. Hardened, a column is the variable's or it is not.
    The penalty is the share of the vector that all variables take, times `PENALTY`.
    """

    learning_rate = 1e-2
    _temperature: Tensor

    def __init__(self, counts: Sequence[int], features: int) -> None:
        super().__init__()
        self._features = features
        self.register_buffer("_temperature", torch.tensor(HOTTEST), persistent=False)
        starts = torch.tensor([count / features for count in counts])
        self.lengths = nn.Parameter(starts)  # as shares of all features

    def shares(self) -> Tensor:
        """Shares [variables, features]: 0 or 1 in eval, between them in training."""
        # A length that leaves 0..1 is held there, but still feels where the loss wants it.
        held = _held(self.lengths, self.lengths.clamp(0, 1))
        ends = held.cumsum(0)
        ends = _held(ends, ends.clamp(max=1)) * self._features
        middles = torch.arange(self._features, device=ends.device, dtype=ends.dtype) + 0.5
        before_end = ends[:, None] - middles
        if not self.training:
            inside = (before_end > 0).to(ends.dtype)
            return torch.cat([inside[:1], inside[1:] - inside[:-1]])
        below = torch.sigmoid(before_end / self._temperature)
        above = torch.sigmoid(-before_end[:-1] / self._temperature)
        return torch.cat([below[:1], below[1:] * above])

    def penalty(self) -> Tensor:
        """The sum of the lengths, as shares of all features, times `PENALTY`."""
        return PENALTY * self.lengths.clamp(0, 1).sum()

    def anneal(self, progress: float) -> None:
        """T = 50 at the start of training, 0.1 at its end."""
        self._temperature.fill_(HOTTEST + (COLDEST - HOTTEST) * progress)


def _held(free: Tensor, held: Tensor) -> Tensor:
    return free + (held - free).detach()
