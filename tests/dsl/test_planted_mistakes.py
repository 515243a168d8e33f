"""Promise 7: independent mistakes are all reported, and misspelt words are understood."""

from __future__ import annotations

import os
import random
from collections import Counter
from functools import cache

import pytest

from tests.helpers.generated.planted import Outcome, Program, planted, plants, programs, statements
from tests.helpers.generated.typos import typo

LONG = bool(os.environ.get("CAUSALSPEC_LONG"))
COUNT = 5_000 if LONG else 150


@cache
def corpus() -> tuple[Program, ...]:
    return tuple(
        program for program in programs(200 if LONG else 20) if len(statements(program)) > 1
    )


def two_mistakes(chance: random.Random) -> Outcome:
    """Two mistakes of any kinds in two statements of one program."""
    program = chance.choice(corpus())
    possible = plants(program, chance.randrange(10))
    first_kind = chance.choice(sorted({plant.kind for plant in possible}))
    first = chance.choice([plant for plant in possible if plant.kind == first_kind])
    others = [plant for plant in possible if plant.statement is not first.statement]
    second_kind = chance.choice(sorted({plant.kind for plant in others}))
    return planted(first, chance.choice([plant for plant in others if plant.kind == second_kind]))


def test_two_mistakes_in_one_file_are_both_reported(capsys: pytest.CaptureFixture[str]) -> None:
    chance = random.Random(7)
    outcomes = [two_mistakes(chance) for _ in range(COUNT)]
    missed = [outcome for outcome in outcomes if not all(outcome.found)]
    beside = Counter(outcome.spurious for outcome in outcomes)
    with capsys.disabled():
        share = 1 - len(missed) / COUNT
        print(f"\nboth of two mistakes reported: {share:.1%} of {COUNT}; reports beside: {beside}")
    assert len(missed) <= 0.05 * COUNT
    noisy = [outcome.text for outcome in outcomes if outcome.spurious > 1]
    assert noisy == []


def test_misspelt_words_are_understood(capsys: pytest.CaptureFixture[str]) -> None:
    chance = random.Random(8)
    misspelt: Counter[bool] = Counter()
    missed: Counter[bool] = Counter()
    while misspelt.total() < COUNT:
        slip = typo(chance.choice(corpus()), chance)
        if slip is not None:
            misspelt[slip.is_keyword] += 1
            missed[slip.is_keyword] += not slip.is_understood(slip.errors())
    with capsys.disabled():
        for is_keyword, what in ((False, "names"), (True, "keywords")):
            share = 1 - missed[is_keyword] / misspelt[is_keyword]
            print(f"\nmisspelt {what} understood: {share:.1%} of {misspelt[is_keyword]}", end="")
        print()
    assert missed[False] <= 0.05 * misspelt[False]
    assert missed[True] <= 0.05 * misspelt[True]
