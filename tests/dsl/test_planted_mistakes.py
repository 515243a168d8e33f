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
    return tuple(one for one in programs(200 if LONG else 20) if len(statements(one)) > 1)


def two_mistakes(chance: random.Random) -> Outcome:
    """Two mistakes of any kinds in two statements of one program."""
    program = chance.choice(corpus())
    possible = plants(program, chance.randrange(10))
    first_kind = chance.choice(sorted({one.kind for one in possible}))
    first = chance.choice([one for one in possible if one.kind == first_kind])
    others = [one for one in possible if one.statement is not first.statement]
    second_kind = chance.choice(sorted({one.kind for one in others}))
    return planted(first, chance.choice([one for one in others if one.kind == second_kind]))


def test_two_mistakes_in_one_file_are_both_reported(capsys: pytest.CaptureFixture[str]) -> None:
    chance = random.Random(7)
    outcomes = [two_mistakes(chance) for _ in range(COUNT)]
    missed = [one for one in outcomes if not all(one.found)]
    beside = Counter(one.spurious for one in outcomes)
    with capsys.disabled():
        share = 1 - len(missed) / COUNT
        print(f"\nboth of two mistakes reported: {share:.1%} of {COUNT}; reports beside: {beside}")
    assert len(missed) <= 0.05 * COUNT
    noisy = [one.text for one in outcomes if one.spurious > 1]
    assert noisy == []


def test_misspelt_words_are_understood(capsys: pytest.CaptureFixture[str]) -> None:
    chance = random.Random(8)
    misspelt: Counter[bool] = Counter()
    missed: Counter[bool] = Counter()
    while misspelt.total() < COUNT:
        one = typo(chance.choice(corpus()), chance)
        if one is not None:
            misspelt[one.is_keyword] += 1
            missed[one.is_keyword] += not one.is_understood(one.errors())
    with capsys.disabled():
        for is_keyword, what in ((False, "names"), (True, "keywords")):
            share = 1 - missed[is_keyword] / misspelt[is_keyword]
            print(f"\nmisspelt {what} understood: {share:.1%} of {misspelt[is_keyword]}", end="")
        print()
    assert missed[False] <= 0.05 * misspelt[False]
    assert missed[True] <= 0.05 * misspelt[True]
