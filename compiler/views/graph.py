"""The causal graph as Mermaid, DOT and SVG, without any program but this one.

Roles differ by shape and shade, and variables that a claim is about have a thick ring. The SVG
takes its ink from the page around it (`currentColor`) and shades that work on light and dark.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from causalspec.compiler.model import CausalModel, Role
from causalspec.compiler.views.causal_graph import CausalGraph, Node, causal_graph
from causalspec.compiler.views.graph_svg import drawn
from causalspec.dsl.display import visible


def svg(model: CausalModel, marked: Collection[str] = (), *, unfold: bool = False) -> str:
    """A drawing of the model's causal graph that stands alone or inside a page.

    It holds no script and loads nothing, names itself and describes its edges in words.
    """
    return drawn(causal_graph(model, marked, unfold=unfold))


_MERMAID_SHAPES = {
    Role.INPUT: ("[", "]"),
    Role.NOISE: ("{{", "}}"),
    Role.ABBREVIATION: ("(", ")"),
    Role.VARIABLE: ("([", "])"),
    Role.OUTPUT: ("[[", "]]"),
}


def mermaid(model: CausalModel, marked: Collection[str] = (), *, unfold: bool = False) -> str:
    """The graph as a Mermaid flowchart, for a README."""
    return "\n".join(_mermaid_lines(causal_graph(model, marked, unfold=unfold))) + "\n"


def _mermaid_lines(graph: CausalGraph) -> Iterator[str]:
    yield "flowchart LR"
    for number, node in enumerate(graph.nodes):
        before, after = _MERMAID_SHAPES[node.role]
        yield f'  n{number}{before}"{_mermaid_text(node.label)}"{after}'
    for edge in graph.edges:
        yield f"  n{edge.source} --> n{edge.target}"
    marked = [f"n{number}" for number, node in enumerate(graph.nodes) if node.is_marked]
    if marked:
        yield "  classDef marked stroke-width:3px"
        yield f"  class {','.join(marked)} marked"


def _mermaid_text(text: str) -> str:
    """Everything but plain characters as a numbered entity, which Mermaid writes without `&`."""
    return re.sub(r"[^\w .,\-\[\]]", lambda found: f"#{ord(found[0])};", visible(text))


_DOT_ATTRIBUTES = {
    Role.INPUT: "shape=box",
    Role.NOISE: "shape=box, style=dashed",
    Role.ABBREVIATION: 'shape=box, style="rounded,dotted"',
    Role.VARIABLE: "shape=ellipse",
    Role.OUTPUT: "shape=box, peripheries=2",
}


def dot(model: CausalModel, marked: Collection[str] = (), *, unfold: bool = False) -> str:
    """The graph in the DOT language of Graphviz."""
    return "\n".join(_dot_lines(causal_graph(model, marked, unfold=unfold))) + "\n"


def _dot_lines(graph: CausalGraph) -> Iterator[str]:
    yield f"digraph {_dot_text(graph.name)} {{"
    yield "  rankdir=LR"
    for number, node in enumerate(graph.nodes):
        yield f"  n{number} [label={_dot_text(node.label)}, {_dot_attributes(node)}]"
    for edge in graph.edges:
        yield f"  n{edge.source} -> n{edge.target}"
    yield "}"


def _dot_attributes(node: Node) -> str:
    return _DOT_ATTRIBUTES[node.role] + (", penwidth=3" if node.is_marked else "")


def _dot_text(text: str) -> str:
    return '"' + visible(text).replace("\\", "\\\\").replace('"', '\\"') + '"'
