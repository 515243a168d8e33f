"""Which codes of two versions of a domain stand for the same value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import lcm

from causalspec.compiler.domains import Domain, Numbers, Rows, Symbols
from causalspec.compiler.expressions import (
    Arithmetic,
    ArithmeticOperator,
    Constant,
    Expression,
    Lookup,
    Within,
)

Recoding = Callable[[Expression], Expression]
"""From the expression of a code to that of another one."""

ANY_CODE = Numbers(-(1 << 40), 1 << 40)
"""Holds the codes of every domain: what is compared is recoded, and keeps to no one's."""


@dataclass(frozen=True, slots=True)
class SameValues:
    """`old` and `new` lead to codes that are equal exactly when the values are. `to_new` leads from
    an old code to the new one of the same value, where `is_shared` says that there is one.
    """

    old: Recoding
    new: Recoding
    to_new: Recoding
    is_shared: Recoding


def same_values(old: Domain, new: Domain) -> SameValues | None:
    """None where the values of the two cannot be compared."""
    if old == new:
        return SameValues(_same, _same, _same, lambda code: Constant(1))
    match old, new:
        case Numbers(denominator=denominator), Numbers(denominator=other):
            common = lcm(denominator, other)
            first, second = common // denominator, common // other
            scaled = _scaled(first)
            low, high, step = (bound * second for bound in (new.low, new.high, new.step))
            return SameValues(
                scaled,
                _scaled(second),
                lambda code: _by(ArithmeticOperator.FLOOR_DIVIDE, scaled(code), second),
                lambda code: Within(scaled(code), low, high, step),
            )
        case ((Symbols() | Rows()), (Symbols() | Rows())):
            codes = {new.text(code): code for code in new.codes()}
            table = tuple(codes.get(old.text(code), -1 - code) for code in old.codes())
            there = tuple(int(code >= 0) for code in table)
            to_new = _looked_up(tuple(max(0, code) for code in table))
            return SameValues(_looked_up(table), _same, to_new, _looked_up(there))
        case _:
            return None


def _same(code: Expression) -> Expression:
    return code


def _scaled(factor: int) -> Recoding:
    return lambda code: _by(ArithmeticOperator.MULTIPLY, code, factor)


def _by(operator: ArithmeticOperator, code: Expression, factor: int) -> Expression:
    return code if factor == 1 else Arithmetic(operator, code, Constant(factor))


def _looked_up(table: tuple[int, ...]) -> Recoding:
    return lambda code: Lookup(table, code)
