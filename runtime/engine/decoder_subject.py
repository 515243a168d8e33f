"""A decoder and its prompts as a subject: harvested once, then run by the fast path if right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import psutil
import torch
from torch import Tensor
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer, DynamicSlidingWindowLayer

from causalspec.runtime.engine.alone import (
    few_layers,
    few_rows,
    how_to_batch,
    rotation,
    share_apart,
    tolerance,
)
from causalspec.runtime.engine.batches import Batching
from causalspec.runtime.engine.harvest import (
    Harvest,
    HarvestRequest,
    estimate_bytes,
    harvest,
    no_notice,
    no_progress,
)
from causalspec.runtime.engine.plain_path import plain_logits
from causalspec.runtime.engine.subjects import Edit, Site
from causalspec.runtime.engine.suffix import suffix_logits
from causalspec.runtime.inputs.tokens import TokenColumns, TokenizedPrompts
from causalspec.runtime.networks.network import Network
from causalspec.runtime.networks.self_check import RUN_ERRORS, first_line
from causalspec.runtime.untyped import as_list


@dataclass(frozen=True, eq=False)
class DecoderSubject:
    """A network with the prompts of one data set, harvested at some layers and token columns.

    `plain_because` is None where the fast path is in use, else why it is not.
    """

    network: Network
    prompts: TokenizedPrompts
    columns: TokenColumns
    kept: Harvest
    batching: Batching
    plain_because: str | None

    @property
    def width(self) -> int:
        """The size of the residual stream."""
        return self.network.width

    @property
    def layers(self) -> tuple[int, ...]:
        """The harvested layers, ascending."""
        return self.kept.layers

    @property
    def device(self) -> torch.device:
        """Where vectors and logits are."""
        return self.network.device

    @property
    def predictions(self) -> Tensor:
        """LongTensor [inputs]: the token that follows each prompt left alone."""
        return self.kept.predictions

    def vectors(self, site: Site, inputs: Tensor) -> Tensor:
        """The residual stream [rows, width] after the site's layer, at its token column."""
        slots = self.kept.slot_of[inputs.to(self.kept.slot_of.device)]
        return self.kept.vectors[site.layer][slots, site.column].to(self.device)

    def logits(self, inputs: Tensor, edits: Sequence[Edit]) -> Tensor:
        """The logits [rows, vocabulary] of the token that follows each prompt."""
        positions = self.columns.positions
        if edits and self.plain_because is None:
            return suffix_logits(
                self.network, self.prompts, positions, self.kept, inputs, edits, self.batching
            )
        return plain_logits(self.network, self.prompts, positions, inputs, edits, self.batching)


def decoder_subjects(
    network: Network,
    prompts: TokenizedPrompts,
    columns: TokenColumns,
    layers: Sequence[int],
    is_base: Tensor,
    *,
    memory_budget: int | None = None,
    progress: Callable[[int, int], None] = no_progress,
    notice: Callable[[str], None] = no_notice,
) -> Iterator[DecoderSubject]:
    """Subjects that together serve every one of `layers`: one, where its harvest fits in memory.

    Where it does not fit in `memory_budget` bytes (by default 40 % of what is free), each subject
    serves some of the layers and is to be dropped before the next is asked for; where not even one
    layer fits, its subject takes the plain path, which keeps next to nothing. Arguments are as in
    `HarvestRequest`; `notice` hears of each such decision.
    """
    wanted = tuple(sorted(set(layers)))
    _check_layers(network, wanted)
    batching, padding = how_to_batch(network, prompts, columns.positions, wanted)
    if padding is not None:
        notice(f"prompts are run with others of their length only: {padding}")
    whole = HarvestRequest(prompts, columns, wanted, is_base, batching=batching)
    because = why_not_suffix(network, whole)
    if because is not None:
        notice(f"full forward passes are used: {because}")
    budget = memory_budget if memory_budget is not None else _free_memory(network.device) * 2 // 5
    remaining = list(wanted)
    while remaining:
        reason = because
        group = _largest_fitting(
            network, replace(whole, with_past=because is None), remaining, budget
        )
        if not group:
            group = remaining[:1]
            reason = reason or "the activations do not fit in memory"
            notice(f"layer {group[0]}: {reason}")
        elif len(group) < len(remaining):
            notice(
                f"the activations are kept for {len(group)} of {len(remaining)} layers at a time"
            )
        request = replace(whole, layers=tuple(group), with_past=reason is None)
        kept = harvest(network, request, progress=progress, notice=notice)
        yield DecoderSubject(network, prompts, columns, kept, batching, reason)
        remaining = remaining[len(group) :]


def why_not_suffix(network: Network, request: HarvestRequest) -> str | None:
    """Compare the fast path with full passes on a few prompts: None where they agree.

    The lowest and the middle of the layers are tried at every column, on the shortest and the
    longest prompts, with an edit that changes every number of the vector.
    """
    rows = few_rows(request.prompts)
    few = replace(
        request,
        prompts=_take(request.prompts, rows),
        columns=TokenColumns(request.columns.tokens, request.columns.positions[rows]),
        layers=tuple(few_layers(request.layers)),
        is_base=torch.ones(len(rows), dtype=torch.bool),
    )
    try:
        cache_kinds: Any = DynamicCache(config=network.model.config).layers
        if any(type(one) not in (DynamicLayer, DynamicSlidingWindowLayer) for one in cache_kinds):
            return "some layers keep a state instead of keys and values"
        with torch.no_grad():
            apart = _largest_difference(network, few)
    except RUN_ERRORS as error:
        return f"the network cannot start above its lowest layer ({first_line(error)})"
    if apart > tolerance(network):
        return (
            f"starting above the lowest layer changes its outputs (by {apart:.1e} of the largest)"
        )
    return None


def _largest_difference(network: Network, request: HarvestRequest) -> float:
    kept = harvest(network, request)
    rows = torch.arange(request.prompts.rows)
    prompts, positions, batching = request.prompts, request.columns.positions, request.batching
    return max(
        share_apart(
            suffix_logits(network, prompts, positions, kept, rows, edits, batching),
            plain_logits(network, prompts, positions, rows, edits, batching),
        )
        for layer in request.layers
        for edits in ([rotation(layer, column)] for column in range(positions.shape[1]))
    )


def _take(prompts: TokenizedPrompts, rows: Tensor) -> TokenizedPrompts:
    numbers: list[int] = as_list(rows)
    return TokenizedPrompts(
        tuple(prompts.texts[row] for row in numbers),
        {name: spans[rows.numpy()] for name, spans in prompts.spans.items()},
        prompts.ids[rows],
        prompts.mask[rows],
        prompts.position_ids[rows],
        prompts.offsets[rows],
    )


def _check_layers(network: Network, layers: tuple[int, ...]) -> None:
    if not layers or layers[0] < 0 or layers[-1] >= len(network.layers):
        raise ValueError(f"layers {layers} are not among the {len(network.layers)} of the network")


def _free_memory(device: torch.device) -> int:
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return psutil.virtual_memory().available


def _largest_fitting(
    network: Network, request: HarvestRequest, layers: list[int], budget: int
) -> list[int]:
    """As many of `layers`, from the front, as can be kept at once; perhaps none."""
    count = len(layers)
    while (
        count and estimate_bytes(network, replace(request, layers=tuple(layers[:count]))) > budget
    ):
        count = count // 2 if count > 1 else 0
    return layers[:count]
