"""`value`: what a head's positions hand on."""

from __future__ import annotations

from causalspec.runtime.networks.network import Network
from causalspec.runtime.sites.component import layers_with, most, part_at
from causalspec.runtime.sites.projections import heads_of, projection_tap, value_of
from causalspec.runtime.sites.tap import Tap


class Value:
    """A key head's values.

    Without an index those of all key heads, fewer than heads where several heads share one.
    """

    name = "value"

    def places(self, network: Network) -> tuple[int | None, ...]:
        return layers_with(network, value_of)

    def units(self, network: Network) -> int | None:
        return most(network, lambda block: heads_of(value_of(block)))

    def tap(self, network: Network, layer: int | None, unit: int | None, path: str) -> Tap:
        number, found = part_at(self, network, layer, value_of)
        return projection_tap(network, found, number, unit)
