"""Whether padding changes what a network that reads whole texts answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from causalspec.runtime.inputs.tokens import PaddingSide
from causalspec.runtime.networks.kinds import NetworkKind
from causalspec.runtime.networks.places import NetworkError
from causalspec.runtime.networks.self_check import answer_of, probe_ids, told

if TYPE_CHECKING:
    from causalspec.runtime.networks.network import Network

_LONG, _SHORT = 8, 3

_APART = {torch.float64: 1e-9, torch.float32: 1e-4, torch.float16: 1e-2, torch.bfloat16: 5e-2}
"""How far two answers may lie apart, as a share of the largest number: rounding alone."""


@torch.no_grad()
def changed_by_padding(network: Network, side: PaddingSide) -> str | None:
    """Why texts of several lengths can't be run together, padded on a side; None where nothing
    speaks against it: a short text answers beside a long one as it does alone.

    Encoders that classify a text by its first token need it in the first column.
    """
    ids = probe_ids(network.model, _LONG + _SHORT)
    short, filler = ids[_LONG:], _filler(network, _LONG - _SHORT)
    here = slice(len(filler), None) if side == "left" else slice(_SHORT)
    parts = [filler, short] if side == "left" else [short, filler]
    padded = torch.stack([ids[:_LONG], torch.cat(parts)])
    mask = torch.ones_like(padded)
    mask[1] = 0
    mask[1, here] = 1
    arguments: dict[str, Any] = {"input_ids": padded, "attention_mask": mask}
    if network.first_position is not None:
        positions = (mask.cumsum(1) - 1).clamp(min=0) + network.first_position
        arguments["position_ids"] = positions
    try:
        with told("it does not run on padded prompts", "texts are run many at a time"):
            together = answer_of(network.model(**arguments))[1:]
    except NetworkError as error:
        return str(error)
    alone = answer_of(network.model(input_ids=short[None]))
    if network.kind is not NetworkKind.CLASSIFIER:
        together = together[:, here]
    apart = float((together - alone).abs().max() / alone.abs().max())
    if apart <= _APART.get(network.dtype, 1e-4):
        return None
    return f"padding changes its outputs (by {apart:.1e} of the largest)"


def _filler(network: Network, count: int) -> Tensor:
    padding: Any = network.tokenizer.pad_token_id
    usable = isinstance(padding, int) and padding < network.limits.vocabulary
    return torch.full((count,), padding if usable else 0, device=network.device)
