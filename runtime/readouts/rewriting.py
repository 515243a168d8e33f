"""Counterfactual text: a continuation under an intervention, with the noise of the observed one.

A token is drawn as the largest of logit plus Gumbel noise (the Gumbel-max trick), so that a text is
a function of the network and of noise. Ravfogel et al. 2024, "Gumbel counterfactual generation from
language models" (arXiv 2411.07180): keep the noise, change network or prompt, and run again.
Of a text that was not drawn here, the noise is drawn in hindsight, from its posterior.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache

from causalspec.runtime.networks.network import Network

Intervention = Callable[[], AbstractContextManager[None]]
"""Edits that are open while the prompt is read: what follows attends to what they left."""


@dataclass(frozen=True, eq=False)
class Continuation:
    """The `tokens` [length] that follow a prompt, and the logits [length, vocabulary] in float64
    that each was drawn by.
    """

    tokens: Tensor
    logits: Tensor = field(repr=False)


def gumbel_noise(seed: int, length: int, vocabulary: int) -> Tensor:
    """Standard Gumbel noise [length, vocabulary] in float64; the noise of a place does not depend
    on how many there are.
    """
    rows: list[Tensor] = []
    generator = torch.Generator().manual_seed(seed)
    for _ in range(length):
        uniform = torch.rand(vocabulary, generator=generator, dtype=torch.float64)
        rows.append(_gumbel(uniform))
    return torch.stack(rows) if rows else torch.empty(0, vocabulary, dtype=torch.float64)


def hindsight_noise(logits: Tensor, tokens: Tensor, seed: int) -> Tensor:
    """Gumbel noise [length, vocabulary] of its posterior given that it made these `tokens` [length]
    the largest by `logits` [length, vocabulary].

    The largest sum is a Gumbel about the logarithm of the partition function, whichever token has
    it; the other sums are Gumbels about their logits cut off there (Maddison and Tarlow 2017).
    """
    length, vocabulary = logits.shape
    normed = logits - logits.logsumexp(-1, keepdim=True)
    fresh = gumbel_noise(seed, length, vocabulary)
    largest = fresh.gather(1, tokens[:, None])  # about 0: the logits are normed
    # -log(exp(-a) + exp(-b)), in logarithms: the smaller of two, but smooth.
    below = -torch.logaddexp(-(fresh + normed), -largest.expand_as(fresh))
    sums = below.scatter(1, tokens[:, None], largest)
    noise = sums - normed
    # A token of probability 0 has no sum to be cut off: its noise is free.
    return torch.where(normed.isfinite(), noise, fresh)


@torch.no_grad()
def continued(
    network: Network,
    prompt: Tensor,
    noise: Tensor,
    intervention: Intervention = nullcontext,
    *,
    ends: Sequence[int] = (),
) -> Continuation:
    """The continuation of a prompt's ids [tokens] by noise [length, vocabulary], a token for each
    row of it, or up to one of `ends`. The prompt is read once; what follows is run token by token
    on its cached keys and values.
    """

    def chosen(logits: Tensor, place: int) -> int:
        return int((logits + noise[place]).argmax())

    return _run(network, prompt, len(noise), chosen, intervention, ends)


@torch.no_grad()
def read_along(
    network: Network,
    prompt: Tensor,
    tokens: Tensor,
    intervention: Intervention = nullcontext,
) -> Continuation:
    """A given continuation `tokens` [length] with the logits that it could have been drawn by."""
    return _run(network, prompt, len(tokens), lambda _, place: int(tokens[place]), intervention, ())


def _run(
    network: Network,
    prompt: Tensor,
    length: int,
    chosen: Callable[[Tensor, int], int],
    intervention: Intervention,
    ends: Sequence[int],
) -> Continuation:
    cache = DynamicCache(config=network.model.config)
    device, model = network.device, network.model
    found: list[int] = []
    logits: list[Tensor] = []
    ids = prompt[None].to(device)
    while len(found) < length:
        with intervention() if not found else nullcontext():
            output: Any = model(input_ids=ids, past_key_values=cache, use_cache=True)
        last = output.logits[0, -1].double().cpu()
        token = chosen(last, len(found))
        found.append(token)
        logits.append(last)
        if token in ends:
            break
        ids = torch.tensor([[token]], device=device)
    if not found:
        return Continuation(torch.empty(0, dtype=torch.long), torch.empty(0, 0))
    return Continuation(torch.tensor(found), torch.stack(logits))


def _gumbel(uniform: Tensor) -> Tensor:
    smallest = torch.finfo(uniform.dtype).tiny
    return -(-uniform.clamp(min=smallest).log()).clamp(min=smallest).log()
