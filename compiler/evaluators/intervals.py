"""Intervals of integers: what a value can be, known before any column is seen.

The bounds are Python's integers, or columns of them: interval arithmetic (Moore, "Interval
Analysis", 1966) is the same for both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler import expressions as nodes
from causalspec.compiler.domains import Domain, Numbers
from causalspec.compiler.expressions import ArithmeticOperator, ComparisonOperator, Expression
from causalspec.compiler.model import CausalModel
from causalspec.dsl.diagnostics import InternalError

Bound = Any  # int, or an array of integers [rows]


class UnsupportedModelError(Exception):
    """A model, though meaningful, is beyond what columns of 64-bit integers can compute."""


_KINDS = [(np.dtype(f"i{size}"), 1 << (8 * size - 1)) for size in (1, 2, 4, 8)]


def storage(low: int, high: int) -> np.dtype[Any]:
    """The smallest signed type that holds `low..high`. Raises where 64 bits do not."""
    for kind, end in _KINDS:
        if -end <= low and high < end:
            return kind
    raise UnsupportedModelError(f"a value between {low} and {high} does not fit in 64 bits")


class Interval(NamedTuple):
    """Every integer from `low` to `high`; where they are columns, in each row."""

    low: Bound
    high: Bound

    def hull(self, other: Interval) -> Interval:
        """The smallest interval that holds both."""
        return Interval(min(self.low, other.low), max(self.high, other.high))


def interval_of(domain: Domain) -> Interval:
    """The hull of a domain's codes."""
    if isinstance(domain, Numbers):
        return Interval(domain.low, domain.high)
    return Interval(0, domain.size - 1)


@dataclass(frozen=True, slots=True)
class _Library:
    """What bounds of one kind need beside the operators."""

    least: Callable[[Bound, Bound], Bound]
    most: Callable[[Bound, Bound], Bound]
    choose: Callable[[Bound, Bound, Bound], Bound]


_INTEGERS = _Library(min, max, lambda condition, then, other: then if condition else other)
_COLUMNS = _Library(np.minimum, np.maximum, np.where)


def intervals(
    postorder: Sequence[Expression], known: Mapping[str, Interval]
) -> dict[int, Interval]:
    """What each node of a total expression can be, by its `id`: sound, seldom tight. `known` says
    what references can be.

    Raises `UnsupportedModelError` where that is beyond 64 bits.
    """
    found = _intervals(postorder, known, _INTEGERS)
    for low, high in found.values():
        storage(low, high)
    return found


def may_hold(
    model: CausalModel, condition: Expression, known: Mapping[str, Interval]
) -> NDArray[np.bool_]:
    """In which rows a total condition over variables of a total model holds for some values of the
    inputs and noise that are not known exactly. `known` has a column or an interval for each.

    Raises `UnsupportedModelError` where what lies between is beyond 64 bits.
    """
    whole = {
        name: Interval(int(np.min(interval.low)), int(np.max(interval.high)))
        for name, interval in known.items()
    }
    rows = dict(known)
    for variable in model.variables:
        if variable.mechanism is not None:
            whole[variable.name] = intervals(variable.nodes, whole)[id(variable.mechanism)]
            found = _intervals(variable.nodes, rows, _COLUMNS)
            rows[variable.name] = found[id(variable.mechanism)]
    walked = nodes.postorder(condition)
    intervals(walked, whole)
    return np.asarray(_intervals(walked, rows, _COLUMNS)[id(condition)].high, np.bool_)


def mechanism_intervals(model: CausalModel) -> dict[str, Interval]:
    """What each mechanism of a total model can give, under interventions on other variables too."""
    known: dict[str, Interval] = {}
    result: dict[str, Interval] = {}
    for variable in model.variables:
        known[variable.name] = interval_of(variable.domain)
        if variable.mechanism is not None:
            found = intervals(variable.nodes, known)[id(variable.mechanism)]
            result[variable.name] = found
            known[variable.name] = found.hull(known[variable.name])
    return result


def _intervals(
    postorder: Sequence[Expression], known: Mapping[str, Interval], library: _Library
) -> dict[int, Interval]:
    found: dict[int, Interval] = {}
    for node in postorder:
        operands = [found[id(child)] for child in nodes.children(node)]
        found[id(node)] = _interval(node, operands, known, library)
    return found


def _interval(
    node: Expression, operands: Sequence[Interval], known: Mapping[str, Interval], of: _Library
) -> Interval:
    match node, operands:
        case nodes.Constant(value), _:
            return Interval(value, value)
        case nodes.Reference(name), _:
            return known[name]
        case nodes.Arithmetic(operator), (left, right):
            return _arithmetic(operator, left, right, of)
        case nodes.AbsoluteValue(), ((low, high),):
            return Interval(of.most(0, of.most(low, -high)), of.most(-low, high))
        case nodes.Compare(operator), (left, right):
            return _comparison(operator, left, right)
        case nodes.Not(), ((low, high),):
            return Interval(1 - high, 1 - low)
        case nodes.All(), _:
            return _each(of.least, [Interval(1, 1), *operands])
        case nodes.Any(), _:
            return _each(of.most, [Interval(0, 0), *operands])
        case nodes.Distinct(), _:
            pairs = combinations(operands, 2)
            apart = [_comparison(ComparisonOperator.NOT_EQUAL, *pair) for pair in pairs]
            return _each(of.least, [Interval(1, 1), *apart])
        case nodes.Choose(), (condition, then, other):
            low, high = of.least(then.low, other.low), of.most(then.high, other.high)
            return Interval(
                of.choose(condition.low, then.low, of.choose(condition.high, low, other.low)),
                of.choose(condition.low, then.high, of.choose(condition.high, high, other.high)),
            )
        case nodes.Within(_, low, high, step), (value,):
            surely = (low <= value.low) & (value.high <= high)
            perhaps = (value.low <= high) & (low <= value.high)
            if step > 1:
                only = value.low == value.high
                fits = (value.low - low) % step == 0
                surely, perhaps = surely & only & fits, perhaps & ((only ^ True) | fits)
            return Interval(surely * 1, perhaps * 1)
        case nodes.Lookup(table), ((low, high),):
            if isinstance(low, int) and isinstance(high, int):
                reached = table[max(low, 0) : high + 1] or table
                return Interval(min(reached), max(reached))
            taken = np.array(table).take(low, mode="clip")
            return Interval(
                of.choose(low == high, taken, min(table)), of.choose(low == high, taken, max(table))
            )
        case _:
            raise InternalError(f"{type(node).__name__} stands in a total expression")


def _each(operation: Callable[[Bound, Bound], Bound], operands: Sequence[Interval]) -> Interval:
    lows, highs = zip(*operands, strict=True)
    return Interval(reduce(operation, lows), reduce(operation, highs))


def _arithmetic(
    operator: ArithmeticOperator, left: Interval, right: Interval, of: _Library
) -> Interval:
    match operator:
        case ArithmeticOperator.ADD:
            return Interval(left.low + right.low, left.high + right.high)
        case ArithmeticOperator.SUBTRACT:
            return Interval(left.low - right.high, left.high - right.low)
        case ArithmeticOperator.MULTIPLY:
            corners = [a * b for a in left for b in right]
            return Interval(reduce(of.least, corners), reduce(of.most, corners))
        case ArithmeticOperator.MINIMUM:
            return _each(of.least, (left, right))
        case ArithmeticOperator.MAXIMUM:
            return _each(of.most, (left, right))
        case ArithmeticOperator.FLOOR_DIVIDE | ArithmeticOperator.REMAINDER:
            if right.low != right.high or right.low <= 0:
                raise UnsupportedModelError("a divisor is not a positive constant")
            low, high = left.low // right.low, left.high // right.low
            if operator is ArithmeticOperator.FLOOR_DIVIDE:
                return Interval(low, high)
            return Interval(
                of.choose(low == high, left.low - low * right.low, 0),
                of.choose(low == high, left.high - low * right.low, right.low - 1),
            )


def _comparison(operator: ComparisonOperator, left: Interval, right: Interval) -> Interval:
    """From whether it surely holds to whether it may; times 1, since truth values are numbers."""
    match operator:
        case ComparisonOperator.LESS:
            return Interval((left.high < right.low) * 1, (left.low < right.high) * 1)
        case ComparisonOperator.LESS_OR_EQUAL:
            return Interval((left.high <= right.low) * 1, (left.low <= right.high) * 1)
        case ComparisonOperator.EQUAL | ComparisonOperator.NOT_EQUAL:
            surely = ((left.high <= right.low) & (right.high <= left.low)) * 1
            perhaps = ((left.low <= right.high) & (right.low <= left.high)) * 1
            if operator is ComparisonOperator.EQUAL:
                return Interval(surely, perhaps)
            return Interval(1 - perhaps, 1 - surely)
