"""Where the nodes of a causal graph stand: layers from left to right, as causes come first.

The steps are those of Sugiyama, Tagawa and Toda, "Methods for Visual Understanding of Hierarchical
System Structures" (1981): turn back the edges that close cycles, give each node the longest path
from a root as its layer, let long edges pass through a place of their own in each layer between,
order layers by barycentres, and move every node as near to its neighbours as its layer allows.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf

_SWEEPS = 12
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
    """A node, or an edge on its way through a layer (`node` is None)."""

    layer: int
    height: float
    node: int | None = None
    y: float = 0.0


def lay_out(
    sizes: Sequence[Size], edges: Sequence[tuple[int, int]], *, across: float, between: float
) -> Layout:
    """Positions for nodes of the given sizes; `across` and `between` are the gaps between layers
    and within one. Edges from a node to itself are left out.
    """
    proper = [edge for edge in edges if edge[0] != edge[1]]
    turned = _closing_cycles(len(sizes), proper)
    forward = [(b, a) if (a, b) in turned else (a, b) for a, b in proper]
    depth = _layers(len(sizes), forward)
    places = [_Place(depth[k], size.height, k) for k, size in enumerate(sizes)]
    ways: list[list[int]] = []
    for first, last in forward:
        way = [first]
        for layer in range(depth[first] + 1, depth[last]):
            places.append(_Place(layer, 4.0))
            way.append(len(places) - 1)
        ways.append([*way, last])
    links = [pair for way in ways for pair in itertools.pairwise(way)]
    layers = _ordered(places, links)
    _spread(places, layers, links, between)
    columns, width = _columns(sizes, depth, len(layers), across)
    top = min((place.y - place.height / 2 for place in places), default=0.0)
    height = max((place.y + place.height / 2 for place in places), default=0.0) - top
    points = [Point(columns[place.layer].middle, place.y - top) for place in places]
    routes = [
        Route(*edge, tuple(_through(way, places, points, columns)), edge in turned)
        for edge, way in zip(proper, ways, strict=True)
    ]
    return Layout(tuple(points[: len(sizes)]), tuple(routes), width, height)


def _closing_cycles(count: int, edges: Sequence[tuple[int, int]]) -> set[tuple[int, int]]:
    """Edges back to a node that is being visited, in a search from each node in order."""
    following: list[list[int]] = [[] for _ in range(count)]
    for source, target in edges:
        following[source].append(target)
    state = [0] * count  # 1 while on the way, 2 when done
    closing: set[tuple[int, int]] = set()
    for start in range(count):
        stack = [(start, 0)] if not state[start] else []
        while stack:
            node, position = stack.pop()
            state[node] = 1
            if position == len(following[node]):
                state[node] = 2
                continue
            stack.append((node, position + 1))
            target = following[node][position]
            if state[target] == 1:
                closing.add((node, target))
            elif state[target] == 0:
                stack.append((target, 0))
    return closing


def _layers(count: int, edges: Sequence[tuple[int, int]]) -> list[int]:
    """The longest path to each node; in a deep graph, roots stand right before what reads them."""
    depth = [0] * count
    for _ in range(count):
        changed = False
        for source, target in edges:
            if depth[target] <= depth[source]:
                depth[target] = depth[source] + 1
                changed = True
        if not changed:
            break
    if max(depth, default=0) > _DEEP:
        targets = {target for _, target in edges}
        nearest = [inf] * count
        for source, target in edges:
            nearest[source] = min(nearest[source], depth[target])
        for node in range(count):
            if node not in targets and nearest[node] < inf:
                depth[node] = int(nearest[node]) - 1
    return depth


def _ordered(places: Sequence[_Place], links: Sequence[tuple[int, int]]) -> list[list[int]]:
    """The places of each layer from top to bottom, with few crossings."""
    layers: list[list[int]] = [[] for _ in range(1 + max((p.layer for p in places), default=-1))]
    for number, place in enumerate(places):
        layers[place.layer].append(number)
    before, after = _neighbours(len(places), links)
    best, fewest = [list(layer) for layer in layers], _crossings(layers, links)
    for sweep in range(_SWEEPS):
        forwards = sweep % 2 == 0
        neighbours = before if forwards else after
        for layer in layers if forwards else reversed(layers):
            position = {one: k for row in layers for k, one in enumerate(row)}

            def barycentre(
                one: int,
                neighbours: Sequence[Sequence[int]] = neighbours,
                position: dict[int, int] = position,
            ) -> float:
                near = neighbours[one]
                return sum(position[k] for k in near) / len(near) if near else position[one]

            layer.sort(key=barycentre)
        crossings = _crossings(layers, links)
        if crossings < fewest:
            best, fewest = [list(layer) for layer in layers], crossings
    return best


def _neighbours(
    count: int, links: Sequence[tuple[int, int]]
) -> tuple[list[list[int]], list[list[int]]]:
    before: list[list[int]] = [[] for _ in range(count)]
    after: list[list[int]] = [[] for _ in range(count)]
    for source, target in links:
        before[target].append(source)
        after[source].append(target)
    return before, after


def _crossings(layers: Sequence[Sequence[int]], links: Sequence[tuple[int, int]]) -> int:
    position = {one: k for row in layers for k, one in enumerate(row)}
    layer_of = {one: k for k, row in enumerate(layers) for one in row}
    by_layer: list[list[tuple[int, int]]] = [[] for _ in layers]
    for source, target in links:
        by_layer[layer_of[source]].append((position[source], position[target]))
    return sum(
        (a - c) * (b - d) < 0
        for pairs in by_layer
        for k, (a, b) in enumerate(pairs)
        for c, d in pairs[:k]
    )


def _spread(
    places: Sequence[_Place],
    layers: Sequence[Sequence[int]],
    links: Sequence[tuple[int, int]],
    between: float,
) -> None:
    """Give every place its height on the page, near to its neighbours'."""
    for layer in layers:
        offset = 0.0
        for one in layer:
            places[one].y = offset + places[one].height / 2
            offset += places[one].height + between
        for one in layer:  # every layer around the same line
            places[one].y -= (offset - between) / 2
    before, after = _neighbours(len(places), links)
    for sweep in range(_SWEEPS):
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            wanted: list[float] = []
            for one in layer:
                near = [*before[one], *after[one]]
                mean = sum(places[k].y for k in near) / len(near) if near else places[one].y
                wanted.append(mean)
            gaps = [
                (places[a].height + places[b].height) / 2 + between
                for a, b in itertools.pairwise(layer)
            ]
            for one, y in zip(layer, _apart(wanted, gaps), strict=True):
                places[one].y = y


def _apart(wanted: Sequence[float], gaps: Sequence[float]) -> list[float]:
    """The positions nearest to the wanted ones (least squares) that keep the order and the gaps.

    Without the gaps this is isotonic regression: neighbours that want to stand in the wrong order
    are pooled and stand at their mean.
    """
    offsets = [0.0]
    for gap in gaps:
        offsets.append(offsets[-1] + gap)
    pools: list[tuple[float, int]] = []  # the sum of what its members want, and their number
    for want, offset in zip(wanted, offsets, strict=False):
        pools.append((want - offset, 1))
        while len(pools) > 1 and pools[-2][0] / pools[-2][1] > pools[-1][0] / pools[-1][1]:
            (total, count), (other, more) = pools.pop(), pools.pop()
            pools.append((total + other, count + more))
    flat = [total / count for total, count in pools for _ in range(count)]
    return [y + offset for y, offset in zip(flat, offsets, strict=False)]


@dataclass(frozen=True, slots=True)
class _Column:
    """Where a layer stands from left to right."""

    left: float
    right: float

    @property
    def middle(self) -> float:
        return (self.left + self.right) / 2


def _through(
    way: Sequence[int],
    places: Sequence[_Place],
    points: Sequence[Point],
    columns: Sequence[_Column],
) -> Iterator[Point]:
    """From the right side of the first layer to the left side of the last."""
    for number, one in enumerate(way):
        column = columns[places[one].layer]
        if number > 0:
            yield Point(column.left, points[one].y)
        if number < len(way) - 1:
            yield Point(column.right, points[one].y)


def _columns(
    sizes: Sequence[Size], depth: Sequence[int], count: int, across: float
) -> tuple[list[_Column], float]:
    """Each layer's column, and the width of all."""
    widths = [0.0] * count
    for size, layer in zip(sizes, depth, strict=True):
        widths[layer] = max(widths[layer], size.width)
    columns: list[_Column] = []
    left = 0.0
    for width in widths:
        columns.append(_Column(left, left + width))
        left += width + across
    return columns, left - across if count else 0.0
