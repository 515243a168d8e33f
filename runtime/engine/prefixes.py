"""Beginnings that prompts share: run once, and gone on from for each prompt.

Prompts made from a template differ late. Where the network can go on from keys and values that it
has kept, those that are alike up to some column are run once up to there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import DynamicCache

from causalspec.runtime.engine.calls import (
    answer_logits,
    caching,
    forward_arguments,
    position_arguments,
    unembedded,
)
from causalspec.runtime.inputs.tokens import TokenizedPrompts
from causalspec.runtime.networks.network import Network
from causalspec.runtime.sites.hooks import taps_read
from causalspec.runtime.sites.tap import Layout, Tap
from causalspec.runtime.untyped import from_array, text_config

_LEAST_SAVED = 0.1
"""The share of a run's positions that is worth a run of its own."""


def in_order(prompts: TokenizedPrompts, rows: Tensor, kinds: Sequence[Tensor]) -> Tensor:
    """The numbers of `rows`, by the first of `kinds` [rows] first, then by the next, then by ids:
    prompts that begin alike lie side by side.
    """
    ids = prompts.ids[rows].masked_fill(~prompts.mask[rows], -1).numpy()
    keys: list[Any] = [*ids.T[::-1], *(kind.numpy() for kind in reversed(kinds))]
    return from_array(np.lexsort(keys))


def read_whole(
    network: Network,
    prompts: TokenizedPrompts,
    rows: Tensor,
    here: slice,
    taps: Sequence[Tap],
    receive: Callable[[int, Tensor], None],
    *,
    keeps: bool,
    shares: bool,
) -> tuple[Tensor, DynamicCache | None]:
    """Run the columns `here` of the prompts `rows`: the logits [rows, answers, outputs] and, where
    it `keeps` them, the keys and values; what it need not keep may come, too.

    `receive` is given each tap's tensor [rows, columns, numbers]. `shares` says whether neighbours
    may have their beginning in common: what a run from kept keys and values gives is right.
    """
    whole = any(tap.layout is Layout.WHOLE for tap in taps) or _depends_on_length(network)
    shares = shares and not whole
    once, of_row = _shared(prompts, rows, here) if shares else (0, rows)
    cache = DynamicCache() if keeps or once else None
    caches = caching(network, cache is not None)
    arguments: dict[str, Any]
    kept: dict[str, Any] = {} if cache is None else {"past_key_values": cache}
    if not once:
        arguments = forward_arguments(network, prompts, rows, here) | caches | kept
        with taps_read(taps, receive):
            answers = unembedded(prompts.answers_within(rows, here), network.device)
            return answer_logits(network, arguments, *answers), cache
    before: dict[int, Tensor] = {}
    first = slice(here.start, here.start + once)
    firsts = rows[torch.cat([torch.ones(1), of_row.diff()]).bool()]
    of_row = of_row.to(network.device)

    def begin(number: int, tensor: Tensor) -> None:
        before[number] = tensor[of_row]  # a copy, as what follows may change the tensor

    arguments = forward_arguments(network, prompts, firsts, first) | caches | kept
    with taps_read(taps, begin):
        answer_logits(network, arguments, *unembedded(torch.tensor([[once - 1]]), network.device))
    layers: Any = kept["past_key_values"].layers
    for layer in layers:
        layer.keys, layer.values = layer.keys[of_row], layer.values[of_row]

    def go_on(number: int, tensor: Tensor) -> None:
        receive(number, torch.cat([before.pop(number), tensor], dim=1))

    rest = slice(first.stop, here.stop)
    arguments = {"input_ids": prompts.ids[rows, rest].to(network.device)} | caches | kept
    mask = prompts.mask[rows, here]
    if not bool(mask.all()):
        arguments["attention_mask"] = mask.to(network.device)
    arguments |= position_arguments(network, prompts, rows, rest)
    with taps_read(taps, go_on):
        answers = unembedded(prompts.answers_within(rows, rest), network.device)
        return answer_logits(network, arguments, *answers), cache


def _depends_on_length(network: Network) -> bool:
    """Whether a prompt's positions are rotated otherwise where it is longer."""
    named: Any = getattr(text_config(network.model), "rope_parameters", None) or {}
    of_layers: list[Any] = [part for part in named.values() if hasattr(part, "get")]
    return any(kind.get("rope_type") in ("dynamic", "longrope") for kind in (named, *of_layers))


def _shared(prompts: TokenizedPrompts, rows: Tensor, here: slice) -> tuple[int, Tensor]:
    """How many columns are best run once for all neighbours that are alike in them, 0 where that
    saves little, and for each row [rows] which of the beginnings is its own.
    """
    ids = prompts.ids[rows, here].masked_fill(~prompts.mask[rows, here], -1)
    differs = ids[1:] != ids[:-1]
    width = ids.shape[1]
    alike = torch.where(differs.any(1), differs.long().argmax(1), width)
    answers = prompts.answers_within(rows, here)
    most = min(int(answers[answers >= 0].min()), width - 1)
    counts = [len(rows) * width]
    counts += [
        (1 + int((alike < once).sum())) * once + len(rows) * (width - once)
        for once in range(1, most + 1)
    ]
    once = int(np.argmin(counts))
    if counts[once] > (1 - _LEAST_SAVED) * counts[0]:
        return 0, rows
    return once, torch.cat([torch.zeros(1, dtype=torch.long), (alike < once).long().cumsum(0)])
