"""The fast way: only the layers above the site, only the positions from the site on.

The intervened residual stream is handed to the network as the output of the site's layer; the
layers up to there are skipped, and the keys and values of the bases' earlier positions, which no
edit can reach, come from the harvest as a cache. Only the answer's position is unembedded. Where
the padding is on the left and the site is the last token, that is a single position for all rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from transformers.cache_utils import Cache, DynamicLayer

from causalspec.runtime.engine.batches import Batching, in_batches
from causalspec.runtime.engine.calls import answer_logits, occupied, position_arguments
from causalspec.runtime.engine.harvest import Harvest
from causalspec.runtime.engine.plain_path import at_positions
from causalspec.runtime.engine.streams import layer_output_given, layers_skipped, streams_edited
from causalspec.runtime.engine.subjects import Edit
from causalspec.runtime.inputs.tokens import TokenizedPrompts
from causalspec.runtime.networks.network import Network


def suffix_logits(
    network: Network,
    prompts: TokenizedPrompts,
    positions: Tensor,
    kept: Harvest,
    rows: Tensor,
    edits: Sequence[Edit],
    batching: Batching = Batching.BY_LENGTH,
) -> Tensor:
    """As `plain_logits`, from what the harvest kept. Every edit lies at a harvested layer.

    The edited rows are bases. Gradients flow through the edits into what they are made of.
    """
    lowest = min(edit.site.layer for edit in edits)
    earliest = min(kept.starts[edit.site.column] for edit in edits)
    layers = network.layers

    def run(rows: Tensor, edits: Sequence[Edit]) -> Tensor:
        here = occupied(prompts.mask[rows])
        new = slice(max(earliest, here.start), here.stop)
        stored = kept.base_of[kept.slot_of[rows.to(kept.slot_of.device)]]
        stream = kept.streams[lowest][:, new.start - kept.earliest : new.stop - kept.earliest]
        stream = stream.index_select(0, stored).to(network.device)
        above: list[Any] = []
        for edit in edits:
            at = at_positions(edit, positions[rows, edit.site.column] - new.start)
            if edit.site.layer == lowest:
                stream = at(stream)
            else:
                above.append((edit.site.layer, at))
        arguments = _arguments(network, prompts, rows, here, new)
        past = slice(here.start, new.start)
        arguments["past_key_values"] = _past(kept, stored, past, lowest, network.device)
        with (
            layers_skipped(layers[:lowest], network.tuple_outputs),
            layer_output_given(layers[lowest], stream, network.tuple_outputs),
            streams_edited(layers, above),
        ):
            return answer_logits(network, arguments, prompts.answer_positions[rows] - new.start)

    return in_batches(prompts, rows, edits, batching, run)


def _arguments(
    network: Network, prompts: TokenizedPrompts, rows: Tensor, here: slice, new: slice
) -> dict[str, Any]:
    # The ids at the site's positions are embedded in vain, so that whatever a network derives from
    # them beside the residual stream (shapes, position tables) is as in a full pass.
    arguments: dict[str, Any] = {
        "input_ids": prompts.ids[rows, new].to(network.device),
        "use_cache": True,
    }
    mask = prompts.mask[rows, here]
    if not bool(mask.all()):
        arguments["attention_mask"] = mask.to(network.device)
    return arguments | position_arguments(network, prompts, rows, new)


def _past(kept: Harvest, stored: Tensor, past: slice, lowest: int, device: torch.device) -> Cache:
    """The cache of the positions `past`: what the layers above `lowest` attend to."""
    # Layers that are skipped never read theirs, but a network takes the length off the first.
    hollow = torch.empty((), device=device).expand(len(stored), 1, past.stop - past.start, 1)
    layers: list[Any] = []
    for number, (keys, values) in enumerate(zip(kept.keys, kept.values, strict=True)):
        if number <= lowest or keys is None or values is None:
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
