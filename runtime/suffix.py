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

from .calls import answer_logits
from .harvest import Harvest
from .networks import Network
from .plain_path import at_positions
from .streams import layer_output_given, layers_skipped, streams_edited
from .subjects import Edit
from .tokens import TokenizedPrompts


def suffix_logits(
    network: Network,
    prompts: TokenizedPrompts,
    positions: Tensor,
    kept: Harvest,
    rows: Tensor,
    edits: Sequence[Edit],
) -> Tensor:
    """As `plain_logits`, from what the harvest kept. Every edit lies at a harvested layer.

    The edited rows are bases. Gradients flow through the edits into what they are made of.
    """
    lowest = min(edit.site.layer for edit in edits)
    start = min(kept.starts[edit.site.column] for edit in edits)
    stored = kept.base_of[kept.slot_of[rows.to(kept.slot_of.device)]]
    device = network.device
    stream = kept.streams[lowest][:, start - kept.earliest :].index_select(0, stored).to(device)
    above: list[Any] = []
    for edit in edits:
        at = at_positions(edit, positions[rows, edit.site.column] - start)
        if edit.site.layer == lowest:
            stream = at(stream)
        else:
            above.append((edit.site.layer, at))
    layers = network.layers
    with (
        layers_skipped(layers[:lowest], network.tuple_outputs),
        layer_output_given(layers[lowest], stream, network.tuple_outputs),
        streams_edited(layers, above),
    ):
        arguments = _arguments(network, prompts, rows, start)
        arguments["past_key_values"] = _past(kept, stored, start, lowest, device)
        return answer_logits(network, arguments, prompts.answer_positions[rows] - start)


def _arguments(
    network: Network, prompts: TokenizedPrompts, rows: Tensor, start: int
) -> dict[str, Any]:
    # The ids at the site's positions are embedded in vain, so that whatever a network derives from
    # them beside the residual stream (shapes, position tables) is as in a full pass.
    device = network.device
    arguments: dict[str, Any] = {
        "input_ids": prompts.ids[rows, start:].to(device),
        "use_cache": True,
    }
    mask = prompts.mask[rows]
    if not bool(mask.all()):
        arguments["attention_mask"] = mask.to(device)
    if "position_ids" in network.forward_parameters:
        arguments["position_ids"] = prompts.position_ids[rows, start:].to(device)
    return arguments


def _past(kept: Harvest, stored: Tensor, start: int, lowest: int, device: torch.device) -> Cache:
    """The cache of positions before `start`: what the layers above `lowest` attend to."""
    # Layers that are skipped never read theirs, but a network takes the length off the first.
    hollow = torch.empty((), device=device).expand(len(stored), 1, start, 1)
    layers: list[Any] = []
    for number, (keys, values) in enumerate(zip(kept.keys, kept.values, strict=True)):
        if number <= lowest or keys is None or values is None:
            layers.append(_Past(hollow, hollow))
            continue
        layers.append(
            _Past(
                keys[:, :, :start].index_select(0, stored).to(device),
                values[:, :, :start].index_select(0, stored).to(device),
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
