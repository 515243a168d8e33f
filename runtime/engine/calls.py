"""How a forward pass is called: ids, mask, positions, and the predictions that are read."""

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


def caching(network: Network, wanted: bool) -> dict[str, bool]:
    """The argument that lets a network keep keys and values, or keeps it from doing so."""
    return {"use_cache": wanted} if "use_cache" in network.forward_parameters else {}


def unembedded(answers: Tensor, device: torch.device) -> tuple[Tensor, Tensor]:
    """Of `answers` [rows, answers], columns of the ids given, below 0 where a row has fewer: the
    distinct ones, one where the padding is on the left, and which of them each is. Those below 0
    are the row's first.
    """
    columns, places = distinct(torch.where(answers < 0, answers[:, :1], answers))
    return columns.to(device), places.to(device)


def answer_logits(
    network: Network, arguments: dict[str, Any], columns: Tensor, places: Tensor
) -> Tensor:
    """Run the network and return the logits [rows, answers, outputs] at what `unembedded` says.

    Other columns are not unembedded. A classifier's logits are of the whole text.
    """
    if network.answers_with_a_class:
        return network.model(**arguments).logits[:, None]
    limited = "logits_to_keep" in network.forward_parameters
    keeping = {"logits_to_keep": columns} if limited else {}
    logits: Tensor = network.model(**arguments, **keeping).logits
    if not limited:
        logits = logits[:, columns]
    if len(columns) == 1:
        # A view: the gradient of an indexed tensor would be copied.
        return logits.expand(-1, places.shape[1], -1)
    return logits[torch.arange(len(places), device=places.device)[:, None], places]
