"""Constant numbers where a file's shape hangs on them: ends of ranges, indices, parameters."""

from __future__ import annotations

from fractions import Fraction
from math import lcm

from causalspec.compiler.domains import Numbers
from causalspec.compiler.front.names import kind_of, with_article
from causalspec.compiler.front.scopes import Environment, Family
from causalspec.compiler.front.values import Value
from causalspec.dsl import syntax

MOST = 2**62


def constant_number(environment: Environment, written: syntax.Expression) -> Fraction | None:
    """The exact value of a constant expression, None with the reason reported."""
    known: dict[int, Fraction | None] = {}
    for node in _children_first(written):
        match node:
            case syntax.Number():
                value = Fraction(node.scaled, 10**node.decimals)
            case syntax.Name():
                value = _parameter(environment, node)
            case syntax.Unary(operator="-", operand=operand):
                inner = known[id(operand)]
                value = None if inner is None else -inner
            case syntax.Binary(operator=operator, left=left, right=right):
                value = _binary(environment, operator, known[id(left)], known[id(right)], node)
            case _:
                environment.compilation.wrong(
                    "CS209",
                    node,
                    "is not a constant number",
                    help="use literals and the task's parameters",
                )
                value = None
        if value is not None and max(abs(value.numerator), value.denominator) > MOST:
            environment.compilation.wrong("CS920", node, "is larger than 2^62")
            value = None
        known[id(node)] = value
    return known[id(written)]


def constant_integer(environment: Environment, written: syntax.Expression) -> int | None:
    """The same, for a whole number."""
    value = constant_number(environment, written)
    if value is None:
        return None
    if value.denominator != 1:
        return environment.compilation.wrong("CS209", written, "is not a whole number")
    return value.numerator


def _children_first(written: syntax.Expression) -> list[syntax.Expression]:
    order: list[syntax.Expression] = []
    todo = [written]
    while todo:
        node = todo.pop()
        order.append(node)
        if isinstance(node, syntax.Unary):
            todo.append(node.operand)
        elif isinstance(node, syntax.Binary):
            todo += [node.left, node.right]
    return order[::-1]


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
    environment: Environment,
    operator: str,
    left: Fraction | None,
    right: Fraction | None,
    node: syntax.Binary,
) -> Fraction | None:
    if left is None or right is None:
        return None
    if operator in ("/", "//", "%") and right <= 0:
        return environment.compilation.wrong("CS308", node.right, "is not a positive divisor")
    match operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return left / right
        case "//":
            return Fraction(left // right)
        case "%":
            return left % right
        case _:
            if right.denominator != 1 or not 0 <= right <= 64:
                return environment.compilation.wrong(
                    "CS209", node.right, "is not an exponent from 0 to 64"
                )
            return left**right.numerator


def written_denominator(written: syntax.Expression) -> int:
    """The power of ten that an expression's literals are written in: 100 for `9.90`."""
    found = [one.decimals for one in _children_first(written) if isinstance(one, syntax.Number)]
    return lcm(*(10**decimals for decimals in found))
