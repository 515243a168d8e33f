"""The causal graph inside the report: only drawing elements, nothing that acts or loads.

The graph is drawn by us, but a report may be rendered again from somebody else's `result.json`.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree

from markupsafe import Markup

from causalspec.runtime.report.text import visible

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


def graph_drawing(svg: str, prefix: str) -> Markup | None:
    """The drawing with identifiers prefixed, so that two in one page never meet; None if unread."""
    try:
        root = ElementTree.fromstring(svg)
    except ElementTree.ParseError:
        return None
    if _local(root.tag) != "svg":
        return None
    return Markup(ElementTree.tostring(_drawn(root, prefix), encoding="unicode", method="html"))


def _drawn(element: ElementTree.Element, prefix: str) -> ElementTree.Element:
    """A copy that holds nothing but drawing."""
    copy = ElementTree.Element(_local(element.tag), _attributes(element, prefix))
    copy.text, copy.tail = visible(element.text or ""), visible(element.tail or "")
    copy.extend(
        _drawn(child, prefix) for child in element if _ELEMENTS.fullmatch(_local(child.tag))
    )
    return copy


def _attributes(element: ElementTree.Element, prefix: str) -> dict[str, str]:
    kept: dict[str, str] = {}
    for name, value in element.attrib.items():
        if not _ATTRIBUTES.fullmatch(name):
            continue
        if name in ("id", "aria-labelledby"):
            value = " ".join(f"{prefix}-{identifier}" for identifier in value.split())
        reference = _REFERENCE.fullmatch(value.strip())
        if reference:
            value = f"url(#{prefix}-{reference[1]})"
        elif "url" in value.lower() and name not in ("class", "aria-label"):
            continue
        kept[name] = visible(value)
    return kept


def _local(tag: object) -> str:
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""
