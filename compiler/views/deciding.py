"""What of a mechanism decides its value in a setting: the branch that is taken, the members that
make a conjunction or disjunction what it is.

What is left suffices: where all that it does not read is undefined, the mechanism has its value
still, since no other operand is read (see `expressions`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from causalspec.compiler.evaluators import interpret
from causalspec.compiler.expressions import (
    AbsoluteValue,
    All,
    Any,
    Arithmetic,
    ArithmeticOperator,
    Choose,
    Compare,
    ComparisonOperator,
    Constant,
    Defined,
    Distinct,
    Expression,
    Lookup,
    Not,
    Reference,
    Undefined,
    Within,
    children,
    fold,
    rebuild,
)

_Conditions = tuple[Expression, ...]

_CONDITIONS = Compare | Not | All | Any | Distinct | Within | Defined
"""Nodes that are truth values whatever they read."""


_EXTREMES = (ArithmeticOperator.MINIMUM, ArithmeticOperator.MAXIMUM)


@dataclass(frozen=True, slots=True)
class Decided:
    """`conditions` hold in the setting, and where they do the mechanism equals `value`: None of a
    truth value that they decide alone.
    """

    value: Expression | None
    conditions: _Conditions


@dataclass(frozen=True, slots=True)
class _Part:
    """A node's value in the setting, if it has one; what it amounts to where `conditions` hold; and
    the conditions that decide it where it is a truth value.
    """

    code: int | None
    amounts_to: Expression
    conditions: _Conditions
    grounds: _Conditions


def deciding(
    mechanism: Expression,
    setting: Mapping[str, int],
    has_name: Callable[[Expression], bool],
    *,
    is_truth: bool,
) -> Decided:
    """What decides a mechanism's value, a truth value or another one. Where it has none, `value` is
    the variable that it lacks, or the reason why there is none. A table that is looked up
    `has_name` where it is a column; another one is a choice of its key.
    """

    def combine(node: Expression, operands: tuple[_Part, ...]) -> _Part:
        code = interpret.evaluate_node(node, [part.code for part in operands], setting)
        if isinstance(node, Lookup) and code is not None and not has_name(node):
            return _looked_up(code, operands[0])
        return _part(node, code, operands)

    part = fold(mechanism, combine)
    if is_truth and part.code is not None:
        return Decided(None, _told(part.grounds))
    return Decided(part.amounts_to, _told(part.conditions))


def _looked_up(code: int, key: _Part) -> _Part:
    """What stands at a key."""
    conditions = key.conditions
    if key.code is not None and not isinstance(key.amounts_to, Constant):
        at = Compare(ComparisonOperator.EQUAL, key.amounts_to, Constant(key.code))
        conditions = (*conditions, at)
    return _Part(code, Constant(code), conditions, conditions)


def _part(node: Expression, code: int | None, operands: Sequence[_Part]) -> _Part:
    match node:
        case Constant() | Undefined():
            return _Part(code, node, (), ())
        case Reference():
            return _Part(code, node, (), _grounds((), node, code))
        case Not():
            if code is None:
                return operands[0]
            return _Part(code, node, (), operands[0].grounds)
        case All() | Any():
            return _junction(node, code, operands, decisive=int(isinstance(node, Any)))
        case Choose():
            condition, then, otherwise = operands
            if condition.code is None:
                return condition
            taken = then if condition.code else otherwise
            before = condition.grounds
            return _Part(code, taken.amounts_to, before + taken.conditions, before + taken.grounds)
        case Defined():
            return _Part(code, node, (), _grounds((), node, code))
        case _:
            return _strict(node, code, operands)


def _junction(
    node: All | Any, code: int | None, operands: Sequence[_Part], *, decisive: int
) -> _Part:
    if code is None:
        return next(part for part in operands if part.code is None)
    if code == decisive:
        return _Part(code, node, (), next(p for p in operands if p.code == decisive).grounds)
    return _Part(code, node, (), tuple(ground for part in operands for ground in part.grounds))


def _strict(node: Expression, code: int | None, operands: Sequence[_Part]) -> _Part:
    """A node that reads all of its operands."""
    missing = next((part for part in operands if part.code is None), None)
    if missing is not None:
        return missing
    if isinstance(node, Arithmetic | AbsoluteValue):
        operands = [_counted(part) for part in operands]
    conditions = tuple(ground for part in operands for ground in part.conditions)
    reduced = _reduced(node, [part.amounts_to for part in operands])
    if isinstance(node, Distinct) and not code:
        pairs = combinations(operands, 2)
        left, right = next(pair for pair in pairs if pair[0].code == pair[1].code)
        reduced = Compare(ComparisonOperator.NOT_EQUAL, left.amounts_to, right.amounts_to)
        conditions = (*left.conditions, *right.conditions)
    return _Part(code, reduced, conditions, _grounds(conditions, reduced, code))


def _counted(part: _Part) -> _Part:
    """A condition that is counted as a number, 1 where it holds."""
    if part.code is None or not isinstance(part.amounts_to, _CONDITIONS):
        return part
    return _Part(part.code, Constant(part.code), (*part.conditions, *part.grounds), ())


def _reduced(node: Expression, operands: Sequence[Expression]) -> Expression:
    """The node over these operands; sums of constants are added up."""
    if all(new is old for new, old in zip(operands, children(node), strict=True)):
        return node
    match node, *operands:
        case Arithmetic(operator), Constant(left), Constant(right):
            return Constant(interpret.OPERATIONS[operator](left, right))
        case Arithmetic(operator), Arithmetic(before, Constant(left), other), Constant(right) if (
            operator is before and operator in _EXTREMES
        ):
            return Arithmetic(
                operator, Constant(interpret.OPERATIONS[operator](left, right)), other
            )
        case Arithmetic(ArithmeticOperator.ADD), Constant(0), other:
            return other
        case Arithmetic(ArithmeticOperator.ADD | ArithmeticOperator.SUBTRACT), other, Constant(0):
            return other
        case _:
            return rebuild(node, operands)


def _grounds(conditions: _Conditions, node: Expression, code: int | None) -> _Conditions:
    """What makes a node without parts of its own true, or false."""
    if code is None or isinstance(node, Constant):
        return conditions
    return (*conditions, node if code else denied(node))


def denied(condition: Expression) -> Expression:
    """The condition that holds where this one, which has a value, does not."""
    match condition:
        case Compare(ComparisonOperator.EQUAL, left, right):
            return Compare(ComparisonOperator.NOT_EQUAL, left, right)
        case Compare(ComparisonOperator.NOT_EQUAL, left, right):
            return Compare(ComparisonOperator.EQUAL, left, right)
        case Compare(ComparisonOperator.LESS, left, right):
            return Compare(ComparisonOperator.LESS_OR_EQUAL, right, left)
        case Compare(ComparisonOperator.LESS_OR_EQUAL, left, right):
            return Compare(ComparisonOperator.LESS, right, left)
        case Within(operand, low, high) if low == high:
            return Compare(ComparisonOperator.NOT_EQUAL, operand, Constant(low))
        case _:
            return Not(condition)


def _told(conditions: Iterable[Expression]) -> _Conditions:
    """Each condition once, without what follows from another: `x != 0` where `x == 2`."""
    found = list(dict.fromkeys(conditions))
    known = {
        condition.left
        for condition in found
        if isinstance(condition, Compare)
        and condition.operator is ComparisonOperator.EQUAL
        and isinstance(condition.right, Constant)
    }
    known |= {c.operand for c in found if isinstance(c, Within) and c.low == c.high}
    return tuple(
        condition
        for condition in found
        if not (
            isinstance(condition, Compare)
            and condition.operator is ComparisonOperator.NOT_EQUAL
            and isinstance(condition.right, Constant)
            and condition.left in known
        )
    )
