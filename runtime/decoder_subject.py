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

from .harvest import Harvest, HarvestRequest, estimate_bytes, harvest, no_notice, no_progress
from .networks import Network, NetworkError
from .plain_path import plain_logits
from .subjects import Edit, Site
from .suffix import suffix_logits
from .tokens import TokenColumns, TokenizedPrompts
from .untyped import as_list, distinct

# How far the two paths may lie apart, as a share of the largest logit: rounding, not meaning.
_TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-4, torch.float16: 1e-2, torch.bfloat16: 5e-2}


@dataclass(frozen=True, eq=False)
class DecoderSubject:
    """A network with the prompts of one data set, harvested at some layers and token columns.

    `plain_because` is None where the fast path is in use, else why it is not.
    """

    network: Network
    prompts: TokenizedPrompts
    columns: TokenColumns
    kept: Harvest
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
            return suffix_logits(self.network, self.prompts, positions, self.kept, inputs, edits)
        return plain_logits(self.network, self.prompts, positions, inputs, edits)


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
    whole = HarvestRequest(prompts, columns, wanted, is_base)
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
        yield DecoderSubject(network, prompts, columns, kept, reason)
        remaining = remaining[len(group) :]


def why_not_suffix(network: Network, request: HarvestRequest) -> str | None:
    """Compare the fast path with full passes on a few prompts: None where they agree.

    The lowest and the middle of the layers are tried at every column, on the shortest and the
    longest prompts, with an edit that changes every number of the vector.

    Raises:
        NetworkError: full passes themselves give no finite numbers on these prompts.
    """
    cache_kinds: Any = DynamicCache(config=network.model.config).layers
    if any(type(one) not in (DynamicLayer, DynamicSlidingWindowLayer) for one in cache_kinds):
        return "some layers keep a state instead of keys and values"
    rows = _few_rows(request)
    few = HarvestRequest(
        _take(request.prompts, rows),
        TokenColumns(request.columns.tokens, request.columns.positions[rows]),
        tuple(sorted({request.layers[0], request.layers[len(request.layers) // 2]})),
        torch.ones(len(rows), dtype=torch.bool),
    )
    try:
        with torch.no_grad():
            apart = _largest_difference(network, few)
    except (RuntimeError, ValueError, TypeError, IndexError, AttributeError, KeyError) as error:
        first_line = (str(error).splitlines() or [""])[0]
        return f"the network cannot start above its lowest layer ({first_line})"
    if not apart <= _TOLERANCE.get(network.dtype, 1e-4):
        return (
            f"starting above the lowest layer changes its outputs (by {apart:.1e} of the largest)"
        )
    return None


def _largest_difference(network: Network, request: HarvestRequest) -> float:
    kept = harvest(network, request)
    rows = torch.arange(request.prompts.rows)
    positions = request.columns.positions
    apart: list[Tensor] = []
    for layer in request.layers:
        for column in range(positions.shape[1]):
            edits = [Edit(Site(layer, column), lambda vectors: vectors.roll(1, -1) * 1.1)]
            plain = plain_logits(network, request.prompts, positions, rows, edits)
            if not bool(plain.isfinite().all()):
                raise NetworkError(
                    f"`{network.name}` gives no finite outputs on these prompts",
                    help="not every network can mask padding in every precision: try float32",
                )
            fast = suffix_logits(network, request.prompts, positions, kept, rows, edits)
            apart.append((fast - plain).abs().max() / plain.abs().max())
    return float(torch.stack(apart).max())


def _few_rows(request: HarvestRequest) -> Tensor:
    by_length = request.prompts.mask.sum(1).argsort()
    return distinct(torch.cat([by_length[:2], by_length[-2:]]))[0]


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
