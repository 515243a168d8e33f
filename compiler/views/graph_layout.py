"""Where the nodes of a causal graph stand: layers from left to right, as causes come first.

The steps are those of Sugiyama, Tagawa and Toda, "Methods for Visual Understanding of Hierarchical
System Structures" (1981): turn back the edges that close cycles, give each node the longest path
from a root as its layer, let long edges pass through a place of their own in each layer between,
and move every place as near to its neighbours as its layer allows, at first past others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from statistics import fmean

_SWEEPS = 24
_DEEP = 4  # beyond so many layers, inputs stand beside what reads them instead of at the very left


@dataclass(frozen=True, slots=True)
class Size:
    """A node's extent in pixels."""

    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Point:
    """A node's centre, or a place that an edge passes through."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Route:
    """An edge's way from layer to layer: level through each layer that it passes, from one side of
    it to the other, so that it meets none of the layer's nodes. `is_turned`: its arrow points to
    the left.
    """

    source: int
    target: int
    through: tuple[Point, ...]
    is_turned: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """Everything in pixels from the upper left corner."""

    centres: tuple[Point, ...]
    routes: tuple[Route, ...]
    width: float
    height: float


@dataclass(slots=True)
class _Place:
    """A node, or an edge on its way through a layer, with the places that it is joined to."""

    layer: int
    height: float
    before: list[_Place] = field(default_factory=list["_Place"])
    after: list[_Place] = field(default_factory=list["_Place"])
    y: float = 0.0


def lay_out(
    sizes: Sequence[Size], edges: Sequence[tuple[int, int]], *, across: float, between: float
) -> Layout:
    """Positions for nodes of the given sizes; `across` and `between` are the gaps between layers
    and within one. Edges from a node to itself are left out.
    """
    proper = [edge for edge in edges if edge[0] != edge[1]]
    turned, depth = _layers(len(sizes), proper)
    nodes = [_Place(layer, size.height) for layer, size in zip(depth, sizes, strict=True)]
    layers: list[list[_Place]] = [[] for _ in range(max(depth, default=-1) + 1)]
    for node in nodes:
        layers[node.layer].append(node)
    ways: list[list[_Place]] = []
    for edge in proper:
        first, last = edge[::-1] if edge in turned else edge
        passed = [_Place(layer, 4.0) for layer in range(depth[first] + 1, depth[last])]
        for place in passed:
            layers[place.layer].append(place)
        ways.append([nodes[first], *passed, nodes[last]])
        for place, other in pairwise(ways[-1]):
            place.after.append(other)
            other.before.append(place)
    _spread(layers, between)
    left, columns = 0.0, list[tuple[float, float]]()
    for layer in range(len(layers)):
        right = left + max(
            size.width for size, own in zip(sizes, depth, strict=True) if own == layer
        )
        columns.append((left, right))
        left = right + across
    everything = [place for layer in layers for place in layer]
    top = min((place.y - place.height / 2 for place in everything), default=0.0)
    bottom = max((place.y + place.height / 2 for place in everything), default=0.0)
    centres = tuple(Point(sum(columns[place.layer]) / 2, place.y - top) for place in nodes)
    routes: list[Route] = []
    for edge, way in zip(proper, ways, strict=True):
        sides = [Point(x, place.y - top) for place in way for x in columns[place.layer]]
        routes.append(Route(*edge, tuple(sides[1:-1]), edge in turned))
    return Layout(centres, tuple(routes), max(0.0, left - across), bottom - top)


def _layers(count: int, edges: Sequence[tuple[int, int]]) -> tuple[set[tuple[int, int]], list[int]]:
    """The edges that are turned back, and the longest path to each node; in a deep graph, roots
    stand right before what reads them.
    """
    before = {node: [source for source, target in edges if target == node] for node in range(count)}
    turned: set[tuple[int, int]] = set()
    while True:
        try:
            order = list(TopologicalSorter(before).static_order())
            break
        except CycleError as error:
            cycle: list[int] = error.args[1]
            source, target = max(pairwise(cycle), key=lambda edge: edge[0] - edge[1])
            before[target].remove(source)
            before[source].append(target)
            turned.add((source, target))
    depth = [0] * count
    for node in order:
        depth[node] = 1 + max((depth[source] for source in before[node]), default=-1)
    if max(depth, default=0) > _DEEP:
        for node in range(count):
            after = [depth[reader] for reader in range(count) if node in before[reader]]
            if after and not before[node]:
                depth[node] = min(after) - 1
    return turned, depth


def _spread(layers: Sequence[list[_Place]], between: float) -> None:
    """Give every place its height on the page, near to its neighbours'. In the first half of the
    sweeps a place may pass others of its layer, which leaves few crossings; then the order stays.
    """
    for layer in layers:
        _stand(layer, [0.0] * len(layer), between)  # every layer around the same line
    for sweep in range(_SWEEPS):
        forwards = sweep % 2 == 0
        may_pass = sweep < _SWEEPS // 2
        for layer in layers if forwards else reversed(layers):
            wanted: dict[int, float] = {}
            for place in layer:
                near = place.before if forwards else place.after
                near = near if may_pass else [*place.before, *place.after]
                wanted[id(place)] = fmean(neighbour.y for neighbour in near) if near else place.y
            if may_pass:
                layer.sort(key=lambda place: wanted[id(place)])
            _stand(layer, [wanted[id(place)] for place in layer], between)


def _stand(layer: Sequence[_Place], wanted: Sequence[float], between: float) -> None:
    """Put places at the heights nearest to the wanted ones (least squares) that keep the order and
    the gaps.

    Without the gaps this is isotonic regression: neighbours that want to stand in the wrong order
    are pooled and stand at their mean.
    """
    offsets = [0.0]
    for place, other in pairwise(layer):
        offsets.append(offsets[-1] + (place.height + other.height) / 2 + between)
    pools: list[list[float]] = []
    for want, offset in zip(wanted, offsets, strict=True):
        pools.append([want - offset])
        while len(pools) > 1 and fmean(pools[-2]) > fmean(pools[-1]):
            pools[-2:] = [pools[-2] + pools[-1]]
    flat = [fmean(pool) for pool in pools for _ in pool]
    for place, y, offset in zip(layer, flat, offsets, strict=True):
        place.y = y + offset
