"""What `make calibrate` tries a hundred times, tried once; and the ten simulated systems."""

from __future__ import annotations

import importlib
import json
import os
from typing import Any

import pytest

from tests.helpers.spec_files import ROOT

LONG = os.environ.get("CAUSALSPEC_LONG") == "1"
SYSTEMS = (
    ("adder", "heat_rod", "tracr")
    if not LONG
    else tuple(path.stem for path in sorted((ROOT / "specs/simulated_systems").glob("*.causal")))
)


def part(name: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return importlib.import_module(name)


@pytest.mark.parametrize(
    ("name", "outcome"),
    [("true", "holds"), ("untrained", "fails"), ("shuffled labels", "fails"), ("wrong", "fails")],
)
def test_claims_are_judged_by_what_is_known(
    name: str, outcome: str, monkeypatch: pytest.MonkeyPatch
):
    claims = part("calibration.claims", monkeypatch)
    [row] = [row for row in claims.ROWS if row.name == name]
    found = claims.verdict_on(row, 3)
    assert found.outcome == outcome
    assert (found.iia == 1.0) is row.true


def test_a_wrong_hypothesis_that_a_revnet_fits_is_refused(monkeypatch: pytest.MonkeyPatch):
    """And-Or-And of a network that does And-Or: the map learns it, and not it alone."""
    claims = part("calibration.claims", monkeypatch)
    [row] = [row for row in claims.ROWS if row.name == "wrong, RevNet"]
    found = claims.verdict_on(row, 0)
    assert found.iia > 0.8
    assert found.outcome in ("fails", "vacuous")


@pytest.mark.parametrize("name", SYSTEMS)
def test_valid_mappings_of_simulated_systems_are_told_from_invalid_ones(
    name: str, monkeypatch: pytest.MonkeyPatch
):
    found = part("calibration.systems", monkeypatch).verdicts_on(name)
    assert (found["Valid"]["outcome"], found["Invalid"]["outcome"]) == ("holds", "fails")
    for control in ("site_resampled", "unmapped_resampled"):
        assert found["Valid"][control] == 1.0
    assert found["Invalid"]["unmapped_resampled"] < 0.97
    # What is dormant as long as two copies agree, interchanges alone do not see.
    assert (found["Invalid"]["iia"] == 1.0) is (
        name in ("adder", "heat_plate", "tracr", "processor")
    )


def test_a_run_that_was_ended_goes_on_where_it_was(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    program = part("calibrate", monkeypatch)
    page = tmp_path / "page.md"
    page.write_text("<!-- nulls: begin -->\nold\n<!-- nulls: end -->\n", encoding="utf-8")
    kept = tmp_path / "results" / "calibration.json"
    monkeypatch.setattr(program, "KEPT", kept)
    monkeypatch.setattr(program, "PAGE", page)
    command = ["calibrate", "--only", "nulls", "--replicates", "20"]
    monkeypatch.setattr("sys.argv", command)
    program.main()
    first = kept.read_text(encoding="utf-8")
    found = json.loads(first)
    assert len(found["nulls"]) == 15
    assert "(15 of 15, 0 min left)" in capsys.readouterr().out
    assert "old" not in page.read_text(encoding="utf-8")
    assert "| 200 | 200 | 20 |" in page.read_text(encoding="utf-8")
    dropped = found["nulls"].pop("search 60 60 x 20")
    kept.write_text(json.dumps(found), encoding="utf-8")
    program.main()
    assert capsys.readouterr().out == "nulls: search 60 60 x 20 (1 of 1, 0 min left)\n"
    assert json.loads(kept.read_text(encoding="utf-8"))["nulls"]["search 60 60 x 20"] == dropped
    assert kept.read_text(encoding="utf-8") == first
