"""The smallest setting that makes a condition true, in the order that `witnesses` defines.

Of few settings all are tried; else one is moved towards the domains' first values, and the solver
is asked for a smaller one until it finds none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from time import process_time

import numpy

from causalspec.compiler.evaluators.intervals import UnsupportedModelError
from causalspec.compiler.evaluators.prove import SECONDS_A_QUESTION
from causalspec.compiler.evidence import Witness
from causalspec.compiler.expressions import (
    All,
    Arithmetic,
    ArithmeticOperator,
    Choose,
    Compare,
    ComparisonOperator,
    Constant,
    Expression,
    Lookup,
)
from causalspec.compiler.proofs.existence import CHEAPER_THAN_THE_SOLVER, Question, place

_MOVES = 1000
"""So many smaller values of an input are tried at once."""

Places = tuple[int, ...]
"""Where each varying input's value stands among its codes."""


def smallest(question: Question, setting: Mapping[str, int]) -> Mapping[str, int]:
    """The smallest setting of the varying inputs; `setting` is one that does."""
    if question.count <= CHEAPER_THAN_THE_SOLVER:
        try:
            return _of_all(question)
        except UnsupportedModelError:  # beyond 64 bits, where columns refuse
            pass
    places, is_smallest = _solved(question, _moved_nearer(question, _places(question, setting)))
    return _setting(question, places if is_smallest else _moved_nearer(question, places))


def _setting(question: Question, places: Sequence[int]) -> dict[str, int]:
    pairs = zip(question.codes.items(), places, strict=True)
    return {name: codes[int(position)] for (name, codes), position in pairs}


def _places(question: Question, setting: Mapping[str, int]) -> Places:
    return tuple(codes.index(setting[name]) for name, codes in question.codes.items())


def _of_all(question: Question) -> dict[str, int]:
    """By trying every setting: rows are numbered in lexicographic order."""
    best: tuple[int, int, Places] | None = None
    for positions in question.batches():
        hits = question.hits(positions)
        if not len(hits):
            continue
        places = numpy.stack([one[hits] for one in positions] or [hits * 0], axis=1)
        support, total = (places > 0).sum(axis=1), places.sum(axis=1)
        first = numpy.lexsort((total, support))[0]
        places = tuple(places[first].tolist()) if positions else ()
        found = int(support[first]), int(total[first]), places
        best = found if best is None else min(best, found)
    assert best is not None
    return _setting(question, best[2])


def _solved(question: Question, bound: Places) -> tuple[Places, bool]:
    """The smallest places up to a bound, and whether the solver had the time to say so."""
    end = process_time() + SECONDS_A_QUESTION
    parts = [_part(question, name) for name in question.varying]
    measures = [_added([_is_away(one) for one in parts]), _added(parts), *parts] if parts else []
    best, held = bound, [question.condition]
    for number, measure in enumerate(measures):
        low = 0
        while low < (high := _measured(best, number)):
            middle = (low + high) // 2
            limit = Compare(ComparisonOperator.LESS_OR_EQUAL, measure, Constant(middle))
            seconds = end - process_time()
            if seconds <= 0:
                return best, False
            answer = question.solved(All((*held, limit)), seconds)
            if isinstance(answer, Witness):
                best = _places(question, answer.setting)
            elif answer.is_certain:
                low = middle + 1
            else:
                return best, False
        value = Constant(_measured(best, number))
        held.append(Compare(ComparisonOperator.LESS_OR_EQUAL, measure, value))
    return best, True


def _measured(places: Places, number: int) -> int:
    """What `_solved` makes small, one after the other."""
    return (sum(map(bool, places)), sum(places), *places)[number]


def _part(question: Question, name: str) -> Expression:
    """The place of an input's value among the codes that can be drawn."""
    domain = question.model.by_name[name].domain
    codes = question.codes[name]
    position = place(name, domain)
    if isinstance(codes, range):
        return position
    ranks = {code: rank for rank, code in enumerate(codes)}
    return Lookup(tuple(ranks.get(code, 0) for code in domain.codes()), position)


def _is_away(part: Expression) -> Expression:
    away = Compare(ComparisonOperator.NOT_EQUAL, part, Constant(0))
    return Choose(away, Constant(1), Constant(0))


def _added(parts: Sequence[Expression]) -> Expression:
    return reduce(lambda one, other: Arithmetic(ArithmeticOperator.ADD, one, other), parts)


def _moved_nearer(question: Question, places: Places) -> Places:
    """Each input moved towards its domain's first value for as long as the condition stays true."""
    nearer = list(places)
    moved = True
    while moved:
        moved = False
        for number, place_now in enumerate(nearer):
            tried = numpy.arange(min(place_now, _MOVES))
            rows = [numpy.full_like(tried, one) for one in nearer]
            rows[number] = tried
            try:
                hits = question.hits(rows)
            except UnsupportedModelError:
                settings = (_setting(question, row) for row in zip(*rows, strict=True))
                holds = (question.holds(question.whole(one)) for one in settings)
                hits = [row for row, one in enumerate(holds) if one]
            if len(hits):
                nearer[number], moved = int(hits[0]), True
    return tuple(nearer)
