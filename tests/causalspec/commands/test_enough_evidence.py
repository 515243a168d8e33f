"""A claim that is met on too few pairs is unknown, everywhere that verdicts are shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from causalspec.command_line import main
from causalspec.exit_codes import ExitCode
from tests.helpers.tiny_player import SPEC

# The whole vector at the last layer is the answer, so it scores 1 and what is not swapped 0.
WHOLE = SPEC.replace("das(dim = 8)", "full_vector").replace(
    "split train 64, validation 24, test 24", "split validation 24, test 400"
)

# Two sides asked for, times the three other colors and two sides of the source: twelve pairs.
TWELVE = WHOLE.replace(
    "  keep where result.answer != base.answer\n",
    "  keep where base.first == red and base.second == green and source.second == white\n"
    "    and source.first != red and source.first != green\n",
)

FAILING = """
claim Nothing {
  of Direct on SwapColor.test with Last
  expect iia <= 0.50
}
"""


def verified(text: str, player: Path, place: Path, *more: str) -> tuple[int, Any]:
    (place / "spec.causal").write_text(text, encoding="utf-8")
    out = place / "out"
    arguments = ["verify", str(place / "spec.causal"), "--network", str(player), "--device", "cpu"]
    status = main([*arguments, "--out", str(out), *more])
    return status, json.loads((out / "result.json").read_text(encoding="utf-8"))


def test_enough_pairs_hold(player: Path, tmp_path: Path) -> None:
    status, result = verified(WHOLE, player, tmp_path)
    assert status == ExitCode.FINE
    assert result["holds"] is True
    score = result["verdicts"][0]["score"]
    assert (score["correct"], score["total"], score["drawn"]) == (400, 400, 400)


def test_repeated_pairs_count_once(
    player: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, result = verified(TWELVE.replace("iia >= 0.80", "iia >= 0.95"), player, tmp_path)
    assert status == ExitCode.UNKNOWN
    [verdict] = result["verdicts"]
    # Wilson's lower end for 12 of 12 is 12 / (12 + z²).
    assert verdict["score"] == {
        "correct": 400, "total": 400, "effective": 12.0, "drawn": 400, "mean": 1.0,
        "lower": pytest.approx(12 / (12 + 1.959963984540054**2)), "upper": 1.0,
        "parts": [],
    }  # fmt: skip
    for control in verdict["controls"]:
        assert control["score"]["effective"] == 12.0
    assert verdict["counts"][-1]["distinct"] == 12
    first, second = verdict["expectations"]
    assert first == {
        "text": "iia >= 0.95", "value": 1.0, "holds": None, "enough": 16,
        "reason": "on 12 distinct pairs the interval reaches 0.192 past the bound; 16 would do",
    }  # fmt: skip
    assert (second["holds"], second["enough"]) == (True, None)
    shown = " ".join(capsys.readouterr().out.split())
    assert "The claim is unknown" in shown
    assert "on 400 of 400 test pairs, which count as 12 distinct ones" in shown
    assert "400 answered rightly, 400 scored, 12 distinct" in shown
    assert "unknown: on 12 distinct pairs the interval reaches 0.192 past the bound" in shown
    report = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert 'class="badge unknown"' in report
    assert "on 12 distinct pairs the interval reaches 0.192 past the bound" in report


def test_a_balanced_split_rests_on_its_rarest_pairs(player: Path, tmp_path: Path) -> None:
    """Half of the rows are one pair: what the other half tells can't make up for it."""
    rare = "base.first == red and base.second == green and base.which == left"
    rare += " and source.first == blue and source.second == green and source.which == left"
    text = WHOLE.replace("  keep where result.answer != base.answer\n", f"  balance {rare}\n")
    _, result = verified(text, player, tmp_path)
    score = result["verdicts"][0]["score"]
    distinct = result["verdicts"][0]["counts"][-1]["distinct"]
    assert 150 < distinct <= 201
    assert score["effective"] == pytest.approx(400**2 / (200**2 / 1 + 200**2 / (distinct - 1)))
    assert score["effective"] < 4


def test_one_that_fails_beats_one_that_is_unknown(player: Path, tmp_path: Path) -> None:
    text = TWELVE.replace("iia >= 0.80", "iia >= 0.95") + FAILING
    status, result = verified(text, player, tmp_path)
    assert status == ExitCode.CLAIM_FAILED
    assert [one["holds"] for one in result["verdicts"]] == [None, False]
    assert result["holds"] is False


def test_json_says_null(player: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = TWELVE.replace("iia >= 0.80", "iia >= 0.95")
    status, _ = verified(text, player, tmp_path, "--format", "json")
    assert status == ExitCode.UNKNOWN
    printed = json.loads(capsys.readouterr().out)
    assert printed["holds"] is None
    assert printed["verdicts"][0]["holds"] is None
