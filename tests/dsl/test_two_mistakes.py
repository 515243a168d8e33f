"""Promise 7: two independent mistakes in one file are both reported, and nothing else is."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable

import pytest

from causalspec.dsl.diagnostics import Diagnostics
from causalspec.dsl.parser import parse
from causalspec.dsl.source import Source
from causalspec.dsl.syntax import Node
from causalspec.dsl.tokens import tokenize
from tests.helpers.spec_files import EXAMPLES, spec_text


def statements_of(name: str) -> list[tuple[int, int]]:
    """The places of the statements in the blocks of a file."""
    places: list[tuple[int, int]] = []
    for declaration in parse(Source(name, spec_text(name)), Diagnostics()).declarations:
        body: object = getattr(declaration, "body", ())
        for statement in body if isinstance(body, tuple) else ():
            if isinstance(statement, Node) and statement.span.text[0].islower():
                places.append((statement.span.start, statement.span.end))
    return places


def misspell(statement: str) -> tuple[str, str]:
    """The first letters of the leading word exchanged, where that leaves a near word."""
    if len(statement.split(maxsplit=1)[0]) < 5:
        return strange(statement)
    return statement[0] + statement[2] + statement[1] + statement[3:], "CS105"


def strange(statement: str) -> tuple[str, str]:
    head, space, tail = statement.partition(" ")
    return f"{head}{space}§{tail}", "CS101"


def stray(statement: str) -> tuple[str, str]:
    tokens = tokenize(Source("one", statement), 0, len(statement), Diagnostics())
    end = tokens[-1].end_pos or 0
    return f"{statement[:end]} ]{statement[end:]}", "CS107"


def cut(statement: str) -> tuple[str, str]:
    """Only the leading word is left."""
    return statement.split(maxsplit=1)[0], "CS104"


PLANTS: tuple[Callable[[str], tuple[str, str]], ...] = (misspell, strange, stray, cut)


@pytest.mark.parametrize("name", EXAMPLES)
def test_two_planted_mistakes(name: str) -> None:
    text, places = spec_text(name), statements_of(name)
    chance = random.Random(name)
    pairs = list(itertools.combinations(places, 2))
    for first, second in chance.sample(pairs, min(len(pairs), 12)):
        plant, other_plant = chance.choice(PLANTS), chance.choice(PLANTS)
        early, early_code = plant(text[slice(*first)])
        late, late_code = other_plant(text[slice(*second)])
        planted = text[: first[0]] + early + text[first[1] : second[0]] + late + text[second[1] :]
        diagnostics = Diagnostics()
        parse(Source(name, planted), diagnostics)
        assert [diagnostic.code for diagnostic in diagnostics] == [early_code, late_code], planted
