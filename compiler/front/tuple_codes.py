"""The mixed-radix codes of named tuples."""

from __future__ import annotations

from causalspec.compiler.domains import Domain, Numbers, Tuples
from causalspec.compiler.expressions import (
    Arithmetic,
    ArithmeticOperator,
    Constant,
    Expression,
)
from causalspec.compiler.front.values import Value


def tuple_field(value: Value, name: str) -> Value | None:
    """One field of a tuple's value, None when it has no such field."""
    domain = value.domain
    assert isinstance(domain, Tuples)
    if value.constant is not None:
        found = dict(domain.split(value.constant)).get(name)
        of_field = next((one.domain for one in domain.fields if one.name == name), None)
        return None if found is None else Value(Constant(found), of_field)
    radix = domain.size
    for one in domain.fields:
        radix //= max(1, one.domain.size)
        if one.name == name:
            node: Expression = value.node
            if radix != 1:
                node = Arithmetic(ArithmeticOperator.FLOOR_DIVIDE, node, Constant(radix))
            if one is not domain.fields[0]:
                size = Constant(one.domain.size)
                node = Arithmetic(ArithmeticOperator.REMAINDER, node, size)
            if isinstance(one.domain, Numbers):
                node = _scaled(node, one.domain.step, one.domain.low)
            return Value(node, one.domain)
    return None


def _scaled(node: Expression, factor: int, offset: int) -> Expression:
    if factor != 1:
        node = Arithmetic(ArithmeticOperator.MULTIPLY, node, Constant(factor))
    if offset:
        node = Arithmetic(ArithmeticOperator.ADD, node, Constant(offset))
    return node


def position(node: Expression, domain: Domain) -> Expression:
    """Where a code stands among the codes of its domain."""
    if isinstance(domain, Numbers):
        if domain.low:
            node = Arithmetic(ArithmeticOperator.SUBTRACT, node, Constant(domain.low))
        if domain.step != 1:
            node = Arithmetic(ArithmeticOperator.FLOOR_DIVIDE, node, Constant(domain.step))
    return node


def tuple_value(parts: list[Value], domain: Tuples) -> Value:
    """The mixed-radix code of fields that are in their domains' codes already."""
    node: Expression = Constant(0)
    for part, one in zip(parts, domain.fields, strict=True):
        digit = position(part.node, one.domain)
        if node == Constant(0):
            node = digit
        else:
            wider = Arithmetic(ArithmeticOperator.MULTIPLY, node, Constant(one.domain.size))
            node = Arithmetic(ArithmeticOperator.ADD, wider, digit)
    if all(part.constant is not None for part in parts):
        code = 0
        for part, one in zip(parts, domain.fields, strict=True):
            assert part.constant is not None
            code = code * one.domain.size + one.domain.codes().index(part.constant)
        node = Constant(code)
    return Value(node, domain)
