"""Values that two versions of a domain share, under one code that each side's own follows from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import gcd, lcm

from causalspec.compiler.domains import Domain, Numbers, Rows, Symbols
from causalspec.compiler.expressions import (
    Arithmetic,
    ArithmeticOperator,
    Constant,
    Expression,
    Lookup,
)

Recoding = Callable[[Expression], Expression]
"""From the expression of a code to that of the code of the same value elsewhere."""


@dataclass(frozen=True, slots=True)
class SharedValues:
    """A domain of the values that both have, and each side's own codes of them."""

    domain: Domain
    to_old: Recoding
    to_new: Recoding


def shared_values(old: Domain, new: Domain) -> SharedValues | None:
    """None where they share none, or where it cannot be said which do."""
    if old == new:
        return SharedValues(old, _same, _same)
    match old, new:
        case Numbers(), Numbers():
            return _shared_numbers(old, new)
        case ((Symbols() | Rows()), (Symbols() | Rows())):
            sides = [{one.text(code): code for code in one.codes()} for one in (old, new)]
            words = tuple(word for word in sides[0] if word in sides[1])
            if not words:
                return None
            tables = [tuple(side[word] for word in words) for side in sides]
            return SharedValues(Symbols(words), _looked_up(tables[0]), _looked_up(tables[1]))
        case _:
            return None


def in_one_code(old: Domain, new: Domain) -> tuple[Recoding, Recoding] | None:
    """Codes under which values of the two domains are equal exactly when they are the same value;
    None where their values cannot be compared.
    """
    if old == new:
        return _same, _same
    match old, new:
        case Numbers(denominator=one), Numbers(denominator=other):
            common = lcm(one, other)
            return _scaled(common // one), _scaled(common // other)
        case ((Symbols() | Rows()), (Symbols() | Rows())):
            numbers: dict[str, int] = {}
            tables = [
                tuple(numbers.setdefault(domain.text(code), len(numbers)) for code in range(size))
                for domain, size in ((old, old.size), (new, new.size))
            ]
            return _looked_up(tables[0]), _looked_up(tables[1])
        case _:
            return None


def _shared_numbers(old: Numbers, new: Numbers) -> SharedValues | None:
    """Two arithmetic progressions meet in one."""
    common = lcm(old.denominator, new.denominator)
    factors = common // old.denominator, common // new.denominator
    first, second = (
        range(one.low * factor, one.high * factor + 1, one.step * factor)
        for one, factor in zip((old, new), factors, strict=True)
    )
    divisor = gcd(first.step, second.step)
    apart, rest = divmod(second.start - first.start, divisor)
    if rest:
        return None
    turns = second.step // divisor
    meeting = first.start + first.step * (apart * pow(first.step // divisor, -1, turns) % turns)
    step = lcm(first.step, second.step)
    low = meeting + max(0, -(-(max(first.start, second.start) - meeting) // step)) * step
    high = min(first.stop, second.stop) - 1
    if low > high:
        return None
    high -= (high - low) % step
    return SharedValues(
        Numbers(low, high, step, common), _divided(factors[0]), _divided(factors[1])
    )


def _same(code: Expression) -> Expression:
    return code


def _scaled(factor: int) -> Recoding:
    return _with(ArithmeticOperator.MULTIPLY, factor)


def _divided(factor: int) -> Recoding:
    return _with(ArithmeticOperator.FLOOR_DIVIDE, factor)


def _with(operator: ArithmeticOperator, factor: int) -> Recoding:
    if factor == 1:
        return _same
    return lambda code: Arithmetic(operator, code, Constant(factor))


def _looked_up(table: tuple[int, ...]) -> Recoding:
    return lambda code: Lookup(table, code)
