"""Pictures and schemas of what `readout`, `mediate` and `rewrite` find.

With CAUSALSPEC_WRITE_SCHEMAS=1 the published schemas are written anew, to be read first.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from causalspec.runtime.readouts.mediation import Effects, Mediation
from causalspec.runtime.readouts.records import (
    DataReadout,
    InputReadout,
    PredictorScore,
    Readout,
    is_realised,
)
from causalspec.runtime.readouts.rewrite import Rewriting, Rewritten
from causalspec.runtime.report.readings import render_mediation, render_readout
from causalspec.runtime.results.as_json import (
    from_json,
    json_text,
    json_value,
    schema_of,
    with_numbers,
)
from causalspec.runtime.results.estimates import Measurement, Score
from causalspec.runtime.results.records import PairCounts, SiteScore
from causalspec.runtime.sites.site import Site
from tests.helpers.schemas import validate
from tests.helpers.spec_files import ROOT

RESULT = ROOT / "tests" / "helpers" / "indirect_object_result.json"
MANIFEST = from_json(RESULT.read_text(encoding="utf-8")).manifest
KINDS = {"mediate": Mediation, "readout": Readout, "rewrite": Rewriting}
LAST = {layer: Site("residual", layer, "last") for layer in range(3)}


def effect(mean: float) -> Measurement:
    return Measurement(mean, 1.0, 50, 50.0)


def mediation() -> Mediation:
    """Half of the effect goes through layer 1, more than all of it through layer 2."""
    sites = (
        Effects(LAST[2], effect(2.4), effect(-0.004)),
        Effects(LAST[1], effect(1.0), effect(1.0)),
        Effects(Site("residual", 1, "first<1>"), effect(-0.2), effect(2.0)),
    )
    counts = PairCounts("Pairs", "validation", 60, 55, 55, 0.5)
    return Mediation(MANIFEST, "Grid", "Pairs.validation", counts, effect(2.0), sites)


def given(name: str, as_source: Score, as_base: Score, *, right: bool) -> InputReadout:
    realised = is_realised(as_source, as_base)
    said = "yes" if right else "no"
    return InputReadout(name, "1", "1", as_source, as_base, said, "yes", right, realised)


def readout() -> Readout:
    inputs = (
        given("none", Score(0, 0), Score(0, 0), right=True),
        given("kept", Score(9, 9), Score(8, 9), right=True),
        given("<lost>", Score(0, 9), Score(9, 9), right=False),
    )
    predictors = (
        PredictorScore("confidence", 0.75, 0.5, 0.9, 3),
        PredictorScore("plain probe", float("nan"), float("nan"), float("nan"), 0, "no mistakes"),
    )
    sites = tuple(SiteScore((site,), Score(3 * k, 9), None) for k, site in LAST.items())
    data = DataReadout("Pairs.test", "turned", predictors, inputs)
    return Readout(MANIFEST, "Held", "v", LAST[2], "Pairs.train", (data,), sites)


def cells(page: str) -> list[tuple[str, str, str]]:
    """Class, title and text of the shaded cells with a title."""
    return re.findall(r'<td class="([^"]*)" title="([^"]*)">([^<]*)', page)


def test_effects_are_shaded_by_their_share_of_the_total() -> None:
    page = render_mediation(mediation())
    assert cells(page) == [
        ("heat-0", "residual, layer 1, token first&lt;1&gt;: indirect −0.20 (−0.48 to 0.08), "
         "direct 2.00 (1.72 to 2.28)", "−0.10"),
        ("heat-5", "residual, layer 1, token last: indirect 1.00 (0.72 to 1.28), "
         "direct 1.00 (0.72 to 1.28)", "0.50"),
        ("heat-10", "residual, layer 2, token last: indirect 2.40 (2.12 to 2.68), "
         "direct 0.00 (−0.28 to 0.27)", "1.20"),
    ]  # fmt: skip
    assert page.count("heat-none") == page.count("·</td>") + 1  # one of them is in the style
    assert '<th scope="col">1</th><th scope="col">2</th>' in page


def test_without_a_total_effect_nothing_is_shaded() -> None:
    page = render_mediation(replace(mediation(), total=effect(0.0)))
    assert {(shade, text) for shade, _, text in cells(page)} == {("heat-none", "–")}


def test_a_readout_shows_sites_and_inputs_least_realised_first() -> None:
    page = render_readout(readout())
    assert [(shade, text) for shade, _, text in cells(page)] == [
        ("heat-0", ".00"),
        ("heat-3", ".33"),
        ("heat-7 chosen", ".67"),
    ]
    rows = re.findall(r'<th scope="row">([^<]*)</th><td>1</td>(.*)</tr>', page)
    assert [name for name, _ in rows] == ["&lt;lost&gt;", "kept", "none"]
    assert '<td class="heat-0">0/9</td><td class="heat-10">9/9</td><td>no</td>' in rows[0][1]
    assert "(right: yes)" in rows[0][1] and "<td>unknown</td>" in rows[2][1]
    assert "Where it was read" not in render_readout(replace(readout(), sites=()))


@pytest.mark.parametrize("page", [render_mediation(mediation()), render_readout(readout())])
def test_pages_load_and_run_nothing(page: str) -> None:
    assert "default-src &#39;none&#39;" in page
    assert not re.findall(r"<script|<link|\bsrc=|\bhref=|\bon\w+=", page)
    assert all("scope=" in head for head in re.findall(r"<th\b[^>]*>", page))
    assert page.count("<table") == page.count("<caption")
    for tag in ("table", "tr", "td", "th", "section", "figure", "main", "html"):
        assert len(re.findall(rf"<{tag}\b", page)) == page.count(f"</{tag}>")


@pytest.mark.parametrize("name", KINDS)
def test_the_published_schema_is_that_of_the_fields(name: str) -> None:
    made = json_text(with_numbers(schema_of(KINDS[name], f"causalspec {name}")))
    if os.environ.get("CAUSALSPEC_WRITE_SCHEMAS"):
        path = ROOT / "causalspec" / "schemas" / f"{name}.json"
        path.write_text(made, encoding="utf-8")
    published = files("causalspec.schemas").joinpath(f"{name}.json")
    assert Path(str(published)).read_text(encoding="utf-8") == made


def test_what_is_written_obeys_the_schema() -> None:
    text = Rewriting("a", "b", " c", 1, True, True, (Rewritten(None, " d", 0, 0.0, ("c → d",)),))
    found: dict[str, Any] = {"mediate": mediation(), "readout": readout(), "rewrite": text}
    for name, value in found.items():
        validate(json.loads(json_text(json_value(value))), name)
