"""The fast way: only from the lowest block that an edit enters, only the positions from there on.

What enters that block is handed over by the block below, which computes nothing, and the keys and
values of the bases' earlier positions, which no edit can reach, come from the harvest as a cache.
Edits inside the blocks happen on the way. Only the answers' positions are unembedded. Where the
padding is on the left and the site is the last token, that is a single position for all rows.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from transformers.cache_utils import Cache, DynamicLayer

from causalspec.runtime.engine.batches import Places, Run
from causalspec.runtime.engine.calls import answer_logits, caching, occupied, position_arguments
from causalspec.runtime.engine.harvest import Harvest
from causalspec.runtime.engine.placing import gathered, placed
from causalspec.runtime.engine.skipping import starting_at
from causalspec.runtime.engine.subjects import Outcome
from causalspec.runtime.inputs.tokens import TokenizedPrompts
from causalspec.runtime.networks.network import Network
from causalspec.runtime.sites.components import tap_of
from causalspec.runtime.sites.hooks import taps_edited, taps_read
from causalspec.runtime.sites.site import Site


def suffix_run(
    network: Network, prompts: TokenizedPrompts, places: Places, kept: Harvest, run: Run
) -> Outcome:
    """As `plain_run`, from what the harvest kept. Every site is a harvested one.

    The rows are bases. Gradients flow through the edits into what they are made of.
    """
    rows, edits = run.rows, run.edits
    taps = [tap_of(network, edit.site) for edit in edits]
    first = min(tap.enters for tap in taps)
    earliest = min(kept.starts[edit.site.token] for edit in edits)
    here = occupied(prompts.mask[rows])
    new = slice(max(earliest, here.start), here.stop)
    slots = kept.slot_of[rows.to(kept.slot_of.device)]
    stored = kept.base_of[slots]
    stream = None
    if first:
        stream = kept.streams[first][:, new.start - kept.earliest : new.stop - kept.earliest]
        stream = stream.index_select(0, stored).to(network.device)
    arguments = _arguments(network, prompts, rows, here, new)
    if not network.reads_ahead:
        past = slice(here.start, new.start)
        arguments["past_key_values"] = _past(kept, stored, past, first, network.device)
    changes = [
        (tap, placed(edit, places[edit.site.token][rows] - new.start, tap.columns))
        for tap, edit in zip(taps, edits, strict=True)
    ]
    found: dict[Site, Tensor] = {}
    above = [site for site in run.reads if tap_of(network, site).enters >= first]

    def receive(number: int, tensor: Tensor) -> None:
        site = above[number]
        positions = places[site.token][rows] - new.start
        vectors = gathered(tensor, positions, tap_of(network, site).columns)
        if bool(((positions < 0) & (places[site.token][rows] >= 0)).any()):
            before = kept.vectors[site][slots].to(vectors.device)
            vectors = torch.where((positions >= 0)[..., None].to(vectors.device), vectors, before)
        found[site] = vectors

    with (
        starting_at(network.layers, first, stream, network.tuple_outputs),
        taps_edited(changes),
        taps_read([tap_of(network, site) for site in above], receive),
    ):
        logits = answer_logits(network, arguments, prompts.answers_within(rows, new))
    for site in run.reads:
        if site not in found:
            found[site] = kept.vectors[site][slots].to(network.device)
    return Outcome(logits, found)


def _arguments(
    network: Network, prompts: TokenizedPrompts, rows: Tensor, here: slice, new: slice
) -> dict[str, Any]:
    # The ids at the site's positions are embedded in vain, so that whatever a network derives from
    # them beside the residual stream (shapes, position tables) is as in a full pass.
    arguments: dict[str, Any] = {"input_ids": prompts.ids[rows, new].to(network.device)}
    arguments |= caching(network, not network.reads_ahead)
    mask = prompts.mask[rows, here]
    if not bool(mask.all()):
        arguments["attention_mask"] = mask.to(network.device)
    return arguments | position_arguments(network, prompts, rows, new)


def _past(kept: Harvest, stored: Tensor, past: slice, first: int, device: torch.device) -> Cache:
    """The cache of the positions `past`: what the blocks from `first` on attend to."""
    # Blocks that are skipped never read theirs, but a network takes the length off the first.
    hollow = torch.empty((), device=device).expand(len(stored), 1, past.stop - past.start, 1)
    layers: list[Any] = []
    for number, (keys, values) in enumerate(zip(kept.keys, kept.values, strict=True)):
        if number < first or keys is None or values is None:
            layers.append(_Past(hollow, hollow))
            continue
        layers.append(
            _Past(
                keys[:, :, past].index_select(0, stored).to(device),
                values[:, :, past].index_select(0, stored).to(device),
            )
        )
    return Cache(layers=layers)


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
