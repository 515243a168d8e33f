"""What of a network's runs is kept while maps are fitted, and where, within a budget of memory.

All in memory, where it fits; else in a file that is mapped; where the disk has no room, as many of
the fits' activations at a time as memory takes. Where not even one fit's do, its batches are run
anew from the beginning, without gradients, and only what they need is kept while they need it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch

from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime.engine.harvest_plan import HarvestPlan, HarvestRequest, estimate_bytes
from causalspec.runtime.engine.storage import InFiles, InMemory, MemoryBudget, Storage
from causalspec.runtime.networks.network import Network
from causalspec.runtime.sites.site import Site
from causalspec.runtime.watch import written_size

Groups = Sequence[tuple[Site, ...]]

_BATCH = 32
"""What is run anew at once: some such number of prompts."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """What is harvested of a network for `groups`, each the sites of fits that share batches, and
    where it stays.

    `request.with_past` is False where runs that start above the lowest block are not served.
    """

    groups: Groups
    request: HarvestRequest
    storage: Storage


@dataclass(frozen=True, slots=True)
class Needs:
    """What a harvest of `inputs` distinct prompts or vectors takes: `bytes` of activations, which
    stay where `kept` says.
    """

    inputs: int
    bytes: int
    kept: str


def needs(network: Network, whole: HarvestRequest, groups: Groups, memory: MemoryBudget) -> Needs:
    """What serving `groups` will take, where `whole` asks for all of their sites.

    Raises `ToolFailure` as `keeping` does.
    """
    here = keeping(network, whole, groups, memory, lambda _message: None)
    kept = "in memory" if isinstance(here.storage, InMemory) else "in a file"
    if not here.request.with_past and whole.with_past:
        kept = f"vectors alone {kept}, each batch run anew"
    elif len(here.groups) < len(groups):
        kept = f"for {len(here.groups)} of {len(groups)} groups of fits at a time"
    inputs = len(HarvestPlan(network, whole).representatives)
    return Needs(inputs, estimate_bytes(network, whole), kept)


def keeping(
    network: Network,
    whole: HarvestRequest,
    groups: Groups,
    memory: MemoryBudget,
    notice: Callable[[str], None],
) -> Keeping:
    """How to serve as many of `groups`, from the front, as can be served at once; at least one.

    Raises:
        ToolFailure: not even a batch has room in memory, or the vectors at one fit's sites nowhere.
    """
    device = network.device

    def asked(count: int) -> HarvestRequest:
        return replace(whole, sites=united(groups[:count]))

    everything = asked(len(groups))
    size = estimate_bytes(network, everything)
    for place in dict.fromkeys((device, torch.device("cpu"))):
        if size <= memory.memory(place):
            return Keeping(groups, everything, InMemory(place))
    if size <= memory.disk():
        notice(f"{written_size(size)} of activations are kept in a file in `{memory.where}`")
        return Keeping(groups, everything, InFiles(memory.where))
    count = _most(
        lambda some: estimate_bytes(network, asked(some)) <= memory.memory(device), groups
    )
    if count:
        notice(f"the activations are kept for {count} of {len(groups)} groups of fits at a time")
        return Keeping(groups[:count], asked(count), InMemory(device))
    return _vectors_alone(network, whole, groups[:1], memory, notice)


def _vectors_alone(
    network: Network,
    whole: HarvestRequest,
    groups: Groups,
    memory: MemoryBudget,
    notice: Callable[[str], None],
) -> Keeping:
    """One fit whose batches are run anew."""
    first = replace(whole, sites=groups[0])
    rows = first.is_base.nonzero()[:_BATCH, 0]
    batch, budget = estimate_bytes(network, first.of(rows)), memory.memory(network.device)
    if batch > budget:
        raise ToolFailure(
            f"{written_size(budget)} of memory are less than a batch of {len(rows)} prompts takes, "
            f"{written_size(batch)}",
            help="give `--memory` more; what is finished is kept, and the same command goes on "
            "from there",
        )
    request = replace(first, with_past=False)
    size = estimate_bytes(network, request)
    in_memory = size <= budget
    if not in_memory and size > memory.disk():
        raise ToolFailure(
            f"neither memory nor the disk of `{memory.where}` has room for {written_size(size)} of "
            "activations",
            help="make room, give `--memory` more, or draw fewer pairs",
        )
    if whole.with_past:
        where = ", ".join(str(site) for site in groups[0])
        notice(f"{where}: each batch is run anew, since the activations do not fit in memory")
    storage = InMemory(network.device) if in_memory else InFiles(memory.where)
    return Keeping(groups, request, storage)


def united(groups: Groups) -> tuple[Site, ...]:
    """Every site of some groups, each once."""
    return tuple(dict.fromkeys(site for group in groups for site in group))


def _most(fits: Callable[[int], bool], groups: Groups) -> int:
    """As many, from the front, as fit, by halving; perhaps none."""
    count = len(groups)
    while count and not fits(count):
        count = count // 2 if count > 1 else 0
    return count
