"""`head`: what each attention head hands to the output projection."""

from __future__ import annotations

import torch

from causalspec.runtime.networks.anatomy import Attention, BlockParts
from causalspec.runtime.networks.network import Network
from causalspec.runtime.sites.component import (
    SiteError,
    layers_with,
    most,
    part_at,
)
from causalspec.runtime.sites.tap import Side, Tap


class Head:
    """A head's output, its values weighted by its attention, before the output projection; without
    an index all heads side by side.
    """

    name = "head"

    def places(self, network: Network) -> tuple[int | None, ...]:
        return layers_with(network, _with_heads)

    def units(self, network: Network) -> int | None:
        return most(network, _count)

    def tap(self, network: Network, layer: int | None, unit: int | None, path: str) -> Tap:
        number, attention = part_at(self, network, layer, _with_heads)
        heads, size = attention.heads, attention.size
        assert heads is not None
        if unit is None:
            return Tap(attention.output, Side.INPUT, None, heads * size, number)
        if not 0 <= unit < heads:
            raise SiteError(
                f"layer {number} of `{network.name}` has {heads} heads, numbered from 0: "
                f"there is no head {unit}"
            )
        columns = torch.arange(unit * size, (unit + 1) * size, device=network.device)
        return Tap(attention.output, Side.INPUT, columns, size, number)


def _with_heads(block: BlockParts) -> Attention | None:
    attention = block.attention
    return attention if attention is not None and attention.heads is not None else None


def _count(block: BlockParts) -> int | None:
    return None if block.attention is None else block.attention.heads
