"""One run over a data set's prompts that keeps all that training will ever read of the network.

Within a fit the network is frozen, so everything but the alignment map is constant: the residual
stream of the bases, the vectors of the sources at the site, and the keys and values of the bases'
earlier positions. One harvest serves every layer and token column of a sweep.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache

from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime.engine.batches import Batching
from causalspec.runtime.engine.calls import answer_logits, forward_arguments, occupied
from causalspec.runtime.engine.streams import streams_read
from causalspec.runtime.inputs.tokens import TokenColumns, TokenizedPrompts
from causalspec.runtime.networks.network import Network
from causalspec.runtime.networks.self_check import probe_ids
from causalspec.runtime.untyped import as_list


def no_progress(_done: int, _total: int) -> None:
    """For callers that do not watch."""


def no_notice(_message: str) -> None:
    """For callers that do not listen."""


@dataclass(frozen=True, eq=False)
class HarvestRequest:
    """What to keep: prompts, candidate token columns, layers (ascending) and who is a base.

    `is_base` is a BoolTensor [inputs]: other inputs are sources only, of which the vectors at the
    sites suffice. `with_past` says whether keys and values are wanted, as the suffix needs them,
    `batching` which prompts may be run together.
    """

    prompts: TokenizedPrompts
    columns: TokenColumns
    layers: tuple[int, ...]
    is_base: Tensor
    with_past: bool = True
    batching: Batching = Batching.BY_LENGTH


@dataclass(frozen=True, eq=False)
class Harvest:
    """What one run over the prompts left behind. Equal prompts are stored once.

    Sizes: `slots` distinct prompts, `stored` distinct bases among them. `slot_of` [inputs] and
    `base_of` [slots] (-1 for no base) number them. `vectors[layer]` is [slots, columns, width] and
    `streams[layer]` [stored, T - earliest, width], from position `earliest` on. `starts` has for
    each column the first position at which it lies in any base. `keys` and `values` have a tensor
    [stored, heads, past, size] for each layer of the network, None up to the lowest harvested one.
    """

    layers: tuple[int, ...]
    slot_of: Tensor
    base_of: Tensor
    representatives: Tensor  # LongTensor [slots]: the first input with each distinct prompt
    earliest: int
    starts: tuple[int, ...]
    vectors: dict[int, Tensor] = field(repr=False)
    streams: dict[int, Tensor] = field(repr=False)
    keys: tuple[Tensor | None, ...] = field(repr=False)
    values: tuple[Tensor | None, ...] = field(repr=False)
    predictions: Tensor = field(repr=False)


def harvest(
    network: Network,
    request: HarvestRequest,
    *,
    storage: torch.device | None = None,
    chunk_rows: int | None = None,
    progress: Callable[[int, int], None] = no_progress,
    notice: Callable[[str], None] = no_notice,
) -> Harvest:
    """Run every distinct prompt once, `chunk_rows` at a time, and keep what `request` asks for.

    `storage` is where the tensors stay, by default the network's device. When memory runs out the
    chunk is halved and `notice` told; `progress` hears of prompts done and their number.

    Raises:
        ToolFailure: memory runs out even for a single prompt.
    """
    collector = _Collector(network, request, storage or network.device)
    rows = chunk_rows or (64 if network.device.type == "cpu" else 256)
    order = collector.order
    done = 0
    while done < len(order):
        chunk = collector.alike(order[done : done + rows])
        try:
            collector.run(chunk)
        except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
            if not _is_out_of_memory(error):
                raise
            if rows == 1:
                raise ToolFailure("memory runs out on a single prompt") from error
            rows = max(1, min(rows, len(chunk)) // 2)
            notice(f"memory ran out: going on with {rows} prompts at a time")
            continue
        done += len(chunk)
        progress(done, len(order))
    return collector.result()


def estimate_bytes(network: Network, request: HarvestRequest) -> int:
    """How much memory the harvest's tensors will take."""
    plan = _Plan(request)
    size = torch.finfo(network.dtype).bits // 8
    stored = int((plan.base_of >= 0).sum())
    vectors = len(plan.representatives) * request.columns.positions.shape[1] * network.width
    if not request.with_past:
        return size * len(request.layers) * vectors
    streams = stored * (request.prompts.length - plan.earliest) * network.width
    past = 0
    for keys, values in _past_shapes(network)[min(request.layers) + 1 :]:
        past += stored * plan.latest * (keys + values)
    return size * (len(request.layers) * (vectors + streams) + past)


def _past_shapes(network: Network) -> list[tuple[int, int]]:
    """Numbers a token of each layer's keys and values, read off a run on one token."""
    cache = DynamicCache()
    with torch.no_grad():
        network.model(
            input_ids=probe_ids(network.model, 1)[None],
            past_key_values=cache,
            use_cache=True,
        )
    layers: Any = cache.layers
    return [(one.keys[0].numel(), one.values[0].numel()) for one in layers]


def _is_out_of_memory(error: BaseException) -> bool:
    # On the CPU torch raises a plain RuntimeError.
    return not isinstance(error, RuntimeError) or "memory" in str(error)


class _Plan:
    """Which prompts are distinct, which of them are bases, and which positions matter."""

    def __init__(self, request: HarvestRequest) -> None:
        positions = request.columns.positions
        numbers: dict[tuple[str, tuple[int, ...]], int] = {}
        places: list[list[int]] = as_list(positions)
        slot_of = [
            numbers.setdefault((text, tuple(place)), len(numbers))
            for text, place in zip(request.prompts.texts, places, strict=True)
        ]
        self.slot_of = torch.tensor(slot_of, dtype=torch.long)
        representatives = torch.full((len(numbers),), -1)
        for row, slot in reversed(list(enumerate(slot_of))):
            representatives[slot] = row
        self.representatives = representatives
        is_base = torch.zeros(len(numbers), dtype=torch.bool)
        is_base[self.slot_of[request.is_base]] = True
        self.base_of = torch.where(is_base, is_base.long().cumsum(0) - 1, -1)
        base_positions = positions[representatives[is_base]]
        starts: list[int] = as_list(base_positions.min(0).values) if len(base_positions) else [0]
        self.starts = tuple(starts)
        self.earliest, self.latest = min(starts), max(starts)


class _Collector:
    """The tensors of a harvest while chunk after chunk fills them."""

    def __init__(self, network: Network, request: HarvestRequest, storage: torch.device) -> None:
        self.network, self.request, self.storage = network, request, storage
        plan = _Plan(request)
        self.plan = plan
        self.base_of = plan.base_of
        self.stored = int((plan.base_of >= 0).sum())
        self.lengths = request.prompts.mask.sum(1)[plan.representatives]
        # Bases first; within each kind by length, so that a chunk carries little padding.
        self.order = torch.argsort((plan.base_of < 0) * (1 + request.prompts.length) + self.lengths)
        slots, columns = len(plan.representatives), request.columns.positions.shape[1]
        kept = request.prompts.length - plan.earliest
        self.vectors = {k: self._empty(slots, columns, network.width) for k in request.layers}
        streams = request.layers if request.with_past else ()
        self.streams = {k: self._empty(self.stored, kept, network.width) for k in streams}
        self.keys: list[Tensor | None] = [None] * len(network.layers)
        self.values: list[Tensor | None] = [None] * len(network.layers)
        self.predictions = torch.full((slots,), -1)

    def _empty(self, *shape: int) -> Tensor:
        # Zeros, not whatever memory holds: masked positions must stay finite.
        return torch.zeros(shape, dtype=self.network.dtype, device=self.storage)

    def alike(self, slots: Tensor) -> Tensor:
        """As many of these, from the front, as may be run together.

        Bases and mere sources are run apart: only the former need keys and values.
        """
        same = (self.base_of[slots] >= 0) == (self.base_of[slots[0]] >= 0)
        if self.request.batching is Batching.BY_LENGTH:
            same &= self.lengths[slots] == self.lengths[slots[0]]
        return slots[same]  # the order keeps those alike together

    @torch.no_grad()
    def run(self, slots: Tensor) -> None:
        """Run these distinct prompts and store their share."""
        prompts, plan = self.request.prompts, self.plan
        rows = plan.representatives[slots]
        here = occupied(prompts.mask[rows])
        seen: dict[int, Tensor] = {}
        are_bases = bool(plan.base_of[slots[0]] >= 0)
        arguments = forward_arguments(self.network, prompts, rows, here)
        cache = DynamicCache() if are_bases and self.request.with_past else None
        if cache is not None:
            arguments |= {"past_key_values": cache, "use_cache": True}
        else:
            arguments |= {"use_cache": False}
        with streams_read(self.network.layers, self.request.layers, seen.__setitem__):
            answers = prompts.answer_positions[rows] - here.start
            logits = answer_logits(self.network, arguments, answers)
        self.predictions[slots] = logits.argmax(-1).cpu()
        self._store(slots, rows, here, seen, cache)

    def _store(
        self,
        slots: Tensor,
        rows: Tensor,
        here: slice,
        seen: dict[int, Tensor],
        cache: DynamicCache | None,
    ) -> None:
        device, plan = self.network.device, self.plan
        positions = (self.request.columns.positions[rows] - here.start).to(device)
        within = torch.arange(len(rows), device=device)[:, None]
        targets = slots.to(self.storage)
        for layer, stream in seen.items():
            self.vectors[layer][targets] = stream[within, positions].to(self.storage)
        if cache is None:
            return
        stored = plan.base_of[slots].to(self.storage)
        first = max(plan.earliest, here.start)
        into = slice(first - plan.earliest, here.stop - plan.earliest)
        for layer, stream in seen.items():
            kept = stream[:, first - here.start :].to(self.storage)
            self.streams[layer][stored, into] = kept
        lowest = self.request.layers[0]
        cached: Any = cache.layers
        until = min(plan.latest, here.stop)
        for number in range(lowest + 1, len(self.network.layers)):
            for kind, tensor in (
                (self.keys, cached[number].keys),
                (self.values, cached[number].values),
            ):
                whole = kind[number]
                if whole is None:
                    whole = self._empty(self.stored, tensor.shape[1], plan.latest, tensor.shape[3])
                    kind[number] = whole
                if until > here.start:
                    part = tensor[:, :, : until - here.start].to(self.storage)
                    whole[stored, :, here.start : until] = part

    def result(self) -> Harvest:
        plan = self.plan
        return Harvest(
            layers=self.request.layers,
            slot_of=plan.slot_of.to(self.storage),
            base_of=plan.base_of.to(self.storage),
            representatives=plan.representatives,
            earliest=plan.earliest,
            starts=plan.starts,
            vectors=self.vectors,
            streams=self.streams,
            keys=tuple(self.keys),
            values=tuple(self.values),
            predictions=self.predictions[plan.slot_of],
        )
