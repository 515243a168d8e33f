"""`hidden`: the activation of a hidden layer, counted from 1, in a network without tokens."""

from __future__ import annotations

from causalspec.runtime.networks.network import Network
from causalspec.runtime.sites.component import SiteError, check_place
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
        width = network.shape_after(module)[1]
        if not width:
            raise SiteError(
                f"hidden layer {number} of `{network.name}` gives no vector for each input",
                "it runs more than once, or never"
                if network.inputs
                else "how many numbers the network takes is not known: no task is shown to it",
            )
        return Tap(module, Side.OUTPUT, None, width, number, Layout.WHOLE)
