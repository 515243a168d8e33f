"""A claim that is met on too few pairs is unknown, everywhere that verdicts are shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from causalspec.exit_codes import ExitCode
from tests.helpers.terminal import Terminal
from tests.helpers.tiny_player import SPEC

# The whole vector at the last layer is the answer, so it scores 1 and what is not swapped 0.
WHOLE = SPEC.replace("das(dim = 8)", "full_vector").replace(
    "split train 64, validation 24, test 24", "split validation 24, test 400"
)

# Two sides asked for, times the three other colors and two sides of the source: twelve pairs of
# two bases, of the 50 that there could be.
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


Verify = Callable[..., tuple[int, Any, str]]


@pytest.fixture
def verified(player: Path, run: Terminal) -> Verify:
    """`verify` of a text: its status, its result and what it prints."""

    def verify(text: str, *more: str) -> tuple[int, Any, str]:
        run.write(spec=text)
        where = ("--network", str(player), "--device", "cpu", "--out", "out")
        status, printed, _ = run("verify", "spec.causal", *where, *more)
        return status, json.loads(Path("out/result.json").read_text(encoding="utf-8")), printed

    return verify


def test_enough_pairs_hold(verified: Verify) -> None:
    status, result, _ = verified(WHOLE)
    assert (status, result["holds"]) == (ExitCode.FINE, True)
    score = result["verdicts"][0]["score"]
    assert (score["correct"], score["total"], score["drawn"]) == (400, 400, 400)


def test_repeated_pairs_count_once(verified: Verify) -> None:
    status, result, printed = verified(TWELVE.replace("iia >= 0.80", "iia >= 0.95"))
    assert status == ExitCode.UNKNOWN
    [verdict] = result["verdicts"]
    # Wilson's lower end for n of n is n / (n + z²).
    bases = verdict["score"]["effective"]
    assert bases == pytest.approx(2 / (1 - 2 / 50), abs=0.05)
    assert verdict["score"] == {
        "correct": 400, "total": 400, "effective": bases, "drawn": 400, "mean": 1.0,
        "lower": pytest.approx(bases / (bases + 1.959963984540054**2)), "upper": 1.0,
        "parts": [],
    }  # fmt: skip
    scores = [control["score"] for control in verdict["controls"] if control["score"]["total"]]
    assert {score["effective"] for score in scores} == {bases}
    assert verdict["counts"][-1]["distinct"] == 12
    first, second = verdict["expectations"]
    assert first == {
        "text": "iia >= 0.95", "value": 1.0, "holds": None, "enough": 16, "by_seed": [],
        "reason": "on 2.1 independent pairs the interval reaches 0.600 past the bound; 16 would do",
    }  # fmt: skip
    assert (second["holds"], second["enough"]) == (None, 6)
    shown = " ".join(printed.split())
    assert "The claim is unknown" in shown
    assert "on 400 of 400 test pairs, which count as 2.1 independent ones" in shown
    assert "400 answered rightly, 400 scored, 12 distinct" in shown
    assert "unknown: on 2.1 independent pairs the interval reaches 0.600 past the bound" in shown
    report = Path("out/report.html").read_text(encoding="utf-8")
    assert 'class="badge unknown"' in report
    assert "on 2.1 independent pairs the interval reaches 0.600 past the bound" in report


def test_a_balanced_split_rests_on_its_rarest_pairs(verified: Verify) -> None:
    """Half of the rows are one pair: what the other half tells can't make up for it."""
    rare = "base.first == red and base.second == green and base.which == left"
    rare += " and source.first == blue and source.second == green and source.which == left"
    text = WHOLE.replace("  keep where result.answer != base.answer\n", f"  balance {rare}\n")
    _, result, _ = verified(text)
    score = result["verdicts"][0]["score"]
    distinct = result["verdicts"][0]["counts"][-1]["distinct"]
    assert 150 < distinct <= 201
    assert score["effective"] == pytest.approx(400**2 / (200**2 / 1 + 200**2 / (distinct - 1)))
    assert score["effective"] < 4


def test_one_that_fails_beats_one_that_is_unknown(verified: Verify) -> None:
    status, result, _ = verified(TWELVE.replace("iia >= 0.80", "iia >= 0.95") + FAILING)
    assert (status, result["holds"]) == (ExitCode.CLAIM_FAILED, False)
    assert [verdict["holds"] for verdict in result["verdicts"]] == [None, False]


def test_json_says_null(verified: Verify) -> None:
    status, _, printed = verified(TWELVE.replace("iia >= 0.80", "iia >= 0.95"), "--format", "json")
    told = json.loads(printed)
    assert (status, told["holds"]) == (ExitCode.UNKNOWN, None)
    assert told["verdicts"][0]["holds"] is None
