"""Pictures by themselves: every figure is in them, at its place, and nothing acts in them."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from causalspec.runtime.report.pictures import (
    ColumnGroup,
    Figure,
    figures,
    heat_map,
    strength_curves,
)
from causalspec.runtime.results.explanations import Coverage, Strength

SVG = "{http://www.w3.org/2000/svg}"


def texts(picture: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(picture).iter(f"{SVG}text")]


def test_a_heat_map_shows_every_cell_under_its_column() -> None:
    rows = {"first": [0.0, 0.42, None], "<last>": [1.0, 0.999, 0.5]}
    groups = [ColumnGroup("left", ("1", "2")), ColumnGroup("right", ("3",))]
    picture = heat_map('what "is" shown', groups, rows, ringed=("<last>", 0))
    assert texts(picture) == [
        *("left", "1", "2", "right", "3"),
        *("first", ".00", ".42", "–", "<last>", "1.0", ".99", ".50"),
    ]
    root = ElementTree.fromstring(picture)
    assert root.attrib["aria-label"] == 'what "is" shown'
    ringed = [cell for cell in root.iter(f"{SVG}rect") if "stroke" in cell.attrib]
    shaded = [
        cell
        for cell in root.iter(f"{SVG}rect")
        if re.fullmatch(r"\d+", cell.attrib["width"]) and "stroke" not in cell.attrib
    ]
    assert [(cell.attrib["x"], cell.attrib["y"]) for cell in ringed] == [
        (shaded[3].attrib["x"], shaded[3].attrib["y"])
    ]
    assert shaded[2].attrib["fill"] == "none"
    width = float(root.attrib["viewBox"].split()[2])
    assert all(float(cell.attrib["x"]) + 32 <= width for cell in shaded)


def test_figures_lie_on_one_scale() -> None:
    rows = [Figure("a", 0.5, 0.25, 0.75, published=1.0), Figure("b", 0.0)]
    root = ElementTree.fromstring(figures("figures", rows))
    circles = [float(circle.attrib["cx"]) for circle in root.iter(f"{SVG}circle")]
    ours, published, other = circles
    assert published - ours == ours - other > 0
    span = [line for line in root.iter(f"{SVG}line") if line.attrib.get("stroke-width") == "2"]
    assert float(span[0].attrib["x1"]) == (ours + other) / 2
    assert float(span[0].attrib["x2"]) == (ours + published) / 2


def test_a_scale_beyond_shares_holds_every_figure() -> None:
    picture = figures("odds", [Figure("down", -1.2), Figure("up", 10.7, 9.0, 12.1)])
    root = ElementTree.fromstring(picture)
    down, up = (float(circle.attrib["cx"]) for circle in root.iter(f"{SVG}circle"))
    ticks = [float(text) for text in texts(picture) if re.fullmatch(r"-?\d+(\.\d+)?", text)]
    assert ticks[0] <= -1.2 and ticks[-1] >= 12.1 and 0 in ticks
    assert ticks == sorted(ticks) and len(ticks) <= 8
    assert down < up <= float(root.attrib["viewBox"].split()[2])


def test_curves_have_a_point_for_each_set_that_is_not_empty() -> None:
    alone = Strength(("A",), (Coverage(0.5, 0.5, 0.75), Coverage(1.0, 0.0, None)))
    together = Strength(("A", "B"), (Coverage(0.5, 1.0, 0.5), Coverage(1.0, 0.5, 1.0)))
    picture = strength_curves("curves", [alone, together])
    assert [text for text in texts(picture) if text.startswith("A")] == ["A", "A and B"]
    first, second = (
        [(float(circle.attrib["cx"]), float(circle.attrib["cy"])) for circle in drawn]
        for drawn in (
            group.findall(f"{SVG}circle")
            for group in ElementTree.fromstring(picture).iter(f"{SVG}g")
            if group.find(f"{SVG}polyline") is not None
        )
    )
    assert first == [(160, 100)]
    assert second == [(320, 200), (160, 0)]
