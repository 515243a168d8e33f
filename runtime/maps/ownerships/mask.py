"""A learned choice of features, one by one."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from causalspec.runtime.maps.interface import Ownership

PENALTY = 1e-4
HOTTEST, COLDEST = 1.0, 0.01


class LearnedMask(Ownership):
    """Each feature belongs to one of the variables or to nobody.

    In training the shares of a feature are softmax(logits / T) over the variables and nobody, whose
    logit is 0 (a sigmoid where there is one variable), at a temperature T that falls from 1 to 0.01
    geometrically; hardened, the feature is all its likeliest owner's. The penalty is the sum of the
    shares, times `PENALTY`: what makes no difference is left to the base.
    """

    _temperature: Tensor  # a tensor, so that a recorded step sees it fall

    def __init__(self, variables: int, features: int) -> None:
        super().__init__()
        self.register_buffer("_temperature", torch.tensor(HOTTEST), persistent=False)
        self.logits = nn.Parameter(torch.zeros(variables, features))

    def shares(self) -> Tensor:
        """Shares [variables, features]: 0 or 1 in eval, between them in training."""
        if self.training:
            return self._soft()
        best, owner = self.logits.max(0)
        variables = torch.arange(len(self.logits), device=owner.device)[:, None]
        return ((variables == owner) & (best > 0)).to(self.logits.dtype)

    def penalty(self) -> Tensor:
        """The sum of all shares, times `PENALTY`."""
        return PENALTY * self._soft().sum()

    def anneal(self, progress: float) -> None:
        """T = 1 at the start of training, 0.01 at its end."""
        self._temperature.fill_(HOTTEST * (COLDEST / HOTTEST) ** progress)

    def _soft(self) -> Tensor:
        nobody = torch.zeros_like(self.logits[:1])
        return torch.softmax(torch.cat([self.logits, nobody]) / self._temperature, 0)[:-1]
