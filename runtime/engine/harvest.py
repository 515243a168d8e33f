"""One run over a data set's prompts that keeps all that training will ever read of the network.

Within a fit the network is frozen, so everything but the alignment map is constant: what enters
the lowest block that an edit enters, the vectors of bases and sources at the sites, and the keys
and values of the bases' earlier positions. One harvest serves every site of a sweep.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

import torch
from torch import Tensor
from transformers import DynamicCache

from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime.engine.batches import Batching
from causalspec.runtime.engine.calls import occupied
from causalspec.runtime.engine.harvest_plan import HarvestPlan, HarvestRequest
from causalspec.runtime.engine.memory import ran_out_of_memory
from causalspec.runtime.engine.placing import gathered
from causalspec.runtime.engine.prefixes import in_order, read_whole, rows_at_once
from causalspec.runtime.engine.storage import InMemory, Storage
from causalspec.runtime.networks.network import Network
from causalspec.runtime.sites.site import Site
from causalspec.runtime.sites.tap import Side, Tap


def no_progress(_done: int, _total: int) -> None:
    """For callers that do not watch."""


def no_notice(_message: str) -> None:
    """For callers that do not listen."""


@dataclass(frozen=True, eq=False)
class Past:
    """Keys or values of one block at the positions before the last edit's first: those at which all
    bases have the same token once, `shared` [1, heads, positions, size], and those from there on of
    each base, `own` [stored, heads, positions, size].
    """

    shared: Tensor = field(repr=False)
    own: Tensor = field(repr=False)

    def of(self, stored: Tensor, columns: slice) -> Tensor:
        """Those of some bases [rows, heads, positions, size] at the positions `columns`."""
        once = self.shared.shape[2]
        own = self.own[:, :, max(columns.start - once, 0) : max(columns.stop - once, 0)]
        taken = own.index_select(0, stored.to(own.device))
        shared = self.shared[:, :, columns.start : min(columns.stop, once)]
        if not shared.shape[2]:
            return taken
        return torch.cat([shared.expand(len(stored), -1, -1, -1), taken], dim=2)


@dataclass(frozen=True, eq=False)
class Harvest:
    """The activations kept of one run over the prompts. Equal prompts are stored once.

    Sizes: `slots` distinct prompts, `stored` distinct bases among them. `slot_of` [inputs] and
    `base_of` [slots] (-1 for no base) number them. `vectors[site]` is [slots, places, width].
    `streams[block]` is what enters a block, [stored, T - earliest, width], from position `earliest`
    on. `starts` has for each token the first position at which it lies in any base. `keys` and
    `values` have those of each block of the network, None below the lowest that an edit enters.
    `predictions` is a LongTensor [inputs, answers].
    """

    slot_of: Tensor
    base_of: Tensor
    representatives: Tensor  # LongTensor [slots]: the first input with each distinct prompt
    earliest: int
    starts: Mapping[str, int]
    vectors: dict[Site, Tensor] = field(repr=False)
    streams: dict[int, Tensor] = field(repr=False)
    keys: tuple[Past | None, ...] = field(repr=False)
    values: tuple[Past | None, ...] = field(repr=False)
    predictions: Tensor = field(repr=False)


def harvest(
    network: Network,
    request: HarvestRequest,
    *,
    storage: Storage | None = None,
    chunk_rows: int | None = None,
    progress: Callable[[int, int], None] = no_progress,
    notice: Callable[[str], None] = no_notice,
) -> Harvest:
    """Run every distinct prompt once, `chunk_rows` at a time, and keep what `request` asks for.

    `storage` is where the tensors stay, by default in the memory of the network's device. When that
    runs out the chunk is halved and `notice` told; `progress` hears of prompts done and their
    number.

    Raises:
        ToolFailure: memory runs out even for a single prompt.
    """
    collector = _Collector(network, request, storage or InMemory(network.device))
    rows = chunk_rows or rows_at_once(network, request.prompts)
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


_Store: TypeAlias = Callable[[Tensor], None]


@dataclass(frozen=True, eq=False)
class _Chunk:
    """Distinct prompts that are run together: their numbers `slots`, and `rows` as prompts; the
    columns `here` that they have tokens in. `bases` are those that are bases, counted from the
    chunk's first, and `stored` are their numbers among all bases.
    """

    slots: Tensor
    rows: Tensor
    here: slice
    bases: Tensor
    stored: Tensor


class _Collector:
    """The tensors of a harvest while chunk after chunk fills them."""

    def __init__(self, network: Network, request: HarvestRequest, storage: Storage) -> None:
        self.network, self.request, self.storage = network, request, storage
        self.device = storage.device
        plan = HarvestPlan(network, request)
        self.plan = plan
        self.stored = int((plan.base_of >= 0).sum())
        self.lengths = request.prompts.mask.sum(1)[plan.representatives]
        # By length, so that a chunk carries little padding.
        self.order = in_order(request.prompts, plan.representatives, [self.lengths])
        slots = len(plan.representatives)
        kept = request.prompts.length - plan.earliest
        self.vectors = {
            site: self._empty(slots, request.places[site.token].shape[1], tap.width)
            for site, tap in plan.taps.items()
        }
        self.streams = {
            block: self._empty(self.stored, kept, network.width) for block in plan.blocks
        }
        self.keys: list[Past | None] = [None] * len(network.layers)
        self.values: list[Past | None] = [None] * len(network.layers)
        self.predictions = torch.full((slots, request.prompts.answer_positions.shape[1]), -1)

    def _empty(self, *shape: int) -> Tensor:
        return self.storage.zeros(shape, self.network.dtype)

    def alike(self, slots: Tensor) -> Tensor:
        """As many of these, from the front, as may be run together."""
        if self.request.batching is Batching.PADDED:
            return slots
        return slots[self.lengths[slots] == self.lengths[slots[0]]]

    @torch.no_grad()
    def run(self, slots: Tensor) -> None:
        """Run these distinct prompts and store their share."""
        prompts, plan = self.request.prompts, self.plan
        rows = plan.representatives[slots]
        bases = (plan.base_of[slots] >= 0).nonzero()[:, 0]
        stored = plan.base_of[slots[bases]].to(self.device)
        here = occupied(prompts.mask[rows])
        chunk = _Chunk(slots, rows, here, bases.to(self.network.device), stored)
        at_tensors = self._asked(chunk)

        def receive(number: int, tensor: Tensor) -> None:
            for _, store in at_tensors[number]:
                store(tensor)

        logits, cache = read_whole(
            self.network,
            prompts,
            rows,
            here,
            [at_tensor[0][0] for at_tensor in at_tensors],
            receive,
            keeps=bool(len(bases)) and plan.keeps_past,
            shares=plan.keeps_past,
        )
        self.predictions[slots] = prompts.allowing(rows, logits).argmax(-1).cpu()
        if cache is not None and len(bases):
            self._store_past(chunk, cache)

    def _asked(self, chunk: _Chunk) -> list[list[tuple[Tap, _Store]]]:
        """For each tensor that a run is to hand over, the taps at it, and what each does with it:
        many sites lie in the output of one layer.
        """
        plan = self.plan
        found: dict[Any, list[tuple[Tap, _Store]]] = {}
        for site, tap in plan.taps.items():
            store = partial(self._store_vectors, site, chunk)
            found.setdefault(tap.tensor, []).append((tap, store))
        for block in plan.blocks if len(chunk.bases) else ():
            below = self.network.layers[block - 1]
            tap = Tap(below, Side.OUTPUT, None, self.network.width, block)
            store = partial(self._store_stream, block, chunk)
            found.setdefault(tap.tensor, []).append((tap, store))
        return list(found.values())

    def _store_vectors(self, site: Site, chunk: _Chunk, tensor: Tensor) -> None:
        positions = self.request.places[site.token][chunk.rows] - chunk.here.start
        found = gathered(tensor, positions, self.plan.taps[site].columns)
        self.vectors[site][chunk.slots.to(self.device)] = found.to(self.device)

    def _store_stream(self, block: int, chunk: _Chunk, stream: Tensor) -> None:
        plan, here = self.plan, chunk.here
        first = max(plan.earliest, here.start)
        into = slice(first - plan.earliest, here.stop - plan.earliest)
        kept = stream[chunk.bases, first - here.start :]
        self.streams[block][chunk.stored, into] = kept.to(self.device)

    def _store_past(self, chunk: _Chunk, cache: DynamicCache) -> None:
        plan, here, bases = self.plan, chunk.here, chunk.bases
        cached: Any = cache.layers
        once, until = plan.shared, min(plan.latest, here.stop)
        first = max(here.start, once)
        for number in range(plan.lowest, len(self.network.layers)):
            for kind, tensor in (
                (self.keys, cached[number].keys),
                (self.values, cached[number].values),
            ):
                past = kind[number]
                if past is None:
                    heads, size = tensor.shape[1], tensor.shape[3]
                    past = kind[number] = Past(
                        tensor[bases[:1], :, :once].to(self.device),
                        self._empty(self.stored, heads, plan.latest - once, size),
                    )
                if until > first:
                    part = tensor[bases, :, first - here.start : until - here.start]
                    into = slice(first - once, until - once)
                    past.own[chunk.stored, :, into] = part.to(self.device)

    def result(self) -> Harvest:
        plan = self.plan
        return Harvest(
            slot_of=plan.slot_of.to(self.device),
            base_of=plan.base_of.to(self.device),
            representatives=plan.representatives,
            earliest=plan.earliest,
            starts=plan.starts,
            vectors=self.vectors,
            streams=self.streams,
            keys=tuple(self.keys),
            values=tuple(self.values),
            predictions=self.predictions[plan.slot_of],
        )
