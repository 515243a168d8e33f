"""The first features belong to the first variable, the next to the second, and so on."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from causalspec.runtime.maps.interface import Ownership


class FixedSplit(Ownership):
    """Consecutive features, `counts` [variables] of them each; those left over are nobody's."""

    _shares: Tensor

    def __init__(self, counts: Sequence[int], features: int) -> None:
        super().__init__()
        shares = _split(torch.tensor(counts), features)
        self.register_buffer("_shares", shares, persistent=False)

    def shares(self) -> Tensor:
        """1 where a feature is the variable's own: [variables, features]."""
        return self._shares


class FoundSplit(Ownership):
    """Consecutive features, as many for each variable as the data have shown; saved with the map.

    Until `divide` is told, or a state dict is loaded, nobody owns anything.
    """

    _counts: Tensor

    def __init__(self, variables: int) -> None:
        super().__init__()
        self.register_buffer("_counts", torch.zeros(variables, dtype=torch.long))

    def divide(self, counts: Sequence[int]) -> None:
        """How many features each variable owns."""
        self._counts.copy_(torch.tensor(counts))

    def shares(self) -> Tensor:
        """1 where a feature is the variable's own: [variables, features]."""
        return _split(self._counts, int(self._counts.sum()))


def _split(counts: Tensor, features: int) -> Tensor:
    ends = counts.cumsum(0)[:, None]
    places = torch.arange(features, device=counts.device)
    return ((places < ends) & (places >= ends - counts[:, None])).float()
