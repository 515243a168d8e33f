"""Where queries, keys and values lie: columns of what a projection gives."""

from __future__ import annotations

from causalspec.runtime.networks.anatomy import BlockParts
from causalspec.runtime.networks.attention_check import Projection
from causalspec.runtime.networks.network import Network
from causalspec.runtime.sites.component import SiteError
from causalspec.runtime.sites.tap import Side, Tap


def query_of(block: BlockParts) -> Projection | None:
    """The queries of a block's heads."""
    return None if block.attention is None else block.attention.query


def key_of(block: BlockParts) -> Projection | None:
    """The keys of a block's key heads."""
    return None if block.attention is None else block.attention.key


def value_of(block: BlockParts) -> Projection | None:
    """The values of a block's key heads."""
    return None if block.attention is None else block.attention.value


def heads_of(found: Projection | None) -> int | None:
    """How many heads a projection has numbers for."""
    return None if found is None else found.heads


def projection_tap(network: Network, found: Projection, number: int, unit: int | None) -> Tap:
    """The tap of one head's numbers, or of all heads', in the block of a number."""
    if unit is None:
        columns = found.columns.to(network.device) if found.fused else None
        return Tap(found.module, Side.OUTPUT, columns, found.heads * found.size, number)
    if not 0 <= unit < found.heads:
        raise _no_such_head(network, found, number, unit)
    columns = found.columns.view(found.heads, found.size)[unit].to(network.device)
    return Tap(found.module, Side.OUTPUT, columns, found.size, number)


def _no_such_head(network: Network, found: Projection, number: int, unit: int) -> SiteError:
    assert network.anatomy is not None
    attention = network.anatomy.blocks[number].attention
    heads = None if attention is None else attention.heads
    if heads is None or heads == found.heads:
        return SiteError(
            f"layer {number} of `{network.name}` has {found.heads} heads, numbered from 0: "
            f"there is no head {unit}"
        )
    shared = heads // found.heads
    return SiteError(
        f"layer {number} of `{network.name}` has {found.heads} key heads, numbered from 0, "
        f"for its {heads} heads: there is no key head {unit}",
        f"heads {unit // shared * shared} to {unit // shared * shared + shared - 1} share the keys "
        f"and values of key head {unit // shared}"
        if unit < heads
        else None,
    )
