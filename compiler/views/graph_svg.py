"""A causal graph drawn as SVG: shapes by role, curves for edges, a legend of what stands there."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from causalspec.compiler.model import Role
from causalspec.compiler.views.causal_graph import CausalGraph, Node
from causalspec.compiler.views.graph_layout import Layout, Point, Route, Size, lay_out
from causalspec.dsl.display import visible

_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
_FONT_SIZE = 13
_HEIGHT = 32.0
_PADDING = 14.0
_MARGIN = 16.0
_LEGEND = 44.0
_LONGEST_LABEL = 32

# In the page's own ink; for a drawing on its own, dark on light or light on dark.
_STYLE = (
    "svg{color:#1c2127;background:transparent}"
    "@media (prefers-color-scheme:dark){svg{color:#e6e9ed}}"
)


@dataclass(frozen=True, slots=True)
class _Look:
    """How a role is drawn; `radius` rounds the corners."""

    legend: str
    colour: str
    fill_opacity: float
    radius: float
    dashes: str = ""


# Mid-tones: against white and against near-black, their outlines have a contrast above 3.
_LOOKS = {
    Role.INPUT: _Look("input", "#7b8692", 0.12, 3),
    Role.NOISE: _Look("noise", "#7b8692", 0.0, 3, "4 3"),
    Role.ABBREVIATION: _Look("abbreviation", "#7b8692", 0.0, 9, "1.5 2.5"),
    Role.VARIABLE: _Look("variable", "#3f87c7", 0.16, _HEIGHT / 2),
    Role.OUTPUT: _Look("output", "#2f9467", 0.16, 3),
}
_MARK = "#d07a1c"


def drawn(graph: CausalGraph) -> str:
    """The drawing as one `svg` element."""
    sizes = [Size(_text_width(_shortened(n.label)) + 2 * _PADDING, _HEIGHT) for n in graph.nodes]
    edges = [(edge.source, edge.target) for edge in graph.edges]
    layout = lay_out(sizes, edges, across=64.0, between=14.0)
    legend = list(_legend(graph))
    legend_width = sum(width for _, width in legend)
    loops = any(edge.source == edge.target for edge in graph.edges)
    top = _MARGIN + (14.0 if loops else 0.0)
    width = max(layout.width, legend_width) + 2 * _MARGIN
    height = layout.height + top + _LEGEND
    left = (width - layout.width) / 2
    lines = [
        *_opening(graph, width, height),
        f'<g transform="translate({left:.1f} {top:.1f})">',
        *_edges(graph, layout, sizes),
        *_nodes(graph, layout, sizes),
        "</g>",
        f'<g transform="translate({(width - legend_width) / 2:.1f} {height - 18:.1f})" '
        'font-size="11">',
    ]
    x = 0.0
    for text, entry_width in legend:
        lines.append(f'<g transform="translate({x:.1f} 0)">{text}</g>')
        x += entry_width
    return "\n".join([*lines, "</g>", "</svg>"]) + "\n"


def _opening(graph: CausalGraph, width: float, height: float) -> Iterator[str]:
    prefix = _identifier(graph)
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" '
        f'aria-labelledby="{prefix}-title {prefix}-description" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}" '
        f'font-family={quoteattr(_FONT)} font-size="{_FONT_SIZE}">'
    )
    yield f'<title id="{prefix}-title">{_text(f"Causal graph of {graph.name}")}</title>'
    yield f'<desc id="{prefix}-description">{_text(graph.summary)}</desc>'
    yield f"<style>{_STYLE}</style>"
    yield (
        f'<defs><marker id="{prefix}-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" '
        'markerHeight="8" markerUnits="userSpaceOnUse" orient="auto-start-reverse">'
        '<path d="M0.5 0.8 L7.5 4 L0.5 7.2 L2.2 4 Z" fill="currentColor" fill-opacity="0.7"/>'
        "</marker></defs>"
    )


def _identifier(graph: CausalGraph) -> str:
    """Part of identifiers in the drawing, so that drawings of two models can share a page."""
    return "graph-" + re.sub(r"[^A-Za-z0-9-]", "-", graph.name)


# Nodes -------------------------------------------------------------------------------------------


def _nodes(graph: CausalGraph, layout: Layout, sizes: list[Size]) -> Iterator[str]:
    for node, centre, size in zip(graph.nodes, layout.centres, sizes, strict=True):
        yield (
            f"<g><title>{_text(f'{node.label}: {node.detail}')}</title>"
            f"{_shape(node, centre, size)}"
            f'<text x="{centre.x:.1f}" y="{centre.y + 4.5:.1f}" text-anchor="middle" '
            f'fill="currentColor"{_weight(node)}>{_text(_shortened(node.label))}</text></g>'
        )


def _weight(node: Node) -> str:
    return ' font-weight="600"' if node.is_marked else ""


def _shape(node: Node, centre: Point, size: Size) -> str:
    look = _LOOKS[node.role]
    colour = _MARK if node.is_marked else look.colour
    opacity = 0.2 if node.is_marked else look.fill_opacity
    stroke = 2.5 if node.is_marked else 1.3
    dashes = f' stroke-dasharray="{look.dashes}"' if look.dashes else ""
    rectangle = (
        f'<rect x="{centre.x - size.width / 2:.1f}" y="{centre.y - size.height / 2:.1f}" '
        f'width="{size.width:.1f}" height="{size.height:.1f}" rx="{look.radius:g}" '
        f'fill="{colour}" fill-opacity="{opacity:g}" stroke="{colour}" '
        f'stroke-width="{stroke:g}"{dashes}/>'
    )
    if node.role is Role.OUTPUT:  # a bar at the end: here the computation leaves the model
        x = centre.x + size.width / 2 - 4
        y = centre.y - size.height / 2 + 5
        rectangle += (
            f'<path d="M{x:.1f} {y:.1f} v{size.height - 10:.1f}" stroke="{colour}" '
            'stroke-width="1.6" stroke-linecap="round"/>'
        )
    return rectangle


# Edges -------------------------------------------------------------------------------------------


def _edges(graph: CausalGraph, layout: Layout, sizes: list[Size]) -> Iterator[str]:
    arrow = f"url(#{_identifier(graph)}-arrow)"
    yield '<g fill="none" stroke="currentColor" stroke-opacity="0.5" stroke-width="1.2">'
    both_ways = {(edge.target, edge.source) for edge in graph.edges}
    for route in layout.routes:
        shift = 5.0 if (route.source, route.target) in both_ways else 0.0
        yield _curve(route, layout, sizes, shift, arrow)
    for edge in graph.edges:
        if edge.source == edge.target:
            yield _loop(layout.centres[edge.source], arrow)
    yield "</g>"


def _curve(route: Route, layout: Layout, sizes: list[Size], shift: float, arrow: str) -> str:
    """A smooth line through the route; a turned one, which closes a cycle, is dashed."""
    first, last = route.source, route.target
    if route.is_turned:
        first, last = last, first
    shift = shift if route.is_turned else -shift
    start, end = layout.centres[first], layout.centres[last]
    path = f"M{start.x + sizes[first].width / 2:.1f} {start.y + shift:.1f}"
    points = [Point(point.x, point.y + shift) for point in route.through]
    for a, b in zip(points[::2], points[1::2], strict=True):
        middle = (a.x + b.x) / 2
        path += f" H{a.x:.1f} C{middle:.1f} {a.y:.1f} {middle:.1f} {b.y:.1f} {b.x:.1f} {b.y:.1f}"
    path += f" H{end.x - sizes[last].width / 2:.1f}"
    ends = f'marker-start="{arrow}"' if route.is_turned else f'marker-end="{arrow}"'
    dashes = ' stroke-dasharray="5 3"' if route.is_turned else ""
    return f'<path d="{path}" {ends}{dashes}/>'


def _loop(centre: Point, arrow: str) -> str:
    top = centre.y - _HEIGHT / 2
    return (
        f'<path d="M{centre.x - 9:.1f} {top:.1f} c-6 -18 24 -18 18 -1" stroke-dasharray="5 3" '
        f'marker-end="{arrow}"/>'
    )


# Legend and text ---------------------------------------------------------------------------------


def _legend(graph: CausalGraph) -> Iterator[tuple[str, float]]:
    """What each shape means, for those that occur; each entry with its width."""
    occurring = {node.role for node in graph.nodes}
    entries = [
        (Node(look.legend, role, False, ""), look.legend)
        for role, look in _LOOKS.items()
        if role in occurring
    ]
    marked = next((node for node in graph.nodes if node.is_marked), None)
    if marked is not None:
        entries.append((Node("", marked.role, True, ""), "under test"))
    for node, text in entries:
        shape = _shape(node, Point(11, 0), Size(22, 12)).replace('rx="16"', 'rx="6"')
        label = f'<text x="28" y="4" fill="currentColor" fill-opacity="0.75">{_text(text)}</text>'
        yield shape + label, 28 + _text_width(text) * 11 / _FONT_SIZE + 18


def _shortened(label: str) -> str:
    """Long names lose their middle: what tells them apart stands at either end."""
    if len(label) <= _LONGEST_LABEL:
        return label
    end = _LONGEST_LABEL // 2 - 1
    return f"{label[: _LONGEST_LABEL - end - 1]}…{label[-end:]}"


def _text_width(text: str) -> float:
    """An estimate on the large side for common sans-serif fonts, in pixels."""
    return _FONT_SIZE * sum(_character_width(character) for character in text)


def _character_width(character: str) -> float:
    if unicodedata.east_asian_width(character) in "WF":
        return 1.0
    if character in "ijl.,:;'|!()[]":
        return 0.32
    if character in "frtI-":
        return 0.4
    if character in "mwMW@":
        return 0.9
    return 0.7 if character.isupper() else 0.6


def _text(text: str) -> str:
    """Escaped; control characters, which XML cannot hold, are made visible."""
    return escape(visible(text))
