"""How a decoder's forward pass is called: ids, mask, positions, and the one prediction read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from causalspec.runtime.untyped import distinct

if TYPE_CHECKING:
    from causalspec.runtime.inputs.tokens import TokenizedPrompts
    from causalspec.runtime.networks.network import Network


def occupied(mask: Tensor) -> slice:
    """The columns of a mask [rows, T] that any row has a token in."""
    columns = mask.any(0).nonzero()[:, 0]
    return slice(int(columns[0]), int(columns[-1]) + 1)


def forward_arguments(
    network: Network, prompts: TokenizedPrompts, rows: Tensor, here: slice
) -> dict[str, Any]:
    """Keyword arguments that run the columns `here` of the prompts `rows` from the beginning."""
    device = network.device
    arguments: dict[str, Any] = {"input_ids": prompts.ids[rows, here].to(device)}
    mask = prompts.mask[rows, here]
    if not bool(mask.all()):  # an unpadded batch takes each network's fastest way
        arguments["attention_mask"] = mask.to(device)
        arguments |= position_arguments(network, prompts, rows, here)
    return arguments


def position_arguments(
    network: Network, prompts: TokenizedPrompts, rows: Tensor, here: slice
) -> dict[str, Tensor]:
    """The numbers of the positions in the columns `here`, as the architecture counts them."""
    if network.first_position is None:
        return {}
    numbers = prompts.position_ids[rows, here] + network.first_position
    return {"position_ids": numbers.to(network.device)}


def answer_logits(network: Network, arguments: dict[str, Any], answers: Tensor) -> Tensor:
    """Run the network and return the logits [rows, vocabulary] at `answers` [rows].

    `answers` are columns of the ids given. Only columns that are some row's answer are unembedded:
    one, where the padding is on the left.
    """
    kept, places = distinct(answers)
    limited = "logits_to_keep" in network.forward_parameters
    keeping = {"logits_to_keep": kept.to(network.device)} if limited else {}
    logits: Tensor = network.model(**arguments, **keeping).logits
    if not limited:
        logits = logits[:, kept.to(network.device)]
    if len(kept) == 1:
        return logits.flatten(0, 1)  # a view: the gradient of `logits[:, 0]` would be copied
    rows = torch.arange(len(answers), device=network.device)
    return logits[rows, places.to(network.device)]
