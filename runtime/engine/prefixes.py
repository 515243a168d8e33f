"""Beginnings that prompts share: run once, and gone on from for each prompt.

Prompts made from a template differ late, and those that differ early are few. Where the network can
go on from keys and values that it has kept, columns are run a few at a time, each time once for all
prompts that are alike up to there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

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

_POSITIONS_AT_ONCE = 4096

_RUN_ON_CPU, _RUN_ELSEWHERE = 64, 2048
"""What a run costs besides, as so many positions: a CPU reads every weight as long as it multiplies
some dozens of rows by it, and other devices are hardly busy with fewer.
"""


def rows_at_once(network: Network, prompts: TokenizedPrompts) -> int:
    """How many prompts are best run at once. Of more, more begin alike."""
    least = 64 if network.device.type == "cpu" else 256
    return max(least, _POSITIONS_AT_ONCE // prompts.length)


def in_order(prompts: TokenizedPrompts, rows: Tensor, kinds: Sequence[Tensor]) -> Tensor:
    """The numbers of `rows`, by the first of `kinds` [rows] first, then by the next, then by ids:
    prompts that begin alike lie side by side.
    """
    ids = prompts.ids[rows].masked_fill(~prompts.mask[rows], -1).numpy()
    keys: list[Any] = [*ids.T[::-1], *(kind.numpy() for kind in reversed(kinds))]
    return from_array(np.lexsort(keys))


class _Part(NamedTuple):
    """Columns that are run once for all rows that are alike up to their end: `firsts` [runs] are
    the first rows of each kind, and `of_row` [rows] says of which kind each row is.
    """

    columns: slice
    firsts: Tensor
    of_row: Tensor


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
    parts = _parts(network, prompts, rows, here, shares and not whole)
    last = len(parts) - 1
    cache = DynamicCache() if keeps or last else None
    pieces: list[list[Tensor]] = [[] for _ in taps]

    def run(number: int, answers: Tensor) -> Tensor:
        columns, firsts, of_row = parts[number]
        of_row = of_row.to(network.device)

        def read(tap: int, tensor: Tensor) -> None:
            if number < last:
                pieces[tap].append(tensor[of_row])  # a copy, as what follows may change the tensor
            else:
                before, pieces[tap] = pieces[tap], []
                receive(tap, torch.cat([*before, tensor], dim=1) if before else tensor)

        if number:
            _repeat(cache, parts[number - 1].of_row[firsts].to(network.device))
            arguments = _going_on(network, prompts, rows[firsts], here.start, columns)
        else:
            arguments = forward_arguments(network, prompts, rows[firsts], columns)
        arguments |= caching(network, cache is not None)
        if cache is not None:
            arguments["past_key_values"] = cache
        with taps_read(taps, read):
            return answer_logits(network, arguments, *unembedded(answers, network.device))

    for number in range(last):
        columns = parts[number].columns
        run(number, torch.tensor([[columns.stop - columns.start - 1]]))  # nothing is answered yet
    return run(last, prompts.answers_within(rows, parts[last].columns)), cache


def _going_on(
    network: Network, prompts: TokenizedPrompts, rows: Tensor, start: int, columns: slice
) -> dict[str, Any]:
    """Arguments that run some columns of prompts, of which those from `start` on were run."""
    arguments: dict[str, Any] = {"input_ids": prompts.ids[rows, columns].to(network.device)}
    mask = prompts.mask[rows, start : columns.stop]
    if not bool(mask.all()):
        arguments["attention_mask"] = mask.to(network.device)
    return arguments | position_arguments(network, prompts, rows, columns)


def _repeat(cache: DynamicCache | None, rows: Tensor) -> None:
    """What was kept of fewer rows becomes what is kept of these."""
    layers: Any = cache and cache.layers
    for layer in layers:
        layer.keys, layer.values = layer.keys[rows], layer.values[rows]


def _depends_on_length(network: Network) -> bool:
    """Whether a prompt's positions are rotated otherwise where it is longer."""
    named: Any = getattr(text_config(network.model), "rope_parameters", None) or {}
    of_layers: list[Any] = [part for part in named.values() if hasattr(part, "get")]
    return any(kind.get("rope_type") in ("dynamic", "longrope") for kind in (named, *of_layers))


def _parts(
    network: Network, prompts: TokenizedPrompts, rows: Tensor, here: slice, shares: bool
) -> list[_Part]:
    """The columns `here` in parts that take the least together; the last is run for every row."""
    every = torch.arange(len(rows))
    if not shares:
        return [_Part(here, every, every)]
    ids = prompts.ids[rows, here].masked_fill(~prompts.mask[rows, here], -1)
    width = ids.shape[1]
    differs = ids[1:] != ids[:-1]
    alike = torch.where(differs.any(1), differs.long().argmax(1), width)
    answers = prompts.answers_within(rows, here)
    latest = min(int(answers[answers >= 0].min()), width - 1)
    kinds = [1 + int((alike < length).sum()) for length in range(1, latest + 1)]
    run = _RUN_ON_CPU if network.device.type == "cpu" else _RUN_ELSEWHERE
    cuts = [0, *_cuts([*kinds, len(rows)], width, run)]
    parts: list[_Part] = []
    for start, stop in pairwise(cuts):
        is_first = torch.cat([torch.ones(1, dtype=torch.bool), alike < stop])
        columns = slice(here.start + start, here.start + stop)
        parts.append(_Part(columns, is_first.nonzero()[:, 0], is_first.long().cumsum(0) - 1))
    return [*parts, _Part(slice(here.start + cuts[-1], here.stop), every, every)]


def _cuts(kinds: Sequence[int], width: int, run: int) -> list[int]:
    """Where to cut a run of `width` columns so that all runs cost least, each `run` positions more
    than it has. `kinds` are the different beginnings of 1, 2 ... columns, and last the rows.
    """
    least, cut_at = [0], [0]
    for length, count in enumerate(kinds, start=1):
        stop = length if length < len(kinds) else width
        costs = [before + count * (stop - start) for start, before in enumerate(least)]
        start = int(np.argmin(costs))
        least.append(costs[start] + run)
        cut_at.append(start)
    cuts = [cut_at[-1]]
    while cuts[-1]:
        cuts.append(cut_at[cuts[-1]])
    return cuts[-2::-1]
