"""Every variable owns every feature whole."""

from __future__ import annotations

import torch
from torch import Tensor

from causalspec.runtime.maps.interface import Ownership


class Everything(Ownership):
    """Where a row swaps several variables, `AlignmentMap.swap` takes the mean of their sources."""

    _shares: Tensor

    def __init__(self, variables: int, features: int) -> None:
        super().__init__()
        self.register_buffer("_shares", torch.ones(variables, features), persistent=False)

    def shares(self) -> Tensor:
        """Ones [variables, features]."""
        return self._shares
