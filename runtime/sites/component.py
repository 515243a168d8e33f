"""What every component of a network offers, and how it says that it isn't there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Protocol, TypeVar, runtime_checkable

from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime.sites.tap import Tap

if TYPE_CHECKING:
    from causalspec.runtime.networks.anatomy import BlockParts
    from causalspec.runtime.networks.network import Network

_Part = TypeVar("_Part")


class SiteError(ToolFailure):
    """A network has no such site."""


@runtime_checkable
class Component(Protocol):
    """A kind of site: where to take hold of a network, at which numbers."""

    @property
    def name(self) -> str:
        """As the language writes it."""
        ...

    def places(self, network: Network) -> tuple[int | None, ...]:
        """The layers at which the network has it; (None,) for what has no layers, () for none."""
        ...

    def units(self, network: Network) -> int | None:
        """How many heads, key heads or neurons an index may number; None: it takes no index."""
        ...

    def tap(self, network: Network, layer: int | None, unit: int | None, path: str) -> Tap:
        """Where it is. `unit` None means all units together.

        Raises `SiteError` where the network, or this layer of it, has no such site or unit.
        """
        ...


def check_place(component: Component, network: Network, layer: int | None) -> int:
    """The layer, if the network has the component there.

    Raises `SiteError` with the layers or the sites that it has.
    """
    places = component.places(network)
    if layer in places:
        return layer if layer is not None else 0
    from causalspec.runtime.sites.components import available_sites

    if not places:
        has = ", ".join(f"`{name}`" for name in available_sites(network))
        raise SiteError(f"`{network.name}` has no `{component.name}`", f"it has {has}")
    if layer is None:
        raise SiteError(f"`{component.name}` needs a layer")
    if None in places:
        raise SiteError(f"`{component.name}` has no layers, so no layer {layer}")
    layers = [place for place in places if place is not None]
    if layers == list(range(layers[0], layers[-1] + 1)):
        raise SiteError(
            f"`{network.name}` has `{component.name}` at layers {layers[0]} to {layers[-1]}, "
            f"not at layer {layer}"
        )
    raise SiteError(
        f"`{network.name}` has no `{component.name}` at layer {layer}",
        f"the layers that have it are {_listed(layers)}",
    )


def layers_with(
    network: Network, part_of: Callable[[BlockParts], object | None]
) -> tuple[int | None, ...]:
    """The layers whose blocks have a part."""
    if network.anatomy is None:
        return ()
    blocks = enumerate(network.anatomy.blocks)
    return tuple(number for number, block in blocks if part_of(block) is not None)


def part_at(
    component: Component,
    network: Network,
    layer: int | None,
    part_of: Callable[[BlockParts], _Part | None],
) -> tuple[int, _Part]:
    """A layer and the part that its block has. Raises `SiteError` as `check_place` does."""
    number = check_place(component, network, layer)
    assert network.anatomy is not None  # or it has no such place
    found = part_of(network.anatomy.blocks[number])
    assert found is not None
    return number, found


def most(network: Network, count_of: Callable[[BlockParts], int | None]) -> int | None:
    """The most units that any block has."""
    blocks = () if network.anatomy is None else network.anatomy.blocks
    return max((count for block in blocks if (count := count_of(block))), default=None)


def _listed(layers: Iterable[int]) -> str:
    return ", ".join(map(str, layers))
