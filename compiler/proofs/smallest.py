"""The smallest setting that makes a condition true, in the order that `witnesses` defines.

All settings with few inputs away from their first value are tried. Where they get too many, one is
moved towards the domains' first values, and the solver is asked for a smaller one until it finds
none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import reduce
from itertools import combinations
from math import comb, prod
from time import process_time

import numpy
from numpy.typing import NDArray

from causalspec.compiler.evaluators.intervals import UnsupportedModelError
from causalspec.compiler.evaluators.prove import SECONDS_A_QUESTION
from causalspec.compiler.evidence import Witness
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
from causalspec.compiler.proofs.existence import CHEAPER_THAN_THE_SOLVER, Question, place
from causalspec.dsl.diagnostics import InternalError

_ROWS_AT_ONCE = 1 << 16
_MOVES = 1000
"""So many smaller values of an input are tried at once."""

Places = tuple[int, ...]
"""Where each varying input's value stands among its codes."""


def smallest(question: Question, setting: Mapping[str, int]) -> Mapping[str, int]:
    """The smallest setting of the varying inputs; `setting` is one that does."""
    found, fewest = None, 0
    with suppress(UnsupportedModelError):  # beyond 64 bits, where columns refuse
        found, fewest = _few_away(question)
    if found is not None:
        return _setting(question, found)
    places = _moved_nearer(question, _places(question, setting))
    places, is_smallest = _solved(question, places, fewest)
    return _setting(question, places if is_smallest else _moved_nearer(question, places))


def _setting(question: Question, places: Sequence[int]) -> dict[str, int]:
    pairs = zip(question.codes.items(), places, strict=True)
    return {name: codes[int(position)] for (name, codes), position in pairs}


def _places(question: Question, setting: Mapping[str, int]) -> Places:
    return tuple(codes.index(setting[name]) for name, codes in question.codes.items())


def _few_away(question: Question) -> tuple[Places | None, int]:
    """The smallest places, by trying all with no input away from its first value, then with one,
    two, …; None where that gets too many, and how many inputs are away at least.
    """
    sizes = [len(codes) - 1 for codes in question.codes.values()]
    left = CHEAPER_THAN_THE_SOLVER
    for support in range(len(sizes) + 1):
        left -= comb(len(sizes), support)
        if left >= 0:
            left -= sum(map(prod, combinations(sizes, support)))
        if left < 0:
            return None, support
        best: tuple[int, Places] | None = None
        for places in _batches(sizes, support):
            for row in places[:, question.hits([*places])].T.tolist():
                found = sum(row), tuple(row)
                best = found if best is None else min(best, found)
        if best is not None:
            return best[1], support
    raise InternalError(f"no setting of `{question.model.name}` is found again")


def _batches(sizes: Sequence[int], support: int) -> Iterator[NDArray[numpy.int64]]:
    """The places of all settings with so many inputs away from their first value, as arrays of
    (inputs, rows); `sizes` are how many other values each has.
    """
    waiting: list[NDArray[numpy.int64]] = []
    rows = 0
    for subset in combinations(range(len(sizes)), support):
        counts = tuple(sizes[k] for k in subset)
        for start in range(0, prod(counts), _ROWS_AT_ONCE):
            chosen = numpy.arange(start, min(start + _ROWS_AT_ONCE, prod(counts)))
            places = numpy.zeros((len(sizes), len(chosen)), numpy.int64)
            if subset:
                places[list(subset)] = 1 + numpy.stack(numpy.unravel_index(chosen, counts))
            waiting.append(places)
            rows += len(chosen)
            if rows >= _ROWS_AT_ONCE:
                yield numpy.concatenate(waiting, axis=1)
                waiting, rows = [], 0
    if waiting:
        yield numpy.concatenate(waiting, axis=1)


def _solved(question: Question, bound: Places, fewest: int) -> tuple[Places, bool]:
    """The smallest places up to a bound, and whether the solver had the time to say so; no setting
    has less than `fewest` inputs away from their first value.
    """
    end = process_time() + SECONDS_A_QUESTION
    parts = [_part(question, name) for name in question.varying]
    measures = [_added([_is_away(one) for one in parts]), _added(parts), *parts] if parts else []
    best, held = bound, list[Expression]()
    solver = question.solver()
    for number, measure in enumerate(measures):
        low = 0 if number else fewest
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
