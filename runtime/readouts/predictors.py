"""What foretells whether a network answers an input rightly: scores, larger where it likely does.

Counterfactual simulation and value probing go by the parts of the network that the hypothesis says
it computes with; confidence and a plain probe do not (Huang et al. 2025, "Internal causal
mechanisms robustly predict language model out-of-distribution behaviors", arXiv 2505.11770).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from causalspec.runtime.untyped import distinct

PENALTY = 1e-2
"""How much the squared weights of the plain probe add to its mean loss, on standardised vectors."""


@dataclass(frozen=True, eq=False)
class ValueProbe:
    """The mean feature [values, features] of each of the variable's `values` [values], and the
    variance about them, the same in all directions.
    """

    values: Tensor = field(repr=False)
    means: Tensor = field(repr=False)
    variance: float

    def log_likelihoods(self, features: Tensor) -> Tensor:
        """The logarithm [inputs, values] of how likely each value is, all of them equally common,
        for features [inputs, features].
        """
        apart = (features[:, None] - self.means[None]).square().sum(-1)
        return (-apart / (2 * self.variance)).log_softmax(-1)

    def nearest(self, features: Tensor) -> Tensor:
        """The value [inputs] whose mean is nearest."""
        return self.values[self.log_likelihoods(features).argmax(-1)]

    def scores(self, features: Tensor, values: Tensor) -> Tensor:
        """How likely [inputs] the value is that the hypothesis says, as a logarithm; NaN where no
        known input has it.
        """
        found = self.log_likelihoods(features)
        belongs = values[:, None] == self.values[None]
        known = found.masked_fill(~belongs, 0.0).sum(-1)
        return known.masked_fill(~belongs.any(-1), torch.nan)


def value_probe(features: Tensor, values: Tensor) -> ValueProbe:
    """A probe of what the variable is, from features [inputs, features] of inputs in which it has
    `values` [inputs].
    """
    kinds, classes = distinct(values)
    belongs = functional.one_hot(classes, len(kinds)).to(features)
    means = (belongs.T @ features) / belongs.sum(0)[:, None]
    spread = (features - means[classes]).square().mean()
    smallest = torch.finfo(features.dtype).eps * (1 + features.square().mean())
    return ValueProbe(kinds, means, float(torch.maximum(spread, smallest)))


@dataclass(frozen=True, eq=False)
class PlainProbe:
    """A logistic regression of whether the answer is right on the whole vector at a site."""

    centre: Tensor = field(repr=False)
    scale: Tensor = field(repr=False)
    weights: Tensor = field(repr=False)

    def scores(self, vectors: Tensor) -> Tensor:
        """The log odds [inputs], but for a constant, of a right answer."""
        return (vectors - self.centre) / self.scale @ self.weights


def plain_probe(vectors: Tensor, right: Tensor) -> PlainProbe | None:
    """Fitted to vectors [inputs, width] and whether they were answered rightly; None where all were
    or none.
    """
    if bool(right.all()) or not bool(right.any()):
        return None
    centre, scale = vectors.mean(0), vectors.std(0).clamp(min=1e-6)
    points = (vectors - centre) / scale
    weights = torch.zeros(vectors.shape[1], dtype=vectors.dtype, requires_grad=True)
    constant = torch.zeros((), dtype=vectors.dtype, requires_grad=True)
    optimizer: Any = torch.optim.LBFGS(
        [weights, constant], max_iter=200, line_search_fn="strong_wolfe"
    )

    def closure() -> Tensor:
        optimizer.zero_grad()
        logits = points @ weights + constant
        loss = functional.binary_cross_entropy_with_logits(logits, right.to(logits))
        whole = loss + PENALTY * weights.square().sum()
        torch.autograd.backward([whole])
        return whole

    with torch.enable_grad():
        optimizer.step(closure)
    return PlainProbe(centre, scale, weights.detach())
