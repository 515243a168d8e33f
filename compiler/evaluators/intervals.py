"""Intervals of integers: what a value can be, known before any column is seen."""

from __future__ import annotations

from typing import NamedTuple

from causalspec.compiler.domains import Domain, Numbers
from causalspec.compiler.evaluators.arrays import width_of
from causalspec.compiler.expressions import ArithmeticOperator, ComparisonOperator


class UnsupportedModelError(Exception):
    """A model, though meaningful, is beyond what columns of 64-bit integers can compute."""


class Interval(NamedTuple):
    """Every integer from `low` to `high`."""

    low: int
    high: int

    def hull(self, other: Interval) -> Interval:
        """The smallest interval that holds both."""
        return Interval(min(self.low, other.low), max(self.high, other.high))

    @property
    def width(self) -> int:
        """The bits of the narrowest type that holds it; raises where 64 do not."""
        width = width_of(self.low, self.high)
        if width is None:
            raise UnsupportedModelError(
                f"a value between {self.low} and {self.high} does not fit in 64 bits"
            )
        return width


def interval_of(domain: Domain) -> Interval:
    """The hull of a domain's codes."""
    if isinstance(domain, Numbers):
        return Interval(domain.low, domain.high)
    return Interval(0, domain.size - 1)


def arithmetic_interval(operator: ArithmeticOperator, left: Interval, right: Interval) -> Interval:
    """What `left operator right` can be. Divisors are positive."""
    match operator:
        case ArithmeticOperator.ADD:
            return Interval(left.low + right.low, left.high + right.high)
        case ArithmeticOperator.SUBTRACT:
            return Interval(left.low - right.high, left.high - right.low)
        case ArithmeticOperator.MULTIPLY:
            corners = [a * b for a in left for b in right]
            return Interval(min(corners), max(corners))
        case ArithmeticOperator.MINIMUM:
            return Interval(min(left.low, right.low), min(left.high, right.high))
        case ArithmeticOperator.MAXIMUM:
            return Interval(max(left.low, right.low), max(left.high, right.high))
        case ArithmeticOperator.FLOOR_DIVIDE | ArithmeticOperator.REMAINDER if right.low <= 0:
            raise UnsupportedModelError("a divisor is not positive")
        case ArithmeticOperator.FLOOR_DIVIDE:
            corners = [a // b for a in left for b in right]
            return Interval(min(corners), max(corners))
        case ArithmeticOperator.REMAINDER:
            if right.low == right.high and left.low // right.low == left.high // right.low:
                return Interval(left.low % right.low, left.high % right.low)
            return Interval(0, right.high - 1)


def decided(operator: ComparisonOperator, left: Interval, right: Interval) -> bool | None:
    """The comparison's value where it is the same for all members, else None."""
    match operator:
        case ComparisonOperator.LESS:
            return True if left.high < right.low else False if left.low >= right.high else None
        case ComparisonOperator.LESS_OR_EQUAL:
            return True if left.high <= right.low else False if left.low > right.high else None
        case ComparisonOperator.EQUAL | ComparisonOperator.NOT_EQUAL:
            differs = operator is ComparisonOperator.NOT_EQUAL
            if left.high < right.low or right.high < left.low:
                return differs
            same = left == right and left.low == left.high
            return not differs if same else None


def decided_of_one(operator: ComparisonOperator) -> bool:
    """The comparison of a value with itself."""
    return operator in (ComparisonOperator.EQUAL, ComparisonOperator.LESS_OR_EQUAL)
