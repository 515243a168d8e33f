"""One run over a data set's prompts that keeps all that training will ever read of the network.

Within a fit the network is frozen, so everything but the alignment map is constant: what enters
the lowest block that an edit enters, the vectors of bases and sources at the sites, and the keys
and values of the bases' earlier positions. One harvest serves every site of a sweep.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache

from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime.engine.batches import Batching
from causalspec.runtime.engine.calls import (
    answer_logits,
    caching,
    forward_arguments,
    occupied,
    unembedded,
)
from causalspec.runtime.engine.memory import ran_out_of_memory
from causalspec.runtime.engine.placing import gathered
from causalspec.runtime.inputs.tokens import TokenizedPrompts
from causalspec.runtime.networks.network import Network
from causalspec.runtime.networks.self_check import probe_ids
from causalspec.runtime.sites.components import tap_of
from causalspec.runtime.sites.hooks import taps_read
from causalspec.runtime.sites.site import Site
from causalspec.runtime.sites.tap import Side, Tap
from causalspec.runtime.untyped import numbered_as_met


def no_progress(_done: int, _total: int) -> None:
    """For callers that do not watch."""


def no_notice(_message: str) -> None:
    """For callers that do not listen."""


@dataclass(frozen=True, eq=False)
class HarvestRequest:
    """What to keep: prompts, where each token lies in them, sites, and which prompts are bases.

    `places` has for each token, as a site names it, a LongTensor [inputs, places] of positions, -1
    where an input has fewer. `is_base` is a BoolTensor [inputs]: other inputs are sources only, of
    which the vectors at the sites suffice. `with_past` says whether a run is to start above the
    lowest block, `batching` which prompts may be run together.
    """

    prompts: TokenizedPrompts
    places: Mapping[str, Tensor]
    sites: tuple[Site, ...]
    is_base: Tensor
    with_past: bool = True
    batching: Batching = Batching.BY_LENGTH


@dataclass(frozen=True, eq=False)
class Harvest:
    """The activations kept of one run over the prompts. Equal prompts are stored once.

    Sizes: `slots` distinct prompts, `stored` distinct bases among them. `slot_of` [inputs] and
    `base_of` [slots] (-1 for no base) number them. `vectors[site]` is [slots, places, width].
    `streams[block]` is what enters a block, [stored, T - earliest, width], from position `earliest`
    on. `starts` has for each token the first position at which it lies in any base. `keys` and
    `values` have a tensor [stored, heads, past, size] for each block of the network, None below
    the lowest that an edit enters. `predictions` is a LongTensor [inputs, answers].
    """

    slot_of: Tensor
    base_of: Tensor
    representatives: Tensor  # LongTensor [slots]: the first input with each distinct prompt
    earliest: int
    starts: Mapping[str, int]
    vectors: dict[Site, Tensor] = field(repr=False)
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
        except (MemoryError, RuntimeError) as error:
            if not ran_out_of_memory(error):
                raise
            if rows == 1:
                advice = "take a device with more memory, or shorter prompts"
                raise ToolFailure("memory runs out on a single prompt", help=advice) from error
            rows = max(1, min(rows, len(chunk)) // 2)
            notice(f"memory ran out: going on with {rows} prompts at a time")
            continue
        done += len(chunk)
        progress(done, len(order))
    return collector.result()


def estimate_bytes(network: Network, request: HarvestRequest) -> int:
    """How much memory the harvest's tensors will take."""
    plan = _Plan(network, request)
    size = torch.finfo(network.dtype).bits // 8
    slots, stored = len(plan.representatives), int((plan.base_of >= 0).sum())
    numbers = sum(
        slots * request.places[site.token].shape[1] * tap.width for site, tap in plan.taps.items()
    )
    if plan.blocks:
        streams = stored * (request.prompts.length - plan.earliest) * network.width
        numbers += len(plan.blocks) * streams
    if plan.keeps_past:
        for keys, values in _past_shapes(network)[plan.lowest :]:
            numbers += stored * plan.latest * (keys + values)
    return size * numbers


def _past_shapes(network: Network) -> list[tuple[int, int]]:
    """Numbers a token of each block's keys and values, read off a run on one token."""
    cache = DynamicCache()
    with torch.no_grad():
        network.model(
            input_ids=probe_ids(network.model, 1)[None],
            past_key_values=cache,
            use_cache=True,
        )
    layers: Any = cache.layers
    return [(layer.keys[0].numel(), layer.values[0].numel()) for layer in layers]


class _Plan:
    """Which prompts are distinct, which of them are bases, and which positions and blocks matter.

    Where a later token changes earlier ones, every position does.
    """

    def __init__(self, network: Network, request: HarvestRequest) -> None:
        prompts = request.prompts
        read = dict.fromkeys(replace(site, receiver=None) for site in request.sites)
        self.taps = {site: tap_of(network, site) for site in read}
        tokens = dict.fromkeys(site.token for site in read)
        positions = torch.cat([request.places[token] for token in tokens], dim=1)
        # The text, too: special tokens aside it says what the ids do, and is hashed in C.
        seen = torch.cat(
            [prompts.ids.masked_fill(~prompts.mask, -1), prompts.answer_positions, positions], dim=1
        )
        self.slot_of = numbered_as_met(seen)
        slots = int(self.slot_of.max()) + 1
        every = torch.arange(prompts.rows)
        self.representatives = torch.full((slots,), prompts.rows).scatter_reduce(
            0, self.slot_of, every, "amin"
        )
        is_base = torch.zeros(slots, dtype=torch.bool)
        is_base[self.slot_of[request.is_base]] = True
        self.base_of = torch.where(is_base, is_base.long().cumsum(0) - 1, -1)
        self.starts = {
            token: _first_place(request.places[token][self.representatives[is_base]])
            for token in tokens
        }
        self.earliest, self.latest = min(self.starts.values()), max(self.starts.values())
        if network.reads_ahead:
            self.starts = dict.fromkeys(tokens, 0)
            self.earliest = self.latest = 0
        # An edge is an edit of its receiver, by the time that a run starts above the lowest block.
        edited = dict.fromkeys(site.receiver or site for site in request.sites)
        entered = sorted({tap_of(network, site).enters for site in edited})
        self.lowest = entered[0]
        self.blocks = [number for number in entered if number > 0] if request.with_past else []
        self.keeps_past = request.with_past and not network.reads_ahead


def _first_place(positions: Tensor) -> int:
    """The first of positions [bases, places] that is one; 0 where there are no bases."""
    real = positions[positions >= 0]
    return int(real.min()) if len(real) else 0


class _Collector:
    """The tensors of a harvest while chunk after chunk fills them."""

    def __init__(self, network: Network, request: HarvestRequest, storage: torch.device) -> None:
        self.network, self.request, self.storage = network, request, storage
        plan = _Plan(network, request)
        self.plan = plan
        self.stored = int((plan.base_of >= 0).sum())
        self.lengths = request.prompts.mask.sum(1)[plan.representatives]
        # Bases first; within each kind by length, so that a chunk carries little padding.
        self.order = torch.argsort((plan.base_of < 0) * (1 + request.prompts.length) + self.lengths)
        slots = len(plan.representatives)
        kept = request.prompts.length - plan.earliest
        self.vectors = {
            site: self._empty(slots, request.places[site.token].shape[1], tap.width)
            for site, tap in plan.taps.items()
        }
        self.streams = {
            block: self._empty(self.stored, kept, network.width) for block in plan.blocks
        }
        self.keys: list[Tensor | None] = [None] * len(network.layers)
        self.values: list[Tensor | None] = [None] * len(network.layers)
        self.predictions = torch.full((slots, request.prompts.answer_positions.shape[1]), -1)

    def _empty(self, *shape: int) -> Tensor:
        # Zeros, not whatever memory holds: masked positions must stay finite.
        return torch.zeros(shape, dtype=self.network.dtype, device=self.storage)

    def alike(self, slots: Tensor) -> Tensor:
        """As many of these, from the front, as may be run together.

        Bases and mere sources are run apart: only the former need keys and values.
        """
        base_of = self.plan.base_of
        same = (base_of[slots] >= 0) == (base_of[slots[0]] >= 0)
        if self.request.batching is Batching.BY_LENGTH:
            same &= self.lengths[slots] == self.lengths[slots[0]]
        return slots[same]  # the order keeps those alike together

    @torch.no_grad()
    def run(self, slots: Tensor) -> None:
        """Run these distinct prompts and store their share."""
        prompts, plan = self.request.prompts, self.plan
        rows = plan.representatives[slots]
        here = occupied(prompts.mask[rows])
        are_bases = bool(plan.base_of[slots[0]] >= 0)
        arguments = forward_arguments(self.network, prompts, rows, here)
        cache = DynamicCache() if are_bases and plan.keeps_past else None
        arguments |= caching(self.network, cache is not None)
        if cache is not None:
            arguments["past_key_values"] = cache
        entering = [
            Tap(self.network.layers[block - 1], Side.OUTPUT, None, self.network.width, block)
            for block in (plan.blocks if are_bases else ())
        ]
        taps = [*plan.taps.values(), *entering]
        sites = list(plan.taps)

        def receive(number: int, tensor: Tensor) -> None:
            if number < len(sites):
                self._store_vectors(sites[number], slots, rows, here, tensor)
            else:
                self._store_stream(plan.blocks[number - len(sites)], slots, here, tensor)

        with taps_read(taps, receive):
            answers = prompts.answers_within(rows, here)
            logits = answer_logits(
                self.network, arguments, *unembedded(answers, self.network.device)
            )
        self.predictions[slots] = prompts.allowing(rows, logits).argmax(-1).cpu()
        if cache is not None:
            self._store_past(slots, here, cache)

    def _store_vectors(
        self, site: Site, slots: Tensor, rows: Tensor, here: slice, tensor: Tensor
    ) -> None:
        positions = self.request.places[site.token][rows] - here.start
        found = gathered(tensor, positions, self.plan.taps[site].columns)
        self.vectors[site][slots.to(self.storage)] = found.to(self.storage)

    def _store_stream(self, block: int, slots: Tensor, here: slice, stream: Tensor) -> None:
        plan = self.plan
        stored = plan.base_of[slots].to(self.storage)
        first = max(plan.earliest, here.start)
        into = slice(first - plan.earliest, here.stop - plan.earliest)
        self.streams[block][stored, into] = stream[:, first - here.start :].to(self.storage)

    def _store_past(self, slots: Tensor, here: slice, cache: DynamicCache) -> None:
        plan = self.plan
        stored = plan.base_of[slots].to(self.storage)
        cached: Any = cache.layers
        until = min(plan.latest, here.stop)
        for number in range(plan.lowest, len(self.network.layers)):
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
