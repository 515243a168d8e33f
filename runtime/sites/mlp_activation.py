"""`mlp_activation`: the hidden activations of a block's MLP."""

from __future__ import annotations

from causalspec.runtime.networks.network import Network
from causalspec.runtime.sites.component import layers_with
from causalspec.runtime.sites.neurons import neuron_tap, neurons_of
from causalspec.runtime.sites.tap import Tap


class MlpActivation:
    """All neurons of a block's MLP together: what its down projection is given."""

    name = "mlp_activation"

    def places(self, network: Network) -> tuple[int | None, ...]:
        return layers_with(network, neurons_of)

    def units(self, network: Network) -> int | None:
        return None

    def tap(self, network: Network, layer: int | None, unit: int | None, path: str) -> Tap:
        return neuron_tap(self, network, layer, None)
