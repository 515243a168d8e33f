"""`key`: what a head's positions are found by."""

from __future__ import annotations

from causalspec.runtime.networks.network import Network
from causalspec.runtime.sites.component import layers_with, most, part_at
from causalspec.runtime.sites.projections import heads_of, key_of, projection_tap
from causalspec.runtime.sites.tap import Tap


class Key:
    """A key head's keys, before their positions are rotated into them and before any norm.

    Without an index those of all key heads, fewer than heads where several heads share one.
    """

    name = "key"

    def places(self, network: Network) -> tuple[int | None, ...]:
        return layers_with(network, key_of)

    def units(self, network: Network) -> int | None:
        return most(network, lambda block: heads_of(key_of(block)))

    def tap(self, network: Network, layer: int | None, unit: int | None, path: str) -> Tap:
        number, found = part_at(self, network, layer, key_of)
        return projection_tap(network, found, number, unit)
