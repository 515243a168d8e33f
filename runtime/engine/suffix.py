"""The fast way: only from the lowest block that an edit enters, only the positions from there on.

What enters that block is handed over by the block below, which computes nothing, and the keys and
values of the bases' earlier positions, which no edit can reach, come from the harvest as a cache.
Edits inside the blocks happen on the way. Only the answers' positions are unembedded. Where the
padding is on the left and the site is the last token, that is a single position for all rows.

First everything is decided that depends on which rows they are, then the network runs on tensors
that lie on its device: the second part is what can be recorded and repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor
from transformers.cache_utils import Cache, DynamicLayer

from causalspec.runtime.engine.batches import Places, Run
from causalspec.runtime.engine.calls import (
    answer_logits,
    caching,
    occupied,
    position_arguments,
    unembedded,
)
from causalspec.runtime.engine.harvest import Harvest
from causalspec.runtime.engine.placing import Change, change_tensors, edited, gathered
from causalspec.runtime.engine.skipping import entering
from causalspec.runtime.engine.subjects import Outcome, Prepared
from causalspec.runtime.inputs.tokens import TokenizedPrompts
from causalspec.runtime.networks.network import Network
from causalspec.runtime.sites.components import tap_of
from causalspec.runtime.sites.hooks import taps_edited, taps_read
from causalspec.runtime.sites.site import Site
from causalspec.runtime.sites.tap import Tap
from causalspec.runtime.untyped import divided

_ARGUMENT = "argument."
"""Tensors under names that begin so are the network's arguments."""


def suffix_run(
    network: Network, prompts: TokenizedPrompts, places: Places, kept: Harvest, run: Run
) -> Outcome:
    """As `plain_run`, from what the harvest kept. Every site is a harvested one.

    The rows are bases. Gradients flow through the edits into what they are made of.
    """
    suffix, tensors = _suffix(network, prompts, places, kept, [run])
    slots = kept.slot_of[run.rows.to(kept.slot_of.device)]
    found: dict[Site, Tensor] = {}
    lowest = suffix.entries[0].block
    above = [site for site in run.reads if tap_of(network, site).enters >= lowest]

    def receive(number: int, tensor: Tensor) -> None:
        site = above[number]
        positions = places[site.token][run.rows] - suffix.new.start
        vectors = gathered(tensor, positions, tap_of(network, site).columns)
        if bool(((positions < 0) & (places[site.token][run.rows] >= 0)).any()):
            before = kept.vectors[site][slots].to(vectors.device)
            vectors = torch.where((positions >= 0)[..., None].to(vectors.device), vectors, before)
        found[site] = vectors

    logits = suffix.logits(tensors, [tap_of(network, site) for site in above], receive)
    for site in run.reads:
        if site not in found:
            found[site] = kept.vectors[site][slots].to(network.device)
    return Outcome(logits, found)


def suffixes_run(
    network: Network,
    prompts: TokenizedPrompts,
    places: Places,
    kept: Harvest,
    runs: Sequence[Run],
) -> Tensor:
    """The logits [rows of all runs, answers, outputs] of several runs as one: the rows of each
    enter at the lowest block that an edit of its own enters, and join those that are under way.
    """
    prepared = prepared_suffix(network, prompts, places, kept, runs)
    return prepared.execute(prepared.tensors)


def prepared_suffix(
    network: Network,
    prompts: TokenizedPrompts,
    places: Places,
    kept: Harvest,
    runs: Sequence[Run],
) -> Prepared:
    """The same, but for what the runs read, as a run that can be recorded."""
    order = sorted(range(len(runs)), key=lambda number: first_block(network, runs[number]))
    suffix, tensors = _suffix(network, prompts, places, kept, [runs[number] for number in order])
    if order == list(range(len(runs))):
        return Prepared(tensors, suffix.logits)
    sizes = [len(runs[number].rows) for number in order]

    def execute(tensors: Mapping[str, Tensor]) -> Tensor:
        parts = dict(zip(order, divided(suffix.logits(tensors), sizes), strict=True))
        return torch.cat([parts[number] for number in range(len(runs))])

    return Prepared(tensors, execute)


def first_block(network: Network, run: Run) -> int:
    """The lowest block that an edit of a run enters."""
    return min(tap_of(network, edit.site).enters for edit in run.edits)


class _Entry(NamedTuple):
    """The rows, of all that are run, that enter the network at a block."""

    block: int
    rows: slice


@dataclass(frozen=True, eq=False)
class _Suffix:
    """What is decided of a run: the blocks it starts at, the lowest first, the columns `past` that
    are over and those that are run anew, and what is done on the way.
    """

    network: Network
    kept: Harvest
    entries: Sequence[_Entry]
    past: slice
    new: slice
    changes: list[Change]

    def logits(
        self,
        tensors: Mapping[str, Tensor],
        reads: Sequence[Tap] = (),
        receive: Callable[[int, Tensor], None] = lambda _number, _tensor: None,
    ) -> Tensor:
        """Run the network on what `_suffix` has found for some rows."""
        network, stored = self.network, tensors["stored"]
        arguments: dict[str, Any] = {
            name.removeprefix(_ARGUMENT): tensor
            for name, tensor in tensors.items()
            if name.startswith(_ARGUMENT)
        }
        arguments |= caching(network, not network.reads_ahead)
        if not network.reads_ahead:
            arguments["past_key_values"] = self._past(stored)
        streams = {
            block: self._stream(block, stored[rows]) for block, rows in self.entries if block
        }
        with (
            entering(network.layers, streams, len(stored), network.tuple_outputs),
            taps_edited(edited(self.changes, tensors)),
            taps_read(reads, receive),
        ):
            return answer_logits(network, arguments, tensors["columns"], tensors["answers"])

    def _stream(self, block: int, stored: Tensor) -> Tensor:
        """What enters a block, of the bases with these numbers."""
        kept, new = self.kept, self.new
        stream = kept.streams[block][:, new.start - kept.earliest : new.stop - kept.earliest]
        return stream.index_select(0, stored.to(stream.device)).to(self.network.device)

    def _past(self, stored: Tensor) -> Cache:
        """The cache of the positions that are over: what each block attends to for the rows that
        are in it.
        """
        device, past = self.network.device, self.past
        # Blocks that are skipped never read theirs, but a network takes the length off the first.
        hollow = torch.empty((), device=device).expand(len(stored), 1, past.stop - past.start, 1)
        layers: list[Any] = []
        for number, (keys, values) in enumerate(zip(self.kept.keys, self.kept.values, strict=True)):
            count = max((rows.stop for block, rows in self.entries if block <= number), default=0)
            if not count or keys is None or values is None:
                layers.append(_Past(hollow, hollow))
                continue
            here = stored[:count]
            layers.append(_Past(keys.of(here, past).to(device), values.of(here, past).to(device)))
        return Cache(layers=layers)


def _suffix(
    network: Network,
    prompts: TokenizedPrompts,
    places: Places,
    kept: Harvest,
    runs: Sequence[Run],
) -> tuple[_Suffix, dict[str, Tensor]]:
    """The decisions of runs in the order in which they enter, and the tensors that they are to be
    run on.
    """
    rows, device = torch.cat([run.rows for run in runs]), network.device
    edits = [edit for run in runs for edit in run.edits]
    earliest = min(kept.starts[edit.site.token] for edit in edits)
    here = occupied(prompts.mask[rows])
    new = slice(max(earliest, here.start), here.stop)
    entries: list[_Entry] = []
    changes: list[Change] = []
    start = 0
    for run in runs:
        stop = start + len(run.rows)
        block = first_block(network, run)
        if entries and entries[-1].block == block:
            entries[-1] = _Entry(block, slice(entries[-1].rows.start, stop))
        else:
            entries.append(_Entry(block, slice(start, stop)))
        for edit in run.edits:
            positions = places[edit.site.token][run.rows] - new.start
            changes.append(Change(tap_of(network, edit.site), edit, positions, start))
        start = stop
    # The ids at the site's positions are embedded in vain, so that whatever a network derives from
    # them beside the residual stream (shapes, position tables) is as in a full pass.
    arguments = {"input_ids": prompts.ids[rows, new].to(device)}
    mask = prompts.mask[rows, here]
    if not bool(mask.all()):
        arguments["attention_mask"] = mask.to(device)
    arguments |= position_arguments(network, prompts, rows, new)
    columns, answers = unembedded(prompts.answers_within(rows, new), device)
    tensors = {f"{_ARGUMENT}{name}": tensor for name, tensor in arguments.items()}
    tensors |= {"columns": columns, "answers": answers}
    tensors["stored"] = kept.base_of[kept.slot_of[rows.to(kept.slot_of.device)]]
    tensors |= change_tensors(changes, device)
    return _Suffix(network, kept, entries, slice(here.start, new.start), new, changes), tensors


class _Past(DynamicLayer):
    """Keys and values of positions that are over: read together with new ones, never grown."""

    def __init__(self, keys: Tensor, values: Tensor) -> None:
        super().__init__()  # pyright: ignore[reportUnknownMemberType]
        self.keys, self.values = keys, values
        self.dtype, self.device = keys.dtype, keys.device
        self.is_initialized = True

    def update(
        self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any
    ) -> tuple[Tensor, Tensor]:
        keys, values = self.keys, self.values
        assert keys is not None and values is not None
        return torch.cat([keys, key_states], dim=-2), torch.cat([values, value_states], dim=-2)
