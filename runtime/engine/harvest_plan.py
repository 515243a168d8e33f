"""What a harvest is asked for, and what follows from that before anything is run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache

from causalspec.runtime.engine.batches import Batching
from causalspec.runtime.inputs.tokens import TokenizedPrompts
from causalspec.runtime.networks.network import Network
from causalspec.runtime.networks.self_check import probe_ids
from causalspec.runtime.sites.components import tap_of
from causalspec.runtime.sites.site import Site
from causalspec.runtime.untyped import numbered_as_met


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

    def of(self, rows: Tensor) -> HarvestRequest:
        """The same of some prompts alone, all of which are bases."""
        return replace(
            self,
            prompts=self.prompts.take(rows),
            places={token: positions[rows] for token, positions in self.places.items()},
            is_base=torch.ones(len(rows), dtype=torch.bool),
        )


class HarvestPlan:
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
        bases = self.representatives[is_base]
        self.shared = min(_shared_positions(prompts, bases), self.latest)


def _first_place(positions: Tensor) -> int:
    """The first of positions [bases, places] that is one; 0 where there are no bases."""
    real = positions[positions >= 0]
    return int(real.min()) if len(real) else 0


def _shared_positions(prompts: TokenizedPrompts, rows: Tensor) -> int:
    """How many positions, from the first on, hold the same token in all of these prompts."""
    if not len(rows):
        return 0
    ids, mask = prompts.ids[rows], prompts.mask[rows]
    same = mask.all(0) & (ids == ids[0]).all(0)
    return int(same.long().cumprod(0).sum())


def estimate_bytes(network: Network, request: HarvestRequest) -> int:
    """How much memory the harvest's tensors will take."""
    plan = HarvestPlan(network, request)
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
            numbers += (plan.shared + stored * (plan.latest - plan.shared)) * (keys + values)
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
