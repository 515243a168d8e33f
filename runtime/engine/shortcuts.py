"""Which short cuts a network allows without answering otherwise: tried out on a few prompts.

Prompts of several lengths in one batch, runs that start above the lowest layer, and rows that join
such a run on the way. What was tried of a network is not tried again at sites and for lengths that
lie within.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import torch
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer, DynamicSlidingWindowLayer

from causalspec.runtime.engine.alone import (
    few_rows,
    few_sites,
    how_to_batch,
    rotation,
    share_apart,
    tolerance,
)
from causalspec.runtime.engine.batches import Batching, Run, in_batches, together_in_batches
from causalspec.runtime.engine.harvest import harvest
from causalspec.runtime.engine.harvest_plan import HarvestRequest
from causalspec.runtime.engine.memory import device_failed
from causalspec.runtime.engine.plain_path import plain_run
from causalspec.runtime.engine.suffix import suffix_run, suffixes_run
from causalspec.runtime.networks.frozen_products import multiplies_in_bfloat16
from causalspec.runtime.networks.network import Network
from causalspec.runtime.networks.self_check import RUN_ERRORS, first_line
from causalspec.runtime.sites.components import tap_of
from causalspec.runtime.sites.site import Site


@dataclass(frozen=True, slots=True)
class Shortcuts:
    """What a network allows. `unpadded_because` and `plain_because` are None where prompts may be
    padded and where runs may start above the lowest layer, else why not. `rows_join` says whether
    rows may enter such a run above the block where others have entered it.
    """

    batching: Batching
    unpadded_because: str | None
    plain_because: str | None
    rows_join: bool


@dataclass(frozen=True, slots=True)
class _Tried:
    """On what a network was tried: sites, the shortest and the longest prompt in tokens, whether
    products were rounded, and how often its weights had been written to.
    """

    sites: frozenset[Site]
    shortest: int
    longest: int
    rounded: bool
    written: int

    @classmethod
    def of(cls, network: Network, request: HarvestRequest) -> _Tried:
        lengths = request.prompts.mask.sum(1)
        ends = int(lengths.min()), int(lengths.max())
        written = sum(weight._version for weight in network.model.parameters())
        return cls(frozenset(request.sites), *ends, multiplies_in_bfloat16(), written)

    def covers(self, other: _Tried) -> bool:
        within = self.shortest <= other.shortest and other.longest <= self.longest
        alike = (self.rounded, self.written) == (other.rounded, other.written)
        return within and alike and other.sites <= self.sites


_of_networks: WeakKeyDictionary[Network, dict[_Tried, Shortcuts]] = WeakKeyDictionary()


def shortcuts(network: Network, request: HarvestRequest) -> Shortcuts:
    """The short cuts that a network allows on prompts.

    Raises:
        NetworkError: it does not run on them as `alone.how_to_batch` asks for.
    """
    known = _of_networks.setdefault(network, {})
    asked = _Tried.of(network, request)
    for tried, found in known.items():
        if tried.covers(asked):
            return found
    batching, unpadded = how_to_batch(network, request.prompts, request.places, request.sites)
    request = replace(request, batching=batching)
    plain = why_not_suffix(network, request)
    joins = plain is None and rows_may_join(network, request)
    known[asked] = Shortcuts(batching, unpadded, plain, joins)
    return known[asked]


def why_not_suffix(network: Network, request: HarvestRequest) -> str | None:
    """Compare the fast path with full passes on a few prompts: None where they agree.

    Of each component that is edited, an edge's receiver say, the lowest and the middle site are
    tried with every token, on the shortest
    and the longest prompts, with an edit that changes every number of the vector.
    """
    rows = few_rows(request.prompts)
    sites = tuple(few_sites([site.receiver or site for site in request.sites]))
    few = replace(request.of(rows), sites=sites)
    try:
        if not network.reads_ahead:
            kinds: Any = DynamicCache(config=network.model.config).layers
            if any(type(layer) not in (DynamicLayer, DynamicSlidingWindowLayer) for layer in kinds):
                return "some layers keep a state instead of keys and values"
        with torch.no_grad():
            apart = _largest_difference(network, few)
    except RUN_ERRORS as error:
        if device_failed(error):
            raise
        return f"the network cannot start above its lowest layer ({first_line(error)})"
    if apart > tolerance(network):
        return (
            f"starting above the lowest layer changes its outputs (by {apart:.1e} of the largest)"
        )
    return None


def rows_may_join(network: Network, request: HarvestRequest) -> bool:
    """Whether rows that enter at a higher block than others come to what they come to alone, as
    `why_not_suffix` tries it. They do not where a block is given what can't be told to be a row's.
    """
    rows = few_rows(request.prompts)
    sites = [site.receiver or site for site in request.sites]
    ordered = sorted(dict.fromkeys(sites), key=lambda site: tap_of(network, site).enters)
    ends = ordered[0], ordered[-1]
    if len({tap_of(network, site).enters for site in ends}) == 1:
        return True
    few = replace(request.of(rows), sites=ends)
    every = torch.arange(len(rows)).repeat(1 + request.prompts.length // len(rows))
    runs = [Run(every, (rotation(ends[1]),)), Run(every, (rotation(ends[0]),))]
    try:
        with torch.no_grad():
            kept = harvest(network, few)
            fast = partial(suffix_run, network, few.prompts, few.places, kept)
            alone = [in_batches(few.prompts, run, few.batching, fast).logits for run in runs]
            joined = partial(suffixes_run, network, few.prompts, few.places, kept)
            together = together_in_batches(few.prompts, runs, few.batching, joined)
    except RUN_ERRORS as error:
        if device_failed(error):
            raise
        return False
    return share_apart(together, torch.cat(alone)) <= tolerance(network)


def _largest_difference(network: Network, request: HarvestRequest) -> float:
    kept = harvest(network, request)
    rows = torch.arange(request.prompts.rows)
    fast = partial(suffix_run, network, request.prompts, request.places, kept)
    plain = partial(plain_run, network, request.prompts, request.places)
    apart = 0.0
    for site in request.sites:
        run = Run(rows, (rotation(site),))
        some, others = (
            in_batches(request.prompts, run, request.batching, path).logits
            for path in (fast, plain)
        )
        apart = max(apart, share_apart(some, others))
    return apart
