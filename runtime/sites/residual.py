"""`residual`: the residual stream after a block."""

from __future__ import annotations

from causalspec.runtime.networks.network import Network
from causalspec.runtime.sites.component import check_place
from causalspec.runtime.sites.tap import Side, Tap


class Residual:
    """A block's output."""

    name = "residual"

    def places(self, network: Network) -> tuple[int | None, ...]:
        return tuple(range(len(network.layers))) if network.kind.reads_tokens else ()

    def units(self, network: Network) -> int | None:
        return None

    def tap(self, network: Network, layer: int | None, unit: int | None, path: str) -> Tap:
        number = check_place(self, network, layer)
        return Tap(network.layers[number], Side.OUTPUT, None, network.width, number + 1)
