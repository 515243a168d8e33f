"""`attention_output`: what a block's attention gives to the residual stream."""

from __future__ import annotations

from causalspec.runtime.networks.anatomy import Attention, BlockParts
from causalspec.runtime.networks.network import Network
from causalspec.runtime.sites.component import layers_with, part_at
from causalspec.runtime.sites.tap import Side, Tap


class AttentionOutput:
    """The output projection of all heads together, before any norm or factor that an architecture
    applies to it (Gemma 2 and OLMo 2 norm it, Granite scales it, BERT norms its sum).
    """

    name = "attention_output"

    def places(self, network: Network) -> tuple[int | None, ...]:
        return layers_with(network, _attention)

    def units(self, network: Network) -> int | None:
        return None

    def tap(self, network: Network, layer: int | None, unit: int | None, path: str) -> Tap:
        number, attention = part_at(self, network, layer, _attention)
        return Tap(attention.output, Side.OUTPUT, None, network.width, number)


def _attention(block: BlockParts) -> Attention | None:
    return block.attention
