"""`embedding`: what enters the first block, tokens with whatever says their positions."""

from __future__ import annotations

from causalspec.runtime.networks.network import Network
from causalspec.runtime.sites.component import check_place
from causalspec.runtime.sites.tap import Side, Tap


class Embedding:
    """The residual stream before any block, scaled or normed as the network does it."""

    name = "embedding"

    def places(self, network: Network) -> tuple[int | None, ...]:
        return (None,) if network.kind.reads_tokens else ()

    def units(self, network: Network) -> int | None:
        return None

    def tap(self, network: Network, layer: int | None, unit: int | None, path: str) -> Tap:
        check_place(self, network, layer)
        return Tap(network.layers[0], Side.INPUT, None, network.width, 0)
