"""Expectations of several seeds: each is a sweep of its own, and enough of them must hold."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from causalspec.compiler.specification import Claim
from causalspec.runtime.results.estimates import Score
from causalspec.runtime.results.records import ClaimVerdict, ExpectationVerdict
from causalspec.runtime.scoring.seeds import over_seeds
from tests.compiler.front.test_scores import claim as claim_of
from tests.helpers.terminal import Terminal
from tests.helpers.tiny_player import SPEC

YES, NO, OPEN = True, False, None


def first_verdict(line: ExpectationVerdict) -> ClaimVerdict:
    """A claim's verdict with the maps of the first seed."""
    return ClaimVerdict(
        claim="C",
        model="Chain",
        documentation="",
        alignment="A",
        method="das(dim = 2)",
        score=Score(5, 10),
        per_kind=(),
        chosen=(),
        sites=(),
        controls=(),
        expectations=(line,),
        counts=(),
        rows=(),
        notes=(),
        graph_svg="",
        seconds=0.0,
    )


def judged(claim: Claim, answers: list[bool | None]) -> ExpectationVerdict:
    """The verdict of `claim`'s only line where each seed comes to the next of the answers."""
    verdicts = [
        ExpectationVerdict("iia >= 0.9", 0.5, holds, "" if holds is not None else "few", None)
        for holds in answers
    ]
    blank = first_verdict(verdicts[0])

    def of_seed(number: int, asked: Claim) -> ClaimVerdict:
        assert [(line.least, line.seeds) for line in asked.expectations] == [(1, 1)]
        return replace(blank, expectations=(verdicts[number],))

    [found] = over_seeds(claim, blank, 7, of_seed)
    assert [seed.seed for seed in found.by_seed] == list(range(7, 7 + len(answers)))
    assert [seed.holds for seed in found.by_seed] == answers
    return found


@pytest.mark.parametrize(
    ("answers", "holds"),
    [
        ([YES, YES, NO], True),
        ([NO, YES, YES], True),
        ([YES, OPEN, YES], True),
        ([YES, NO, NO], False),
        ([NO, NO, OPEN], False),
        ([YES, OPEN, NO], None),
        ([OPEN, OPEN, OPEN], None),
    ],
)
def test_two_of_three(answers: list[bool | None], holds: bool | None):
    found = judged(claim_of("expect iia >= 0.9 for 2 of 3 seeds"), answers)
    assert found.holds is holds
    assert found.reason == ("few" if holds is None else "")


def test_maps_of_one_seed_leave_it_unknown():
    claim = claim_of("expect iia >= 0.9 for 2 of 3 seeds")
    blank = first_verdict(ExpectationVerdict("iia >= 0.9", 1.0, True))
    [found] = over_seeds(claim, blank, 0, None)
    assert (found.holds, found.reason) == (None, "maps of one seed are scored, and 3 are asked for")


def test_each_seed_is_a_sweep_of_its_own(player: Path, run: Terminal) -> None:
    line = "expect iia >= 0.80"
    assert line in SPEC
    run.write(spec=SPEC.replace(line, "expect iia >= 0.80 for 2 of 3 seeds"))
    where = ("--network", str(player), "--device", "cpu", "--out", "out", "--steps", "30")
    run("verify", "spec.causal", *where)
    verdict = json.loads(Path("out/result.json").read_text(encoding="utf-8"))["verdicts"][0]
    first, *others = verdict["expectations"]
    assert first["text"] == "iia >= 0.80 for 2 of 3 seeds"
    assert [seed["seed"] for seed in first["by_seed"]] == [0, 1, 2]
    assert first["by_seed"][0]["value"] == first["value"] == verdict["score"]["mean"]
    assert all(math.isfinite(seed["value"]) and seed["sites"] for seed in first["by_seed"])
    assert len({seed["value"] for seed in first["by_seed"]}) > 1 or first["value"] == 1
    assert all(not other["by_seed"] for other in others)
