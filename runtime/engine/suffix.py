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
from typing import Any

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
from causalspec.runtime.engine.skipping import starting_at
from causalspec.runtime.engine.subjects import Outcome, Prepared
from causalspec.runtime.inputs.tokens import TokenizedPrompts
from causalspec.runtime.networks.network import Network
from causalspec.runtime.sites.components import tap_of
from causalspec.runtime.sites.hooks import taps_edited, taps_read
from causalspec.runtime.sites.site import Site
from causalspec.runtime.sites.tap import Tap

_ARGUMENT = "argument."
"""Tensors under names that begin so are the network's arguments."""


def suffix_run(
    network: Network, prompts: TokenizedPrompts, places: Places, kept: Harvest, run: Run
) -> Outcome:
    """As `plain_run`, from what the harvest kept. Every site is a harvested one.

    The rows are bases. Gradients flow through the edits into what they are made of.
    """
    suffix, tensors = _suffix(network, prompts, places, kept, run)
    slots = kept.slot_of[run.rows.to(kept.slot_of.device)]
    found: dict[Site, Tensor] = {}
    above = [site for site in run.reads if tap_of(network, site).enters >= suffix.first]

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


def prepared_suffix(
    network: Network, prompts: TokenizedPrompts, places: Places, kept: Harvest, run: Run
) -> Prepared:
    """The same run, but for what it reads, as one that can be recorded."""
    suffix, tensors = _suffix(network, prompts, places, kept, run)
    return Prepared(tensors, suffix.logits)


@dataclass(frozen=True, eq=False)
class _Suffix:
    """What is decided of a run: the block it starts at, the columns `past` that are over and those
    that are run anew, and what is done on the way.
    """

    network: Network
    kept: Harvest
    first: int
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
        network = self.network
        arguments: dict[str, Any] = {
            name.removeprefix(_ARGUMENT): tensor
            for name, tensor in tensors.items()
            if name.startswith(_ARGUMENT)
        }
        arguments |= caching(network, not network.reads_ahead)
        if not network.reads_ahead:
            arguments["past_key_values"] = self._past(tensors["stored"])
        stream = self._stream(tensors["stored"]) if self.first else None
        with (
            starting_at(network.layers, self.first, stream, network.tuple_outputs),
            taps_edited(edited(self.changes, tensors)),
            taps_read(reads, receive),
        ):
            return answer_logits(network, arguments, tensors["columns"], tensors["answers"])

    def _stream(self, stored: Tensor) -> Tensor:
        """What enters the first block, of the bases with these numbers."""
        kept, new = self.kept, self.new
        stream = kept.streams[self.first][:, new.start - kept.earliest : new.stop - kept.earliest]
        return stream.index_select(0, stored.to(stream.device)).to(self.network.device)

    def _past(self, stored: Tensor) -> Cache:
        """The cache of the positions that are over: what the blocks from the first on attend to."""
        device, past = self.network.device, self.past
        # Blocks that are skipped never read theirs, but a network takes the length off the first.
        hollow = torch.empty((), device=device).expand(len(stored), 1, past.stop - past.start, 1)
        layers: list[Any] = []
        for number, (keys, values) in enumerate(zip(self.kept.keys, self.kept.values, strict=True)):
            if number < self.first or keys is None or values is None:
                layers.append(_Past(hollow, hollow))
                continue
            layers.append(
                _Past(keys.of(stored, past).to(device), values.of(stored, past).to(device))
            )
        return Cache(layers=layers)


def _suffix(
    network: Network, prompts: TokenizedPrompts, places: Places, kept: Harvest, run: Run
) -> tuple[_Suffix, dict[str, Tensor]]:
    """A run's decisions, and the tensors that it is to be run on."""
    rows, device = run.rows, network.device
    taps = [tap_of(network, edit.site) for edit in run.edits]
    first = min(tap.enters for tap in taps)
    earliest = min(kept.starts[edit.site.token] for edit in run.edits)
    here = occupied(prompts.mask[rows])
    new = slice(max(earliest, here.start), here.stop)
    changes = [
        (tap, edit, places[edit.site.token][rows] - new.start)
        for tap, edit in zip(taps, run.edits, strict=True)
    ]
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
    return _Suffix(network, kept, first, slice(here.start, new.start), new, changes), tensors


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
