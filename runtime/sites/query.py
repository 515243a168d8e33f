"""`query`: what each head asks."""

from __future__ import annotations

from causalspec.runtime.networks.network import Network
from causalspec.runtime.sites.component import layers_with, most, part_at
from causalspec.runtime.sites.projections import heads_of, projection_tap, query_of
from causalspec.runtime.sites.tap import Tap


class Query:
    """A head's query, before its position is rotated into it and before any norm; without an index
    those of all heads.
    """

    name = "query"

    def places(self, network: Network) -> tuple[int | None, ...]:
        return layers_with(network, query_of)

    def units(self, network: Network) -> int | None:
        return most(network, lambda block: heads_of(query_of(block)))

    def tap(self, network: Network, layer: int | None, unit: int | None, path: str) -> Tap:
        number, found = part_at(self, network, layer, query_of)
        return projection_tap(network, found, number, unit)
