"""`mlp_output`: what a block's MLP gives to the residual stream."""

from __future__ import annotations

from causalspec.runtime.networks.anatomy import BlockParts, FeedForward
from causalspec.runtime.networks.network import Network
from causalspec.runtime.sites.component import layers_with, part_at
from causalspec.runtime.sites.tap import Side, Tap


class MlpOutput:
    """The down projection's output (a mixture of experts': their weighted sum), before any norm or
    factor that an architecture applies to it.
    """

    name = "mlp_output"

    def places(self, network: Network) -> tuple[int | None, ...]:
        return layers_with(network, _feed_forward)

    def units(self, network: Network) -> int | None:
        return None

    def tap(self, network: Network, layer: int | None, unit: int | None, path: str) -> Tap:
        number, found = part_at(self, network, layer, _feed_forward)
        block = network.layers[number]
        return Tap(found.output, Side.OUTPUT, None, network.width, number, found.layout, block)


def _feed_forward(block: BlockParts) -> FeedForward | None:
    return block.feed_forward
