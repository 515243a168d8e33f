"""`hidden`: the activation of a hidden layer, counted from 1, in a network without tokens."""

from __future__ import annotations

from causalspec.runtime.networks.network import Network
from causalspec.runtime.sites.component import check_place
from causalspec.runtime.sites.tap import Layout, Side, Tap


class Hidden:
    """The whole output of the k-th activation function, one vector for each input."""

    name = "hidden"

    def places(self, network: Network) -> tuple[int | None, ...]:
        return () if network.kind.reads_tokens else tuple(range(1, len(network.layers) + 1))

    def units(self, network: Network) -> int | None:
        return None

    def tap(self, network: Network, layer: int | None, unit: int | None, path: str) -> Tap:
        number = check_place(self, network, layer)
        module = network.layers[number - 1]
        return Tap(module, Side.OUTPUT, None, network.shape_after(module)[1], number, Layout.WHOLE)
