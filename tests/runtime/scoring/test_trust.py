"""What keeps a claim from holding: paired differences, draws, and scores that part."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import pytest

from causalspec.compiler.compile import check_file
from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.networks.locations import load_task_network
from causalspec.runtime.report.page import render_report
from causalspec.runtime.report.text import headline, outcome
from causalspec.runtime.results.as_json import from_json, to_json
from causalspec.runtime.results.draws import mean_score
from causalspec.runtime.results.estimates import Score
from causalspec.runtime.results.paired import Paired, PairedPart
from causalspec.runtime.scoring.verify import VerifySettings, verify
from tests.helpers.tiny_player import SPEC

FIXTURE = Path(__file__).parents[2] / "helpers" / "indirect_object_result.json"
RUN = from_json(FIXTURE.read_text(encoding="utf-8"))


def test_paired_differences_are_those_of_agresti_and_min() -> None:
    found = Paired((PairedPart(0.2, 0.4, 100),)).result
    difference = 20 / 102
    half = 1.959963984540054 * math.sqrt((41 - 20**2 / 102) / 102**2)
    assert found.mean == 0.2
    assert found.lower == pytest.approx(difference - half)
    assert found.upper == pytest.approx(difference + half)


def test_equal_scores_are_not_above_each_other() -> None:
    assert Paired((PairedPart(0.0, 0.0, 500),)).result.lower < 0
    assert Paired((PairedPart(1.0, 1.0, 500),)).result.lower > 0.9


def test_draws_widen_the_interval_by_their_spread() -> None:
    same = mean_score([Score(50, 100)] * 20)
    apart = mean_score([Score(20, 100), Score(80, 100)] * 10)
    assert same.mean == apart.mean == 0.5
    assert same.counts_as() == pytest.approx(100)
    between = 20 / 19 * 0.3**2 / 20
    assert apart.counts_as() == pytest.approx(0.25 / (0.25 / 100 + between))


def test_a_vacuous_claim_does_not_hold_and_says_so() -> None:
    holding = dataclasses.replace(RUN.verdicts[0], vacuous="an untrained network does as well")
    run = dataclasses.replace(RUN, verdicts=(holding,))
    assert RUN.verdicts[0].holds is True
    assert (holding.holds, outcome(holding)) == (False, "vacuous")
    assert headline(run) == "The claim is vacuous"
    assert "vacuous: an untrained network does as well" in render_report(run)
    assert from_json(to_json(run)) == run


def test_scores_that_part_leave_a_claim_unknown() -> None:
    parted = dataclasses.replace(RUN.verdicts[0], parted="they part")
    assert (parted.holds, outcome(parted)) == (None, "unknown")


def test_a_variable_that_an_untrained_network_gives_away_is_vacuous(
    player: Path, tmp_path: Path
) -> None:
    path = tmp_path / "pick.causal"
    text = SPEC.replace("expect iia >= 0.80", "expect iia >= 0")
    text = text.replace("expect iia - iia(no_swap) >= 0.50", "expect iia >= -1")
    path.write_text(text, encoding="utf-8")
    specification = check_file(path).specification
    assert specification is not None
    trained = load_task_network(str(player), "cpu")
    settings = VerifySettings(fit=FitSettings(steps=10, batch=16), keeps_unanswered=True)
    untrained = trained.untrained(1)
    [verdict] = verify(specification, untrained, tmp_path / "results", settings).verdicts
    assert verdict.above_untrained is not None
    assert verdict.above_untrained.lower <= 0
    assert verdict.is_vacuous
    [draws] = [control for control in verdict.controls if control.name == "random_subspace"]
    assert len(draws.spread) == 20
    assert draws.score.mean == pytest.approx(sum(draws.spread) / 20)
