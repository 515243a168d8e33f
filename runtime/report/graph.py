"""The causal graph inside the report: only drawing elements, nothing that acts or loads.

The graph is drawn by us, but a report may be rendered again from somebody else's `result.json`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree

from causalspec.runtime.report.markup import Markup, joined, markup

_ELEMENTS = re.compile(
    "svg|g|path|rect|circle|ellipse|line|polyline|polygon|text|tspan|title|desc|defs|marker"
)
_ATTRIBUTES = re.compile(
    "viewBox|width|height|x|y|dx|dy|x1|y1|x2|y2|cx|cy|r|rx|ry|d|points|transform|class|id|role"
    "|fill|fill-opacity|stroke|stroke-(width|dasharray|linecap|linejoin|opacity)|opacity"
    "|text-anchor|dominant-baseline|font-(size|weight|style|family)|preserveAspectRatio"
    "|marker-(start|mid|end)|markerWidth|markerHeight|markerUnits|refX|refY|orient"
    "|aria-(label|hidden|labelledby)"
)
_REFERENCE = re.compile(r"url\(\s*#([\w-]+)\s*\)")


def graph_figure(svg: str, prefix: str) -> Markup | None:
    """The drawing with identifiers prefixed, so that two in one page never meet; None if unread."""
    try:
        root = ElementTree.fromstring(svg)
    except ElementTree.ParseError:
        return None
    if _local(root.tag) != "svg":
        return None
    return _drawn(root, prefix)


def _drawn(element: ElementTree.Element, prefix: str) -> Markup:
    name = _local(element.tag)
    if not _ELEMENTS.fullmatch(name):
        return Markup("")
    children = joined(
        Markup(_drawn(child, prefix) + markup("{tail}", tail=child.tail or "")) for child in element
    )
    return markup(
        "<{name}{attributes}>{text}{children}</{name}>",
        name=name,
        attributes=joined(_attributes(element, prefix)),
        text=element.text or "",
        children=children,
    )


def _attributes(element: ElementTree.Element, prefix: str) -> Iterator[Markup]:
    for name, value in element.attrib.items():
        if not _ATTRIBUTES.fullmatch(name):
            continue
        if name in ("id", "aria-labelledby"):
            value = " ".join(f"{prefix}-{one}" for one in value.split())
        reference = _REFERENCE.fullmatch(value.strip())
        if reference:
            value = f"url(#{prefix}-{reference[1]})"
        elif "url" in value.lower() and name not in ("class", "aria-label"):
            continue
        yield markup(' {name}="{value}"', name=name, value=value)


def _local(tag: object) -> str:
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""
