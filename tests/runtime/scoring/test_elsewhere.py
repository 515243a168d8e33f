"""A claim's maps on other data and under another prompt: scored as they are, nothing fitted."""

from __future__ import annotations

from pathlib import Path

import pytest

from causalspec.compiler.compile import check_file
from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.networks.locations import load_task_network
from causalspec.runtime.results.records import ClaimVerdict
from causalspec.runtime.scoring.verify import VerifySettings, verify
from tests.helpers.tiny_player import SPEC

LINES = """expect iia >= 0.80
  expect iia(Reds) >= 0.5
  expect iia - iia(Reds) <= 1
  expect iia(backwards) >= 0.5
"""
DATA = """
counterfactuals Reds of Direct {
  swap color
  keep where base.first == red and result.answer != base.answer
  split test 40
}

align Last"""


def verified(player: Path, folder: Path, text: str) -> ClaimVerdict:
    path = folder / "pick.causal"
    path.write_text(text, encoding="utf-8")
    specification = check_file(path).specification
    assert specification is not None
    network = load_task_network(str(player), "cpu")
    settings = VerifySettings(fit=FitSettings(steps=20, batch=16))
    with pytest.MonkeyPatch.context() as patch:  # controls are others' question
        patch.setattr("causalspec.runtime.scoring.controls.CONTROLS", {})
        [verdict] = verify(specification, network, folder / "results", settings).verdicts
    return verdict


def test_rows_of_the_verdict(player: Path, tmp_path: Path) -> None:
    plain = SPEC.replace("  expect iia - iia(no_swap) >= 0.50\n", "")
    backwards = '  prompt backwards "{which} {second} {first}"\n  say answer'
    text = plain.replace("  say answer", backwards).replace("align Last", DATA.strip(), 1)
    text = text.replace("expect iia >= 0.80\n", LINES)
    for name in ("alone", "with"):
        (tmp_path / name).mkdir()
    alone = verified(player, tmp_path / "alone", plain)
    found = verified(player, tmp_path / "with", text)
    assert (found.score, found.chosen) == (alone.score, alone.chosen)  # no fit knows of them
    rows = {row.name: row for row in found.controls}
    assert list(rows) == ["Reds", "backwards"]
    assert rows["Reds"].explanation == "the claim's maps as they are, on the pairs of `Reds.test`"
    assert rows["Reds"].score.drawn == 40
    by_text = {line.text: line for line in found.expectations}
    assert by_text["iia(Reds) >= 0.5"].value == pytest.approx(rows["Reds"].score.mean)
    # The network was never taught that prompt: what it does not play can't be told.
    under = by_text["iia(backwards) >= 0.5"]
    assert rows["backwards"].not_tested or rows["backwards"].score.total < 24
    assert under.holds is not True
