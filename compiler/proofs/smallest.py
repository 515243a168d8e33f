"""The smallest setting that makes a condition true, in the order that `witnesses` defines.

A first one is moved towards the domains' first values: a bound. Then all settings that are smaller
are tried, those with the fewest inputs away from their first value first; where they are too many,
the solver is asked for a smaller one until it finds none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import reduce
from itertools import combinations
from math import comb, prod
from time import process_time
from typing import Any

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
from causalspec.compiler.proofs.existence import Question, column, place

WORK = 1 << 26
"""At most so many rows times variables are gone through."""

_ROWS_AT_ONCE = 1 << 18
_CELLS_AT_ONCE = 1 << 22
_MOST_SUBSETS = 20_000
_GROUPS = 100
_INTERPRETED = 1000

Places = tuple[int, ...]
"""Where each varying input's value stands among its codes."""


def smallest(question: Question, setting: Mapping[str, int]) -> dict[str, int]:
    """The smallest setting of the varying inputs; `setting` is one that does."""
    places = _moved_nearer(question, setting)
    exact = False
    beginning = 0
    with suppress(UnsupportedModelError):  # beyond 64 bits, where columns refuse
        places, exact, beginning = _enumerated(question, places)
    if places and not exact:
        places = _solved(question, places, beginning)
        places = _moved_nearer(question, _setting(question, places))
    return _setting(question, places)


def _setting(question: Question, places: Places) -> dict[str, int]:
    pairs = zip(question.codes.items(), places, strict=True)
    return {name: codes[position] for (name, codes), position in pairs}


def _places(question: Question, setting: Mapping[str, int]) -> Places:
    return tuple(codes.index(setting[name]) for name, codes in question.codes.items())


def _support(places: Places) -> int:
    return sum(map(bool, places))


# A bound -----------------------------------------------------------------------------------------


def _moved_nearer(question: Question, setting: Mapping[str, int]) -> Places:
    """The setting moved towards each domain's first value for as long as the condition stays true:
    single inputs, and several together by as many values each, as inputs that are bound to each
    other need.
    """
    nearer = dict(setting)
    positions = dict(zip(question.varying, _places(question, nearer), strict=True))
    moved = True
    while moved:
        moved = False
        for names in _moved_together(question.varying):
            distance = _farthest(question, nearer, positions, names)
            moved = moved or distance > 0
            for name in names if distance else ():
                positions[name] -= distance
                nearer[name] = question.codes[name][positions[name]]
    return tuple(positions.values())


def _moved_together(names: Sequence[str]) -> list[tuple[str, ...]]:
    """Each alone, then two, three, … at a time up to a bound, then all."""
    groups: list[tuple[str, ...]] = []
    for size in range(1, len(names) + 1):
        if len(groups) + comb(len(names), size) > _GROUPS:
            groups.append(tuple(names))
            break
        groups.extend(combinations(names, size))
    return groups


def _farthest(
    question: Question,
    setting: Mapping[str, int],
    positions: Mapping[str, int],
    names: Sequence[str],
) -> int:
    """By how many positions the inputs can move at most; 0 where they must stay."""
    room = min(positions[name] for name in names)
    if not room:
        return 0
    distances = numpy.arange(room, max(room - _ROWS_AT_ONCE, 0), -1)
    columns = {name: column(question.codes[name], positions[name] - distances) for name in names}
    try:
        hits = numpy.flatnonzero(question.evaluated({**setting, **columns}))
    except UnsupportedModelError:
        few = range(min(len(distances), _INTERPRETED))
        rows = ({**setting, **{n: int(c[k]) for n, c in columns.items()}} for k in few)
        hits = [k for k, row in enumerate(rows) if question.holds(row)][:1]
    return int(distances[hits[0]]) if len(hits) else 0


# Every smaller setting ---------------------------------------------------------------------------


def _enumerated(question: Question, bound: Places) -> tuple[Places, bool, int]:
    """The smallest places up to a bound, and whether it is known that none are smaller; else with
    how many inputs away from their first value the rest begins.
    """
    sizes = [len(codes) for codes in question.codes.values()]
    left = WORK // max(1, len(question.model.variables))
    for support in range(_support(bound) + 1):
        most = max(sizes, default=1)
        if support == _support(bound):
            most = (
                sum(bound) - support + 2
            )  # no place is larger where the sum is at most the bound's
        caps = [min(size, most) - 1 for size in sizes]
        if comb(len(sizes), support) > _MOST_SUBSETS:
            return bound, False, support
        subsets = list(combinations(range(len(sizes)), support))
        left -= sum(prod(caps[k] for k in subset) for subset in subsets)
        if left < 0:
            return bound, False, support
        found = _best(question, _batches(subsets, caps))
        if found is not None:
            return found, True, support
    return bound, True, 0


def _batches(subsets: Sequence[tuple[int, ...]], caps: Sequence[int]) -> Iterator[Any]:
    """The places of all settings with just these inputs away from their first value: arrays of
    (rows, inputs).
    """
    rows_at_once = max(1, _CELLS_AT_ONCE // max(1, len(caps)))
    waiting: list[Any] = []
    rows = 0
    for subset in subsets:
        sizes = tuple(caps[k] for k in subset)
        count = prod(sizes)
        for start in range(0, count, rows_at_once):
            chosen = numpy.arange(start, min(start + rows_at_once, count))
            places = numpy.zeros((len(chosen), len(caps)), numpy.int64)
            if subset:
                places[:, subset] = 1 + numpy.stack(numpy.unravel_index(chosen, sizes), axis=1)
            waiting.append(places)
            rows += len(chosen)
            if rows >= rows_at_once:
                yield numpy.concatenate(waiting)
                waiting, rows = [], 0
    if waiting:
        yield numpy.concatenate(waiting)


def _best(question: Question, batches: Iterator[Any]) -> Places | None:
    best: tuple[int, Places] | None = None
    for places in batches:
        columns = {
            name: column(codes, places[:, k])
            for k, (name, codes) in enumerate(question.codes.items())
        }
        hits = places[numpy.flatnonzero(question.evaluated(columns))]
        sums = hits.sum(axis=1)
        hits = hits[sums == sums.min()] if len(hits) else hits
        for row in hits.tolist():
            candidate = (sum(row), tuple(row))
            best = candidate if best is None else min(best, candidate)
    return None if best is None else best[1]


# By the solver -----------------------------------------------------------------------------------


def _solved(question: Question, bound: Places, fewest: int) -> Places:
    """The smallest places up to a bound, as far as the solver finds smaller ones in its time; no
    setting has less than `fewest` inputs away from their first value.
    """
    end = process_time() + SECONDS_A_QUESTION
    parts = [_part(question, name) for name in question.varying]
    away = _added([_is_away(one) for one in parts])
    total = _added(parts)
    best, held = bound, list[Expression]()
    measures = [(away, fewest), (total, 0), *((part, 0) for part in parts)]
    for number, (measure, low) in enumerate(measures):
        while low < (high := _measured(best, number)):
            middle = (low + high) // 2
            limit = Compare(ComparisonOperator.LESS_OR_EQUAL, measure, Constant(middle))
            seconds = end - process_time()
            if seconds <= 0:
                return best
            answer = question.solved(All((question.condition, *held, limit)), seconds)
            if isinstance(answer, Witness):
                best = _places(question, answer.setting)
            elif answer.is_certain:
                low = middle + 1
            else:
                return best
        value = Constant(_measured(best, number))
        held.append(Compare(ComparisonOperator.LESS_OR_EQUAL, measure, value))
    return best


def _measured(places: Places, number: int) -> int:
    """What `_solved` makes small, one after the other."""
    return (_support(places), sum(places), *places)[number]


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
