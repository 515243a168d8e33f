"""Causal graphs drawn: what stands in each format, and that nothing overlaps."""

from __future__ import annotations

from itertools import combinations
from xml.etree import ElementTree

import pytest

from causalspec.compiler.domains import Truths
from causalspec.compiler.expressions import All, Reference
from causalspec.compiler.model import CausalModel, Role, Variable
from causalspec.compiler.views.causal_graph import causal_graph
from causalspec.compiler.views.graph import dot, mermaid, svg
from causalspec.compiler.views.graph_layout import Size, lay_out
from tests.helpers.cases import CASES, LEFT_BOUNDARY, THERMOSTAT, Case, addition, given, output, var

HOSTILE = CausalModel(
    'A <b> & "c"',
    "T",
    (
        given('x"]<script>\\', Truths()),
        output("名前", Truths(), 'x"]<script>\\'),
    ),
)
CYCLE = CausalModel(
    "Cycle",
    "T",
    (
        var("a", Truths(), All((Reference("b"), Reference("a")))),
        var("b", Truths(), "a"),
        output("c", Truths(), "b"),
    ),
    cyclic=True,
)


def test_mermaid() -> None:
    assert mermaid(LEFT_BOUNDARY, marked=["above"]) == (
        "flowchart LR\n"
        '  n0["lower"]\n'
        '  n1["upper"]\n'
        '  n2["amount"]\n'
        '  n3(["above"])\n'
        '  n4[["answer"]]\n'
        "  n0 --> n3\n"
        "  n2 --> n3\n"
        "  n3 --> n4\n"
        "  n2 --> n4\n"
        "  n1 --> n4\n"
        "  classDef marked stroke-width:3px\n"
        "  class n3 marked\n"
    )


def test_dot() -> None:
    assert dot(THERMOSTAT, marked=["warm"]) == (
        'digraph "Feedback" {\n'
        "  rankdir=LR\n"
        '  n0 [label="outside", shape=box]\n'
        '  n1 [label="stuck", shape=box, style=dashed]\n'
        '  n2 [label="warm", shape=ellipse, penwidth=3]\n'
        '  n3 [label="heater", shape=ellipse]\n'
        '  n4 [label="heating", shape=box, peripheries=2]\n'
        "  n0 -> n2\n"
        "  n3 -> n2\n"
        "  n0 -> n3\n"
        "  n1 -> n3\n"
        "  n3 -> n4\n"
        "}\n"
    )


def test_names_are_escaped_in_every_format() -> None:
    assert '  n0["x#34;]#60;script#62;#92;"]\n' in mermaid(HOSTILE)
    assert 'digraph "A <b> & \\"c\\"" {\n' in dot(HOSTILE)
    assert '  n0 [label="x\\"]<script>\\\\", shape=box]\n' in dot(HOSTILE)
    drawing = ElementTree.fromstring(svg(HOSTILE))
    assert drawing.findtext("{*}title") == 'Causal graph of A <b> & "c"'
    labels = [text.text for text in drawing.iterfind(".//{*}text")]
    assert labels == ['x"]<script>\\', "名前", "input", "output"]
    assert drawing.find(".//{*}script") is None


def test_a_drawing_says_in_words_what_it_shows() -> None:
    drawing = ElementTree.fromstring(svg(LEFT_BOUNDARY, marked=["above"]))
    assert drawing.get("role") == "img"
    title, description = drawing.find("{*}title"), drawing.find("{*}desc")
    assert title is not None and description is not None
    assert drawing.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
    assert description.text == (
        "above depends on lower and amount. answer depends on above, amount and upper."
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_model_is_drawn_the_same_each_time(case: Case) -> None:
    drawing = svg(case.model)
    ElementTree.fromstring(drawing)
    assert svg(case.model) == drawing


def test_many_members_are_folded_into_families() -> None:
    graph = causal_graph(addition(20)[1], marked=["carry[3]"])
    assert [(node.label, node.is_marked) for node in graph.nodes] == [
        ("x[0..19]", False),
        ("y[0..19]", False),
        ("carry[0..20]", True),
        ("z[0..20]", False),
    ]
    assert graph.summary == (
        "carry[0..20] depends on x[0..19] and y[0..19]. "
        "z[0..20] depends on x[0..19], y[0..19] and carry[0..20]."
    )


def test_every_member_is_shown_where_asked_for() -> None:
    graph = causal_graph(addition(20)[1], unfold=True)
    assert len(graph.nodes) == len(addition(20)[1].variables) == 82
    assert "carry[20]" in svg(addition(20)[1], unfold=True)
    assert "carry[20]" in mermaid(addition(20)[1], unfold=True)
    assert "carry[20]" in dot(addition(20)[1], unfold=True)


def test_long_names_keep_both_ends() -> None:
    names = [f"a_name_of_which_the_end_alone_says_which_{k}" for k in range(2)]
    model = CausalModel(
        "Long", "T", (given(names[0], Truths()), output(names[1], Truths(), names[0]))
    )
    drawing = ElementTree.fromstring(svg(model))
    labels = [text.text for text in drawing.iterfind(".//{*}text")]
    assert labels[:2] == [f"a_name_of_which_…ne_says_which_{k}" for k in range(2)]
    assert any(element.text == f"{names[0]}: input true or false" for element in drawing.iter())


def test_edges_that_close_a_cycle_point_to_the_left() -> None:
    graph = causal_graph(CYCLE)
    edges = [(edge.source, edge.target) for edge in graph.edges]
    layout = lay_out([Size(40, 30)] * 3, edges, across=50, between=10)
    assert {(route.source, route.target): route.is_turned for route in layout.routes} == {
        (0, 1): False,
        (1, 0): True,
        (1, 2): False,
    }
    assert 'stroke-dasharray="5 3"' in svg(CYCLE)


def layered(layers: int, width: int) -> CausalModel:
    """Each variable reads two of the layer before, far apart."""
    variables = [given(f"x{k}", Truths()) for k in range(width)]
    for layer in range(layers):
        before = [variable.name for variable in variables[-width:]]
        variables.extend(
            Variable(
                f"v{layer}_{k}",
                Role.VARIABLE,
                Truths(),
                All((Reference(before[k]), Reference(before[(7 * k + 3) % width]))),
            )
            for k in range(width)
        )
    return CausalModel("Layered", "T", tuple(variables))


@pytest.mark.parametrize(
    "model", [layered(4, 12), addition(8)[1], LEFT_BOUNDARY], ids=lambda model: model.name
)
def test_nothing_overlaps_and_causes_stand_left_of_effects(model: CausalModel) -> None:
    graph = causal_graph(model, unfold=True)
    sizes = [Size(30.0 + 5 * (k % 7), 32.0) for k in range(len(graph.nodes))]
    edges = [(edge.source, edge.target) for edge in graph.edges]
    layout = lay_out(sizes, edges, across=60, between=14)
    boxes = list(zip(layout.centres, sizes, strict=True))
    for (a, left), (b, right) in combinations(boxes, 2):
        apart_across = abs(a.x - b.x) >= (left.width + right.width) / 2
        assert apart_across or abs(a.y - b.y) >= (left.height + right.height) / 2 + 14 - 1e-6
    for source, target in edges:
        assert layout.centres[source].x < layout.centres[target].x
    for centre, size in boxes:
        assert 0 <= centre.x - size.width / 2 <= centre.x + size.width / 2 <= layout.width
        assert -1e-6 <= centre.y - size.height / 2 <= layout.height - size.height + 1e-6
    for route in layout.routes:
        inner = route.through[1:-1]  # into a layer and out of it, into the next one and out, …
        for entered, left in zip(inner[::2], inner[1::2], strict=True):
            assert entered.y == left.y
            for centre, size in boxes:
                if entered.x <= centre.x <= left.x:
                    assert abs(centre.y - entered.y) > size.height / 2
