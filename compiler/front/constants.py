"""Constant numbers where a file's shape hangs on them: ends of ranges, indices, parameters."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from fractions import Fraction
from math import lcm

from causalspec.compiler.domains import Numbers
from causalspec.compiler.front.names import kind_of, with_article
from causalspec.compiler.front.scopes import Environment, Family
from causalspec.compiler.front.values import Value
from causalspec.dsl import syntax

MOST = 2**62
OPERATIONS: Mapping[str, Callable[[Fraction, Fraction], Fraction]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": lambda left, right: left / right,
    "//": lambda left, right: Fraction(left // right),
    "%": operator.mod,
}


def constant_number(environment: Environment, written: syntax.Expression) -> Fraction | None:
    """The exact value of a constant expression, None with the reason reported."""
    match written:
        case syntax.Number():
            value = Fraction(written.scaled, 10**written.decimals)
        case syntax.Name():
            value = _parameter(environment, written)
        case syntax.Unary(operator="-", operand=operand):
            inner = constant_number(environment, operand)
            value = None if inner is None else -inner
        case syntax.Binary():
            left = constant_number(environment, written.left)
            right = constant_number(environment, written.right)
            value = None
            if left is not None and right is not None:
                value = _binary(environment, written, left, right)
        case _:
            advice = "use literals and the task's parameters"
            return environment.compilation.wrong(
                "CS209", written, "is not a constant number", help=advice
            )
    if value is not None and max(abs(value.numerator), value.denominator) > MOST:
        return environment.compilation.wrong("CS920", written, "is larger than 2^62")
    return value


def _parameter(environment: Environment, name: syntax.Name) -> Fraction | None:
    compilation = environment.compilation
    found = environment.find(name)
    if isinstance(found, Value):
        if found.domain is None:
            return None
        if isinstance(found.domain, Numbers) and found.constant is not None:
            return found.domain.value(found.constant)
    if found is not None:
        what = "a family" if isinstance(found, Family) else "a variable"
        compilation.wrong(
            "CS209",
            name,
            f"is {what}, not a constant number",
            help="the graph is fixed when the file is compiled: use literals and parameters",
        )
    elif name.text in compilation.declared:
        kind = with_article(kind_of(compilation.declared[name.text]))
        compilation.wrong("CS202", name, f"is {kind}, not a number")
    else:
        compilation.unknown("name", name, environment.scope.names())
    return None


def _binary(
    environment: Environment, node: syntax.Binary, left: Fraction, right: Fraction
) -> Fraction | None:
    if node.operator in ("/", "//", "%") and right <= 0:
        return environment.compilation.wrong("CS308", node.right, "is not a positive divisor")
    if node.operator != "**":
        return OPERATIONS[node.operator](left, right)
    if right.denominator != 1 or not 0 <= right <= 64:
        says = "is not an exponent from 0 to 64"
        return environment.compilation.wrong("CS209", node.right, says)
    return left**right.numerator


def written_denominator(written: syntax.Node) -> int:
    """The power of ten that an expression's literals are written in: 100 for `9.90`."""
    match written:
        case syntax.Number(decimals=decimals):
            return 10**decimals
        case syntax.Unary(operand=operand):
            return written_denominator(operand)
        case syntax.Binary(left=left, right=right):
            return lcm(written_denominator(left), written_denominator(right))
        case _:
            return 1
