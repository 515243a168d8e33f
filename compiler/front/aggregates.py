"""Aggregates over index ranges, expanded when the file is compiled: `sum(x[i] for i in 0..3)`."""

from __future__ import annotations

from fractions import Fraction
from functools import partial, reduce

from causalspec.compiler.domains import Numbers, Truths
from causalspec.compiler.expressions import ArithmeticOperator, Undefined
from causalspec.compiler.front.arithmetic import (
    compare,
    conjunction,
    disjunction,
    extreme,
    hull,
    number,
    numbers,
)
from causalspec.compiler.front.joining import choose, total
from causalspec.compiler.front.operators import required
from causalspec.compiler.front.scopes import Environment
from causalspec.compiler.front.subexpressions import value_of
from causalspec.compiler.front.types import domain_of
from causalspec.compiler.front.values import POISONED, Expected, Value
from causalspec.dsl import syntax

AGGREGATES = ("sum", "all", "any", "count", "argmax", "first", "min", "max")
LARGEST_FAMILY = 10_000


def indices_of(environment: Environment, written: syntax.ValueSet) -> range | None:
    """The whole numbers of an index range, None with the reason reported."""
    compilation = environment.compilation
    domain = domain_of(environment, written)
    if domain is None:
        return None
    if not isinstance(domain, Numbers) or domain.denominator != 1:
        return compilation.wrong("CS205", written, "is not a range of whole numbers")
    if domain.size > LARGEST_FAMILY:
        return compilation.wrong(
            "CS924",
            written,
            f"has more than {LARGEST_FAMILY} members",
            help="every member becomes a node of the graph: use fewer",
        )
    return domain.codes()


def aggregate(environment: Environment, node: syntax.Aggregate, _: Expected) -> Value:
    """Compile the body once for every index, and combine."""
    compilation = environment.compilation
    name = node.function.text
    if name not in AGGREGATES:
        compilation.unknown("aggregate", node.function, AGGREGATES)
        return POISONED
    compilation.meanings.note(node.function.span, "function")
    indices = indices_of(environment, node.range)
    if indices is None:
        return POISONED
    logical = name in ("all", "any", "count", "first")
    values: list[Value] = []
    for index in indices:
        inner = environment.inner(node.index, number(Fraction(index)))
        value = value_of(inner, node.body, Truths() if logical else None)
        values.append(required(environment, value, node.body, Truths if logical else Numbers))
        if values[-1].domain is None:
            # The other members would say the same again.
            return POISONED
    return _combine(name, values, indices)


def _combine(name: str, values: list[Value], indices: range) -> Value:
    match name:
        case "sum":
            return total(values)
        case "all":
            return conjunction(values)
        case "any":
            return disjunction(values)
        case "count":
            return total([counted(value) for value in values])
        case "min" | "max":
            return reduce(partial(extreme, ArithmeticOperator(name)), values)
        case "first":
            last = number(Fraction(indices[-1]))
            result = Value(Undefined("`first` finds no index"), last.domain)
            for index, value in zip(reversed(indices), reversed(values), strict=True):
                result = _choose_number(value, number(Fraction(index)), result)
            return result
        case _:
            best, result = values[0], number(Fraction(indices[0]))
            for index, value in zip(indices[1:], values[1:], strict=True):
                larger = compare("<", best, value)
                result = _choose_number(larger, number(Fraction(index)), result)
                best = extreme(ArithmeticOperator.MAXIMUM, best, value)
            return result


def counted(value: Value) -> Value:
    """A truth value as the number 0 or 1."""
    if value.constant is not None:
        return number(Fraction(value.constant))
    return Value(value.node, Numbers(0, 1))


def _choose_number(condition: Value, then: Value, otherwise: Value) -> Value:
    domain = hull(numbers(then), numbers(otherwise))
    return choose(condition, then, otherwise, domain)
