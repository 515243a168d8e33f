"""Is there an input that makes an expression true? Any one, or the smallest.

*Smaller* is a setting with fewer inputs away from the first value of their domains; of settings
with as many, the one whose values stand earlier in their domains, all their places added up; of
those, the first in lexicographic order of the inputs. Values that are never drawn don't count. So
a witness shows what it takes for the expression to be true, and nothing besides.

The smallest is the least of all where they are few. Else one is moved towards the domains' first
values, and the solver is asked for a smaller one until it finds none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import reduce
from time import process_time

import numpy

from causalspec.compiler.evaluators.intervals import UnsupportedModelError
from causalspec.compiler.evaluators.prove import SECONDS_A_QUESTION
from causalspec.compiler.evidence import NoWitness, Witness
from causalspec.compiler.expressions import (
    Arithmetic,
    ArithmeticOperator,
    Choose,
    Compare,
    ComparisonOperator,
    Constant,
    Expression,
    Lookup,
)
from causalspec.compiler.model import CausalModel
from causalspec.compiler.proofs.existence import CHEAPER_THAN_THE_SOLVER, Question, place

_MOVES = 1000
"""So many smaller values of an input are tried at once."""

Places = tuple[int, ...]
"""Where each varying input's value stands among its codes."""


def find_witness(model: CausalModel, condition: Expression) -> Witness | NoWitness:
    """An admissible setting of inputs and noise in which the condition is true, or none.

    The condition may read any variable of the model, which must be acyclic.
    """
    return Question(model, condition).answer()


def smallest_witness(model: CausalModel, condition: Expression) -> Witness | NoWitness:
    """The smallest such setting. Where neither enumeration nor the solver can tell within their
    limits, the smallest found, of which no value can be moved nearer to its domain's first.
    """
    question = Question(model, condition)
    found = question.answer()
    if isinstance(found, NoWitness):
        return found
    return question.replayed(_smallest(question, found.setting))


def _smallest(question: Question, setting: Mapping[str, int]) -> Mapping[str, int]:
    """The smallest setting of the varying inputs; `setting` is one that does."""
    if question.count <= CHEAPER_THAN_THE_SOLVER:
        with suppress(UnsupportedModelError):  # beyond 64 bits, where columns refuse
            return _setting(question, _least(question))
    places = _moved_nearer(question, _places(question, setting))
    places, is_smallest = _solved(question, places)
    return _setting(question, places if is_smallest else _moved_nearer(question, places))


def _setting(question: Question, places: Sequence[int]) -> dict[str, int]:
    pairs = zip(question.codes.items(), places, strict=True)
    return {name: codes[int(position)] for (name, codes), position in pairs}


def _places(question: Question, setting: Mapping[str, int]) -> Places:
    return tuple(codes.index(setting[name]) for name, codes in question.codes.items())


def _least(question: Question) -> Places:
    """The smallest places of all at which the condition is true."""
    found: list[tuple[int, ...]] = []
    for positions in question.batches():
        hits = question.hits(positions)
        if len(hits):
            rows = numpy.array([places[hits] for places in positions])
            rows = rows.reshape(len(positions), len(hits))  # also where nothing varies
            away, total = numpy.count_nonzero(rows, axis=0), rows.sum(axis=0)
            first = numpy.lexsort((total, away))[0]  # of equals the first in lexicographic order
            found.append((int(away[first]), int(total[first]), *rows[:, first].tolist()))
    return min(found)[2:]


def _solved(question: Question, bound: Places) -> tuple[Places, bool]:
    """The smallest places up to a bound, and whether the solver had the time to say so."""
    end = process_time() + SECONDS_A_QUESTION
    parts = [_part(question, name) for name in question.varying]
    measures = [_added([_is_away(part) for part in parts]), _added(parts), *parts] if parts else []
    best, held = bound, list[Expression]()
    solver = question.solver()
    for number, measure in enumerate(measures):
        low = 0
        while low < (high := _measured(best, number)):
            middle = (low + high) // 2
            limit = Compare(ComparisonOperator.LESS_OR_EQUAL, measure, Constant(middle))
            seconds = end - process_time()
            if seconds <= 0:
                return best, False
            answer = solver.solve(seconds, (*held, limit))
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
    return reduce(lambda total, other: Arithmetic(ArithmeticOperator.ADD, total, other), parts)


def _moved_nearer(question: Question, places: Places) -> Places:
    """Each input moved towards its domain's first value for as long as the condition stays true."""
    nearer = list(places)
    moved = True
    while moved:
        moved = False
        for number, place_now in enumerate(nearer):
            tried = numpy.arange(min(place_now, _MOVES))
            rows = [numpy.full_like(tried, position) for position in nearer]
            rows[number] = tried
            try:
                hits = question.hits(rows)
            except UnsupportedModelError:
                settings = (_setting(question, row) for row in zip(*rows, strict=True))
                holds = (question.holds(question.whole(setting)) for setting in settings)
                hits = [row for row, is_hit in enumerate(holds) if is_hit]
            if len(hits):
                nearer[number], moved = int(hits[0]), True
    return tuple(nearer)
