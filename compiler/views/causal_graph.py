"""A model's causal graph as nodes and edges, families folded where there are too many to read."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from causalspec.compiler.domains import Domain, Numbers, Truths
from causalspec.compiler.model import CausalModel, Role, Variable
from causalspec.compiler.wording import all_of

MOST_NODES = 30
"""Above this, each family becomes one node unless the whole graph is asked for."""


@dataclass(frozen=True, slots=True)
class Node:
    """A variable, or a folded family of them. `detail` says more about it in one line."""

    label: str
    role: Role
    is_marked: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Edge:
    """Positions in `nodes`: the target's mechanism reads the source."""

    source: int
    target: int


@dataclass(frozen=True, slots=True)
class CausalGraph:
    """The graph that a model induces (Pearl, *Causality*, 2009, section 7.1), cyclic or not."""

    name: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    @property
    def summary(self) -> str:
        """The graph in words, for those who don't see it."""
        sentences: list[str] = []
        for number, node in enumerate(self.nodes):
            causes = [self.nodes[edge.source].label for edge in self.edges if edge.target == number]
            if causes:
                sentences.append(f"{node.label} depends on {all_of(causes)}.")
        return " ".join(sentences) or "No variable depends on another."


def causal_graph(
    model: CausalModel, marked: Collection[str] = (), *, unfold: bool = False
) -> CausalGraph:
    """The graph of a model. `marked` are the variables that a claim or a swap is about; `unfold`
    shows every member of a family, however many there are.
    """
    groups: dict[str, list[Variable]] = {}
    folded = len(model.variables) > MOST_NODES and not unfold
    for variable in model.variables:
        groups.setdefault(_stem(variable.name) if folded else variable.name, []).append(variable)
    number_of = {
        variable.name: number
        for number, members in enumerate(groups.values())
        for variable in members
    }
    nodes = tuple(
        Node(
            label=_family_label(stem, members),
            role=members[0].role,
            is_marked=any(member.name in marked for member in members),
            detail=_detail(members),
        )
        for stem, members in groups.items()
    )
    edges: dict[Edge, None] = {}
    for variable in model.variables:
        for parent in variable.parents:
            edges[Edge(number_of[parent], number_of[variable.name])] = None
    if folded:  # that a family's members depend on each other is its own business
        edges = {edge: None for edge in edges if edge.source != edge.target}
    return CausalGraph(model.name, nodes, tuple(edges))


def _stem(name: str) -> str:
    return name.partition("[")[0]


def _family_label(stem: str, members: list[Variable]) -> str:
    if len(members) == 1:
        return members[0].name
    indices = [member.name.partition("[")[2].rstrip("]") for member in members]
    return f"{stem}[{indices[0]}..{indices[-1]}]"


def _detail(members: list[Variable]) -> str:
    first = members[0]
    detail = f"{first.role.value} {_domain_text(first.domain)}"
    return f"{detail}: {first.documentation}" if first.documentation else detail


def _domain_text(domain: Domain) -> str:
    match domain:
        case Truths():
            return "true or false"
        case Numbers(low=low, high=high):
            return f"from {domain.text(low)} to {domain.text(high)}"
        case _:
            shown = [domain.text(code) for code in domain.codes()[:4]]
            rest = f", … ({domain.size:,} values)" if domain.size > len(shown) else ""
            return f"one of {', '.join(shown)}{rest}"
