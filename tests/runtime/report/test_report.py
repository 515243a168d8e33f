"""The report: one file that loads nothing, in which no text of a spec becomes markup."""

import base64
import dataclasses
import hashlib
import itertools
import math
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from causalspec.runtime.report.graph import graph_drawing
from causalspec.runtime.report.heat import heat_class
from causalspec.runtime.report.page import prose, render_report
from causalspec.runtime.report.text import (
    cost,
    expectation_figure,
    figure,
    headline,
    interval,
    references,
    short_figure,
    site_name,
    verbatim,
    visible,
)
from causalspec.runtime.results.as_json import from_json
from causalspec.runtime.results.estimates import Score
from causalspec.runtime.results.records import PairCounts, Verification
from causalspec.runtime.sites.site import Site
from causalspec.runtime.watch import duration

FIXTURE = Path(__file__).parents[2] / "helpers" / "indirect_object_result.json"
VERIFICATION = from_json(FIXTURE.read_text(encoding="utf-8"))
FIRST, SECOND = VERIFICATION.verdicts
PAGE = render_report(VERIFICATION)
STYLE = (Path(__file__).parents[3] / "runtime" / "report" / "report.css").read_text(
    encoding="utf-8"
)
VOID = {"meta", "br"}


class Page(HTMLParser):
    """Every element with its attributes, and the text; fails where tags do not nest."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(attrs) == len(dict(attrs)), f"<{tag}> has an attribute twice"
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    def count(self, tag: str, name: str) -> int:
        """How many elements `tag` have the class `name`."""
        return sum(
            element == tag and name in (attributes.get("class") or "").split()
            for element, attributes in self.elements
        )

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


def page_of(*verdicts: Any) -> Page:
    return Page(render_report(dataclasses.replace(VERIFICATION, verdicts=verdicts)))


# --- nothing is loaded, nothing runs


def test_no_address_outside_the_file():
    assert not re.search(r"https?:|//[a-z]|@import|url\((?!#)", PAGE)
    for tag, attributes in Page(PAGE).elements:
        assert tag not in {"script", "link", "img", "iframe", "object", "embed", "form", "base"}
        for name, value in attributes.items():
            assert name not in {"src", "srcset", "style", "action", "srcdoc"}, tag
            assert not name.startswith("on")
            if name.endswith("href"):
                assert value is not None
                assert value.startswith("#")


def test_the_policy_allows_the_one_style_sheet_by_its_hash():
    policy = next(
        attributes["content"]
        for tag, attributes in Page(PAGE).elements
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    )
    found = re.search(r"<style>(.*?)</style>", PAGE, re.DOTALL)
    assert found
    digest = base64.b64encode(hashlib.sha256(found[1].encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    assert PAGE.count("<style") == 1


HOSTILE = [
    "<script>alert(1)</script>",
    '" onload="alert(1)',
    "' onmouseover='alert(1)",
    "</style><script>alert(1)</script>",
    "</title></head><body onload=alert(1)>",
    "<!--",
    "]]>",
    "&lt;img src=x onerror=alert(1)&gt;",
    "{headline} {0} {} %s",
    "`<b>` and `",
    "\x00\x1b[31m\u202e\ud800",
]


def replaced(value: Any, text: str) -> Any:
    """The same value with every string in it, but the graph, replaced."""
    if isinstance(value, str):
        return text
    if isinstance(value, tuple):
        return tuple(replaced(item, text) for item in value)  # pyright: ignore
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return value
    changes: dict[str, Any] = {
        field.name: replaced(getattr(value, field.name), text)
        for field in dataclasses.fields(value)
        if field.name != "graph_svg"
    }
    return dataclasses.replace(value, **changes)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_changes_the_page_around_it(text: str):
    def shape(verification: Verification) -> list[tuple[str, list[str]]]:
        elements = Page(render_report(verification)).elements
        kept = [element for element in elements if element[0] != "code"]  # backquotes mark code
        return [(tag, sorted(attributes)) for tag, attributes in kept]

    page = render_report(replaced(VERIFICATION, text))
    assert shape(replaced(VERIFICATION, text)) == shape(replaced(VERIFICATION, "harmless"))
    assert page.encode("utf-8")
    assert not set(page) & set("\x00\x1b\u202e")


def test_backquotes_mark_code():
    assert prose("a `<b>` c") == "a <code>&lt;b&gt;</code> c"
    assert prose("a ` b") == "a ` b"


def test_unseen_characters_are_seen():
    assert visible("a\nb\tc") == "a\nb\tc"
    assert visible("\x1b[0m\u202eabc\u200b\x7f") == "␛[0m\\u{202E}abc\\u{200B}␡"
    assert visible("\udcff") == "\\u{DCFF}"
    assert visible("Zoë 日本 👍") == "Zoë 日本 👍"
    assert verbatim(" Mary\n\t") == " Mary⏎⇥"
    assert verbatim("") == "(nothing)"


HOSTILE_SVG = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10" onload="alert(1)" style="x: y">
<script>alert(1)</script><style>* { display: none }</style>
<foreignObject><iframe src="https://example.org"/></foreignObject>
<a href="javascript:alert(1)"><text>gone</text></a><image href="https://example.org/x.png"/>
<defs><marker id="tip"><path d="M0 0"/></marker></defs>
<line x1="1" marker-end="url(#tip)" stroke="url(https://example.org/a)" fill="URL('//x')"/>
<text class="name">a &lt; b</text></svg>"""


def test_only_drawing_is_kept_of_a_graph():
    drawn = graph_drawing(HOSTILE_SVG, "claim-1")
    assert drawn is not None
    assert "".join(drawn.split("\n")) == (
        '<svg viewBox="0 0 10 10">'
        '<defs><marker id="claim-1-tip"><path d="M0 0"></path></marker></defs>'
        '<line x1="1" marker-end="url(#claim-1-tip)"></line>'
        '<text class="name">a &lt; b</text></svg>'
    )


@pytest.mark.parametrize("svg", ["", "<svg", "<p/>", "<svg><text></svg>", "<svg>&nbsp;</svg>"])
def test_a_graph_that_is_none_is_left_out(svg: str):
    assert graph_drawing(svg, "claim-1") is None
    assert page_of(dataclasses.replace(FIRST, graph_svg=svg)).count("figure", "graph") == 0


# --- what is said


def test_the_headline_counts_claims():
    assert headline(VERIFICATION) == "1 of 2 claims holds"
    for verdicts, text in [
        ((), "No claim was verified"),
        ((FIRST,), "The claim holds"),
        ((SECOND,), "The claim fails"),
        ((FIRST, FIRST), "2 of 2 claims hold"),
        ((SECOND, SECOND), "0 of 2 claims hold"),
    ]:
        assert headline(dataclasses.replace(VERIFICATION, verdicts=verdicts)) == text
        assert text in page_of(*verdicts).text


def test_the_page_says_what_the_verification_found():
    text = Page(PAGE).text
    for sentence in [
        "1 of 2 claims holds: indirect_object.causal",
        "indirect_object.causal on SmolLM2-135M-Instruct",
        "PositionIsAVariable ✓ holds 0.902 0.873 to 0.925",
        "TheNameFollows ✗ fails 0.922 0.895 to 0.942",
        "IIA, 95 % interval 0.873 to 0.925 451 of 500 test pairs",
        "First find out which position is repeated, then copy the name at the other one.",
        "lower(iia) >= 0.90 0.8952 ✗ fails",
        "The ringed one, residual, layer 22, token last , was chosen on these alone",
        "The rival's variable name , fitted at the same site",
        "floor: no_swap 0.018",
        "chance 0.500",
        "whole vector: full_vector 0.730",
        "These figures are made up for a test; no network was run.",
        "causalspec verify indirect_object.causal --network SmolLM2-135M-Instruct --seed 0",
        "seed 0 device cpu causalspec 0.1.0 python 3.11.9 torch 2.13.0",
        VERIFICATION.manifest.spec_sha256,
        VERIFICATION.manifest.network_sha256,
        "Interchange intervention accuracy (IIA) is the share of counterfactual pairs",
        "What a verdict does not say",
    ]:
        assert "".join(sentence.split()) in "".join(text.split())
    for row in (*FIRST.rows, *SECOND.rows):
        assert row.base in text
        assert row.sources[0] in text


def test_both_counts_are_visible():
    assert "SwapPosition test 523 500 95.6 % 500 – 0.000" in re.sub(
        r"\s+", " ", " ".join(Page(PAGE).words)
    )


def test_disagreement_is_a_word_for_those_who_do_not_see_marks():
    labels = [attributes.get("aria-label") for _, attributes in Page(PAGE).elements]
    agreeing = sum(row.agrees for row in (*FIRST.rows, *SECOND.rows))
    assert labels.count("agrees") == agreeing
    assert labels.count("differs") == len(FIRST.rows) + len(SECOND.rows) - agreeing > 0


def test_headings_are_in_order_and_landmarks_present():
    tags = [tag for tag, _ in Page(PAGE).elements]
    levels = [int(tag[1]) for tag in tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert {"header", "nav", "main", "footer"} <= set(tags)
    identifiers = [attributes["id"] for _, attributes in Page(PAGE).elements if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))


def test_every_table_has_a_caption_and_every_head_a_scope():
    elements = Page(PAGE).elements
    assert sum(tag == "table" for tag, _ in elements) == sum(
        tag == "caption" for tag, _ in elements
    )
    assert all("scope" in attributes for tag, attributes in elements if tag == "th")


def test_the_shape_of_a_sweep_chooses_its_drawing():
    layers = page_of(FIRST)
    assert (layers.count("svg", "sweep"), layers.count("table", "heat")) == (1, 0)
    assert (layers.count("circle", "ring"), layers.count("rect", "ring")) == (1, 1)
    assert layers.count("circle", "dot") >= len(FIRST.sites)
    tokens = page_of(SECOND)
    assert (tokens.count("svg", "sweep"), tokens.count("table", "heat")) == (0, 1)
    assert tokens.count("td", "chosen") == 1
    site = page_of(dataclasses.replace(FIRST, sites=FIRST.sites[-1:]))
    assert (site.count("svg", "sweep"), site.count("table", "heat")) == (0, 0)
    assert "One site was fitted: residual, layer 22, token last." in site.text


def test_a_heat_map_leaves_a_site_that_was_not_fitted_empty():
    page = page_of(dataclasses.replace(SECOND, sites=SECOND.sites[1:]))
    assert page.count("td", "heat-none") == 1


@pytest.mark.parametrize("count", [9, 40, 200])
def test_many_layers_scroll(count: int):
    sites = tuple(
        dataclasses.replace(FIRST.sites[0], sites=(Site("residual", layer, "last"),))
        for layer in range(count)
    )
    page = page_of(dataclasses.replace(FIRST, sites=sites))
    width = {9: "columns-16", 40: "columns-64", 200: "columns-128"}[count]
    assert page.count("svg", width) == 1
    assert f".{width} {{" in STYLE


def test_nothing_scored_is_a_dash_and_never_a_figure():
    empty = Score(0, 0)
    verdict = dataclasses.replace(
        SECOND,
        score=empty,
        sites=tuple(dataclasses.replace(site, validation=empty) for site in SECOND.sites),
        controls=tuple(dataclasses.replace(control, score=empty) for control in SECOND.controls),
        expectations=(dataclasses.replace(SECOND.expectations[0], value=math.nan),),
        counts=(PairCounts("D", "test", 0, 0, 0, math.nan),),
        rows=(),
        notes=(),
    )
    line = dataclasses.replace(
        FIRST, sites=(FIRST.sites[0], dataclasses.replace(FIRST.sites[1], validation=empty))
    )
    page = render_report(dataclasses.replace(VERIFICATION, verdicts=(verdict, line)))
    assert not re.search(r"\bnan\b", page, re.IGNORECASE)
    assert "IIA, 95 % interval –<br>0 of 0 test pairs" in page


# --- figures and colours


def test_figures():
    assert [figure(value) for value in (0.9019, -0.05, 1, math.nan)] == [
        "0.902",
        "−0.050",
        "1.000",
        "–",
    ]
    assert [short_figure(value) for value in (0, 0.001, 0.5, 0.999, 1, math.nan)] == [
        ".00",
        ".01",
        ".50",
        ".99",
        "1.0",
        "–",
    ]
    assert expectation_figure(0.84996) == "0.8500"
    assert interval(Score(8, 10)) == "0.490 to 0.943"
    assert [duration(value) for value in (41.4, 192.4, 7512)] == ["41 s", "3 min 12 s", "2 h 5 min"]
    verdict = dataclasses.replace(VERIFICATION.verdicts[0], seconds=192.4)
    assert cost(verdict) == "3 min 12 s"
    on_a_gpu = dataclasses.replace(verdict, memory=3 * 2**29, device_memory=700 * 2**20)
    assert cost(on_a_gpu) == "3 min 12 s, at most 1.5 GiB of memory and 700.0 MiB of the GPU's"
    assert site_name((Site("hidden", 1),)) == "hidden, layer 1"
    assert [heat_class(value) for value in (0, 0.04, 0.96, 1, math.nan)] == [
        "heat-0",
        "heat-0",
        "heat-10",
        "heat-10",
        "heat-none",
    ]


def test_the_floor_of_the_pairs_stands_in_for_a_missing_control():
    found = references(dataclasses.replace(SECOND, controls=()))
    assert [(rule.text, rule.value) for rule in found] == [("floor: the base’s own answer", 0.02)]


def palettes() -> list[dict[str, str]]:
    light = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", STYLE.split("@media screen")[0]))
    dark = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", STYLE.split("@media screen")[1]))
    assert light.keys() == dark.keys()
    return [light, dark]


def contrast(color: str, other: str) -> float:
    """WCAG 2.1's contrast ratio."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(color), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("palette", palettes(), ids=["light", "dark"])
def test_contrast_meets_aa(palette: dict[str, str]):
    text = [("ink", "ground"), ("muted", "ground"), ("ink", "panel"), ("muted", "panel")]
    text += [("good", "good-ground"), ("bad", "bad-ground"), ("good", "ground"), ("bad", "ground")]
    text += [(f"heat-ink-{step}", f"heat-{step}") for step in range(11)]
    assert [pair for pair in text if contrast(palette[pair[0]], palette[pair[1]]) < 4.5] == []
    drawn = [("data", "ground"), ("data", "panel"), ("other", "ground"), ("ring", "ground")]
    assert [pair for pair in drawn if contrast(palette[pair[0]], palette[pair[1]]) < 3] == []
