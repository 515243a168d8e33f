"""Expectations of several seeds: each is a sweep of its own, and enough of them must hold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from causalspec.compiler.specification import Claim
from causalspec.runtime.results.estimates import Score
from causalspec.runtime.results.records import ClaimVerdict, ExpectationVerdict
from causalspec.runtime.scoring.seeds import over_seeds
from tests.compiler.front.test_scores import claim as claim_of

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
    found = judged(claim_of("iia >= 0.9 for 2 of 3 seeds"), answers)
    assert found.holds is holds
    assert found.reason == ("few" if holds is None else "")


def test_maps_of_one_seed_leave_it_unknown():
    claim = claim_of("iia >= 0.9 for 2 of 3 seeds")
    blank = first_verdict(ExpectationVerdict("iia >= 0.9", 1.0, True))
    [found] = over_seeds(claim, blank, 0, None)
    assert (found.holds, found.reason) == (None, "maps of one seed are scored, and 3 are asked for")
