"""Where a block's neurons lie, for the two components that are made of them."""

from __future__ import annotations

import torch

from causalspec.runtime.networks.anatomy import BlockParts, FeedForward
from causalspec.runtime.networks.network import Network
from causalspec.runtime.sites.component import Component, SiteError, part_at
from causalspec.runtime.sites.tap import Side, Tap


def neurons_of(block: BlockParts) -> int | None:
    """How many neurons a block's MLP has; None where it has no one layer of them."""
    return None if block.feed_forward is None else block.feed_forward.neurons


def neuron_tap(component: Component, network: Network, layer: int | None, unit: int | None) -> Tap:
    """The tap of one neuron, or of all. Raises `SiteError` where it isn't there."""
    number, found = part_at(component, network, layer, _activated)
    module, count = found.activation, found.neurons
    assert module is not None and count is not None  # as `_activated` found
    if unit is not None and not 0 <= unit < count:
        raise SiteError(
            f"layer {number} of `{network.name}` has {count} neurons, numbered from 0: "
            f"there is no neuron {unit}"
        )
    columns = None if unit is None else torch.tensor([unit], device=network.device)
    width = count if unit is None else 1
    block = network.layers[number]
    return Tap(module, Side.INPUT, columns, width, number, found.layout, block)


def _activated(block: BlockParts) -> FeedForward | None:
    found = block.feed_forward
    return found if found is not None and found.activation is not None else None
