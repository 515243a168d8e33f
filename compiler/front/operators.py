"""Arithmetic, comparisons and logic: operands checked, scales made explicit."""

from __future__ import annotations

from fractions import Fraction

from causalspec.compiler.domains import Numbers, Truths
from causalspec.compiler.front import arithmetic
from causalspec.compiler.front.joining import equal, unequal
from causalspec.compiler.front.scopes import Environment
from causalspec.compiler.front.subexpressions import value_of
from causalspec.compiler.front.values import POISONED, Expected, Value, described
from causalspec.dsl import syntax

CHAINED = "comparisons chain: `a == b == c` is `a == b and b == c`, not `(a == b) == c`"


def operand(
    environment: Environment, written: syntax.Expression, kind: type[Numbers] | type[Truths]
) -> Value:
    """An operand that must be a number, or a truth value; poisoned when it is not."""
    value = value_of(environment, written, Truths() if kind is Truths else None)
    return required(environment, value, written, kind)


def required(
    environment: Environment,
    value: Value,
    written: syntax.Expression,
    kind: type[Numbers] | type[Truths],
) -> Value:
    """The value, when it has the kind that its place needs."""
    if value.domain is None or isinstance(value.domain, kind):
        return value
    text = written.span.text if isinstance(written, syntax.Name | syntax.Member) else "x"
    match value.domain:
        case Truths():
            found, advice = "a truth value", f"to count, write `if {text} then 1 else 0`"
        case Numbers() if isinstance(written, syntax.Number):
            found, advice = "a number", "write one of several values as in `x in {1, 2}`"
        case Numbers():
            found, advice = "a number", f"compare it, as in `{text} == 1`"
        case other:
            found, advice = f"of the type {described(other)}", None
    wanted = "a number" if kind is Numbers else "true or false"
    says = f"must be {wanted}, but is {found}"
    return environment.compilation.refuse("CS205", written, says, help=advice)


def unary(environment: Environment, node: syntax.Unary, _: Expected) -> Value:
    """`-x` and `not x`."""
    if node.operator == "not":
        value = operand(environment, node.operand, Truths)
        return arithmetic.negation(value) if value.domain is not None else POISONED
    value = operand(environment, node.operand, Numbers)
    return arithmetic.scale(value, Fraction(-1)) if value.domain is not None else POISONED


def binary(environment: Environment, node: syntax.Binary, _: Expected) -> Value:
    """Arithmetic. Divisors and exponents are constants, so that the graph's values stay exact."""
    left = operand(environment, node.left, Numbers)
    right = operand(environment, node.right, Numbers)
    if left.domain is None or right.domain is None:
        return POISONED
    match node.operator:
        case "+":
            return arithmetic.add(left, right)
        case "-":
            return arithmetic.subtract(left, right)
        case "*":
            return arithmetic.multiply(left, right)
        case "**":
            return _power(environment, left, right, node)
        case "/" | "//" | "%":
            return _division(environment, left, right, node)


def _power(environment: Environment, left: Value, right: Value, node: syntax.Binary) -> Value:
    exponent = right.integer
    if exponent is None or exponent < 0:
        return environment.compilation.refuse(
            "CS209",
            node.right,
            "is not a constant exponent",
            help="an exponent is a whole number from 0 on, known when the file is compiled",
        )
    return arithmetic.number(Fraction(1)) if exponent == 0 else arithmetic.power(left, exponent)


def _division(environment: Environment, left: Value, right: Value, node: syntax.Binary) -> Value:
    divisor = arithmetic.exact(right)
    if divisor is None:
        return environment.compilation.refuse(
            "CS209",
            node.right,
            "is not a constant divisor",
            help="divisors are literals or task parameters, so that division is always exact: a "
            "`match` may have an arm for each divisor",
        )
    if divisor <= 0:
        return environment.compilation.refuse("CS308", node.right, "is not a positive divisor")
    if node.operator == "/":
        return arithmetic.scale(left, 1 / divisor)
    divide = arithmetic.floor_divide if node.operator == "//" else arithmetic.remainder
    return divide(left, divisor)


def logical(environment: Environment, node: syntax.Logical, _: Expected) -> Value:
    """`and`, `or`. What an earlier operand decides is not looked at: it may be a missing member."""
    parts: list[Value] = []
    whole = True
    decisive = 0 if node.operator == "and" else 1
    for written in node.operands:
        value = operand(environment, written, Truths)
        whole = whole and value.domain is not None
        parts.append(value)
        if value.domain is not None and value.constant == decisive:
            break
    if not whole:
        return POISONED
    return (arithmetic.conjunction if node.operator == "and" else arithmetic.disjunction)(parts)


def comparison(environment: Environment, node: syntax.Comparison, _: Expected) -> Value:
    """A chain of comparisons. An operand that is only a symbol's name takes its set from the
    others, whichever side they stand on.
    """
    values: dict[int, Value] = {}
    expected = None
    bare = [i for i, written in enumerate(node.operands) if is_bare(environment, written)]
    plain = [i for i in range(len(node.operands)) if i not in bare]
    for index in (*plain, *bare):
        if index in bare and any(value.domain is None for value in values.values()):
            # Which set a bare name belongs to is unknown now: stay silent about it.
            return POISONED
        value = value_of(environment, node.operands[index], expected)
        values[index] = value
        if expected is None:
            expected = value.domain
    if any(value.domain is None for value in values.values()):
        return POISONED
    parts: list[Value] = []
    chained = CHAINED if len(node.operators) > 1 else None
    for index, operator in enumerate(node.operators):
        left, right = values[index], values[index + 1]
        nodes = (node.operands[index], node.operands[index + 1])
        if operator in ("==", "!="):
            spans = (nodes[0].span, nodes[1].span)
            same = equal(environment.compilation, left, right, spans, help=chained)
            if same.domain is None:
                return POISONED
            parts.append(same if operator == "==" else unequal(same))
            continue
        left = required(environment, left, nodes[0], Numbers)
        right = required(environment, right, nodes[1], Numbers)
        if left.domain is None or right.domain is None:
            return POISONED
        parts.append(arithmetic.compare(operator, left, right))
    return arithmetic.conjunction(parts)


def is_bare(environment: Environment, written: syntax.Expression) -> bool:
    """Whether this is only a symbol's name, whose set its place must tell."""
    if isinstance(written, syntax.Text):
        return True
    return isinstance(written, syntax.Name) and environment.scope.find(written.text) is None
