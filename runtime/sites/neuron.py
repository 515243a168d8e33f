"""`neuron[k]`: one neuron of a block's MLP."""

from __future__ import annotations

from causalspec.runtime.networks.network import Network
from causalspec.runtime.sites.component import SiteError, layers_with, most
from causalspec.runtime.sites.neurons import neuron_tap, neurons_of
from causalspec.runtime.sites.tap import Tap


class Neuron:
    """One number of a block's `mlp_activation`, after the activation function (and the gate, where
    an architecture has one).
    """

    name = "neuron"

    def places(self, network: Network) -> tuple[int | None, ...]:
        return layers_with(network, neurons_of)

    def units(self, network: Network) -> int | None:
        return most(network, neurons_of)

    def tap(self, network: Network, layer: int | None, unit: int | None, path: str) -> Tap:
        if unit is None:
            raise SiteError(
                "`neuron` is given no index", "all of them together are `mlp_activation`"
            )
        return neuron_tap(self, network, layer, unit)
