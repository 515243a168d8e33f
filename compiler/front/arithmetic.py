"""Exact arithmetic on lowered expressions, with the interval that each result stays in.

A number is `code / denominator`; every operation makes the scales explicit. Where an interval
holds one value the expression is that constant, so conditions on indices fold away.
"""

from __future__ import annotations

from fractions import Fraction
from math import gcd, lcm

from causalspec.compiler.domains import Numbers, Truths
from causalspec.compiler.expressions import (
    AbsoluteValue,
    Arithmetic,
    ArithmeticOperator,
    Compare,
    ComparisonOperator,
    Constant,
    Expression,
    Not,
)
from causalspec.compiler.expressions import All as AllOf
from causalspec.compiler.expressions import Any as AnyOf
from causalspec.compiler.front.values import Value

LARGEST = 2**62
"""Evaluators compute in 64-bit integers; intermediates stay well inside."""


class TooLargeError(Exception):
    """A result, or an intermediate of it, could leave ±2^62."""


def number(value: Fraction, denominator: int = 1) -> Value:
    """A constant; its denominator is at least a multiple of `denominator`."""
    shared = lcm(value.denominator, denominator)
    code = value.numerator * (shared // value.denominator)
    return _within(Constant(code), code, code, 1, shared)


def truth(value: bool) -> Value:
    """A constant truth value."""
    return Value(Constant(int(value)), Truths())


def _within(node: Expression, low: int, high: int, step: int, denominator: int) -> Value:
    if max(abs(low), abs(high), step, denominator) > LARGEST:
        raise TooLargeError
    if low == high:
        return Value(Constant(low), Numbers(low, low, 1, denominator))
    return Value(node, Numbers(low, high, max(step, 1), denominator))


def numbers(value: Value) -> Numbers:
    """The interval of a numeric value: callers have checked that it is one."""
    assert isinstance(value.domain, Numbers)
    return value.domain


def _spacing(domain: Numbers) -> int:
    """The step, 0 for a single value: then it leaves greatest common divisors as they are."""
    return 0 if domain.low == domain.high else domain.step


def exact(value: Value) -> Fraction | None:
    """The constant that a numeric value is, if it is one."""
    domain = numbers(value)
    return domain.value(domain.low) if domain.low == domain.high else None


def rescaled(value: Value, denominator: int) -> Value:
    """The same number in codes of `denominator`, a multiple of its own."""
    domain = numbers(value)
    factor = denominator // domain.denominator
    if factor == 1:
        return value
    node = Arithmetic(ArithmeticOperator.MULTIPLY, value.node, Constant(factor))
    spacing = _spacing(domain) * factor
    return _within(node, domain.low * factor, domain.high * factor, spacing, denominator)


def common(left: Value, right: Value) -> tuple[Value, Value]:
    """Both in codes of the least common denominator."""
    denominator = lcm(numbers(left).denominator, numbers(right).denominator)
    return rescaled(left, denominator), rescaled(right, denominator)


def _joined_step(left: Numbers, right: Numbers) -> int:
    return gcd(_spacing(left), _spacing(right), abs(left.low - right.low))


def add(left: Value, right: Value) -> Value:
    """`left + right`."""
    left, right = common(left, right)
    a, b = numbers(left), numbers(right)
    if left.constant == 0:
        return right
    if right.constant == 0:
        return left
    node = Arithmetic(ArithmeticOperator.ADD, left.node, right.node)
    step = gcd(_spacing(a), _spacing(b))
    return _within(node, a.low + b.low, a.high + b.high, step, a.denominator)


def subtract(left: Value, right: Value) -> Value:
    """`left - right`."""
    left, right = common(left, right)
    a, b = numbers(left), numbers(right)
    if right.constant == 0:
        return left
    node = Arithmetic(ArithmeticOperator.SUBTRACT, left.node, right.node)
    step = gcd(_spacing(a), _spacing(b))
    return _within(node, a.low - b.high, a.high - b.low, step, a.denominator)


def scale(value: Value, factor: Fraction) -> Value:
    """`value * factor`, in the smallest denominator that needs no division."""
    domain = numbers(value)
    denominator = domain.denominator * factor.denominator
    shared = gcd(abs(factor.numerator), denominator)
    multiplier, denominator = factor.numerator // shared, denominator // shared
    low, high = sorted((domain.low * multiplier, domain.high * multiplier))
    node = value.node
    if multiplier != 1:
        node = Arithmetic(ArithmeticOperator.MULTIPLY, node, Constant(multiplier))
    return _within(node, low, high, _spacing(domain) * abs(multiplier), denominator)


def multiply(left: Value, right: Value) -> Value:
    """`left * right`."""
    for fixed, other in ((left, right), (right, left)):
        factor = exact(fixed)
        if factor is not None:
            return scale(other, factor)
    a, b = numbers(left), numbers(right)
    corners = [x * y for x in (a.low, a.high) for y in (b.low, b.high)]
    # (a.low + j·a.step)(b.low + k·b.step) differs from a.low·b.low by multiples of these.
    step = gcd(a.low * b.step, b.low * a.step, a.step * b.step)
    node = Arithmetic(ArithmeticOperator.MULTIPLY, left.node, right.node)
    return _within(node, min(corners), max(corners), step, a.denominator * b.denominator)


def power(value: Value, exponent: int) -> Value:
    """`value ** exponent` for a constant exponent of 1 or more."""
    domain = numbers(value)
    if exponent == 1:
        return value
    if exponent > 64:
        raise TooLargeError
    constant = exact(value)
    if constant is not None:
        return number(constant**exponent)
    node = value.node
    for _ in range(exponent - 1):
        node = Arithmetic(ArithmeticOperator.MULTIPLY, node, value.node)
    low, high = sorted((domain.low**exponent, domain.high**exponent))
    # x^n - low^n is a multiple of x - low, hence of the step.
    if exponent % 2 == 0 and domain.low < 0 < domain.high:
        low = domain.low**exponent % domain.step
    return _within(node, low, high, domain.step, domain.denominator**exponent)


def floor_divide(value: Value, divisor: Fraction) -> Value:
    """`value // divisor` for a positive constant."""
    scaled = scale(value, Fraction(divisor.denominator))
    wide = numbers(scaled)
    below = wide.denominator * divisor.numerator
    step = wide.step // below if wide.step % below == 0 else 1
    node = scaled.node
    if below != 1:
        node = Arithmetic(ArithmeticOperator.FLOOR_DIVIDE, node, Constant(below))
    return _within(node, wide.low // below, wide.high // below, step, 1)


def remainder(value: Value, divisor: Fraction) -> Value:
    """`value % divisor` for a positive constant."""
    value = rescaled(value, lcm(numbers(value).denominator, divisor.denominator))
    domain = numbers(value)
    below = divisor.numerator * (domain.denominator // divisor.denominator)
    node = Arithmetic(ArithmeticOperator.REMAINDER, value.node, Constant(below))
    if domain.low // below == domain.high // below:
        if domain.low >= 0 and domain.high < below:
            return value
        low, high = domain.low % below, domain.high % below
        return _within(node, low, high, _spacing(domain), domain.denominator)
    step = gcd(domain.step, below)
    low = domain.low % step
    return _within(node, low, below - step + low, step, domain.denominator)


def absolute(value: Value) -> Value:
    """`abs(value)`."""
    domain = numbers(value)
    if domain.low >= 0:
        return value
    node = AbsoluteValue(value.node)
    high = max(abs(domain.low), abs(domain.high))
    if domain.high <= 0:
        return _within(node, -domain.high, -domain.low, domain.step, domain.denominator)
    step = gcd(domain.step, 2 * abs(domain.low))
    return _within(node, domain.low % step, high, step, domain.denominator)


def extreme(operator: ArithmeticOperator, left: Value, right: Value) -> Value:
    """The smaller or the larger of two numbers."""
    left, right = common(left, right)
    a, b = numbers(left), numbers(right)
    choose = min if operator is ArithmeticOperator.MINIMUM else max
    node = Arithmetic(operator, left.node, right.node)
    low, high = choose(a.low, b.low), choose(a.high, b.high)
    return _within(node, low, high, _joined_step(a, b), a.denominator)


def hull(left: Numbers, right: Numbers) -> Numbers:
    """The smallest evenly spaced set that holds both, given in one denominator."""
    low, high = min(left.low, right.low), max(left.high, right.high)
    return Numbers(low, high, max(1, _joined_step(left, right)), left.denominator)


def compare(operator: str, left: Value, right: Value) -> Value:
    """A comparison of two numbers, decided at once where the intervals decide it."""
    if operator in (">", ">="):
        operator, left, right = {">": "<", ">=": "<="}[operator], right, left
    left, right = common(left, right)
    a, b = numbers(left), numbers(right)
    apart = a.high < b.low or b.high < a.low
    same = a.low == a.high == b.low == b.high
    decided = {
        "==": False if apart else True if same else None,
        "!=": True if apart else False if same else None,
        "<": True if a.high < b.low else False if a.low >= b.high else None,
        "<=": True if a.high <= b.low else False if a.low > b.high else None,
    }[operator]
    if decided is not None:
        return truth(decided)
    return Value(Compare(ComparisonOperator(operator), left.node, right.node), Truths())


def conjunction(parts: list[Value]) -> Value:
    """`and`, with constants folded."""
    if any(part.constant == 0 for part in parts):
        return truth(False)
    open_parts = [part for part in parts if part.constant is None]
    if len(open_parts) < 2:
        return open_parts[0] if open_parts else truth(True)
    return Value(AllOf(tuple(part.node for part in open_parts)), Truths())


def disjunction(parts: list[Value]) -> Value:
    """`or`, with constants folded."""
    if any(part.constant == 1 for part in parts):
        return truth(True)
    open_parts = [part for part in parts if part.constant is None]
    if len(open_parts) < 2:
        return open_parts[0] if open_parts else truth(False)
    return Value(AnyOf(tuple(part.node for part in open_parts)), Truths())


def negation(value: Value) -> Value:
    """`not`, with constants folded."""
    if value.constant is not None:
        return truth(not value.constant)
    return Value(Not(value.node), Truths())
