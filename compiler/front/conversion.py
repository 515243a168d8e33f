"""Converting values between domains: recoded symbols, scaled numbers, tuples field by field.

A value that may leave its declared domain keeps its code there, and the examination of the model
prints an input where it does; one that the domain has no code for is refused here.
"""

from __future__ import annotations

from math import gcd

from causalspec.compiler.domains import Domain, Numbers, Rows, Symbols, Truths, Tuples
from causalspec.compiler.expressions import (
    Arithmetic,
    ArithmeticOperator,
    Constant,
    Expression,
    Lookup,
)
from causalspec.compiler.front.arithmetic import numbers
from causalspec.compiler.front.names import Compilation
from causalspec.compiler.front.values import POISONED, Value, described, listed
from causalspec.dsl.source import Span


def convert(compilation: Compilation, value: Value, domain: Domain, span: Span) -> Value:
    """The value in codes of `domain`. Numbers may still lie outside its ends."""
    if value.domain is None:
        return POISONED
    match value.domain, domain:
        case Numbers(), Numbers():
            return _to_numbers(compilation, value, domain, span)
        case Symbols(), Symbols():
            return _to_symbols(compilation, value, domain, span)
        case Tuples(), Tuples() if value.domain.names == domain.names:
            if value.domain == domain:
                return value
            return _to_tuple(compilation, value, domain, span)
        case _ if value.domain == domain:
            return value
        case _:
            return compilation.refuse(
                "CS206",
                span,
                f"is {kind_of_value(value.domain)}, but {kind_of_value(domain)} is needed here",
            )


def convert_inside(compilation: Compilation, value: Value, domain: Domain, span: Span) -> Value:
    """The same, refusing numbers whose interval reaches outside: nothing later could tell."""
    converted = convert(compilation, value, domain, span)
    if isinstance(converted.domain, Numbers) and isinstance(domain, Numbers):
        inner = numbers(value)
        spread = number_interval(value, domain)
        if spread.low < domain.low or spread.high > domain.high:
            return compilation.refuse(
                "CS309",
                span,
                f"may leave {described(domain)}: it lies in {described(inner)}",
                help="widen the type, or bound the value with `min` and `max`",
            )
        return Value(converted.node, spread)
    return converted


def number_interval(value: Value, domain: Numbers) -> Numbers:
    """The interval of a number in the codes of `domain`, which `convert` showed to be exact."""
    inner = numbers(value)
    low = inner.low * domain.denominator // inner.denominator
    high = inner.high * domain.denominator // inner.denominator
    step = max(1, inner.step * domain.denominator // inner.denominator)
    return Numbers(low, high, step, domain.denominator)


def kind_of_value(domain: Domain) -> str:
    """What sort of thing a value of the domain is, as messages say it."""
    match domain:
        case Truths():
            return "a truth value"
        case Numbers():
            return "a number"
        case Symbols():
            return f"a symbol of {described(domain)}"
        case Rows(table=table):
            return f"a row of `{table}`"
        case Tuples():
            return f"a tuple {described(domain)}"


def _to_numbers(compilation: Compilation, value: Value, domain: Numbers, span: Span) -> Value:
    inner = numbers(value)
    if inner.high * domain.denominator < domain.low * inner.denominator or (
        inner.low * domain.denominator > domain.high * inner.denominator
    ):
        return compilation.refuse(
            "CS302",
            span,
            f"lies outside {described(domain)}",
            help=None if inner.low == inner.high else f"it lies in {described(inner)}",
        )
    shared = gcd(inner.denominator, domain.denominator)
    divisor = inner.denominator // shared
    spacing = 0 if inner.low == inner.high else inner.step
    if gcd(inner.low, spacing) % divisor:
        return compilation.refuse(
            "CS303",
            span,
            f"falls between the steps of {described(domain)}",
            help="give the type smaller steps, or round with `//`",
        )
    factor = domain.denominator // shared
    node = value.node
    if value.constant is not None:
        node = Constant(value.constant * factor // divisor)
    else:
        # Divide first: exact, and it keeps the intermediate small.
        if divisor != 1:
            node = Arithmetic(ArithmeticOperator.FLOOR_DIVIDE, node, Constant(divisor))
        if factor != 1:
            node = Arithmetic(ArithmeticOperator.MULTIPLY, node, Constant(factor))
    return Value(node, domain)


def _to_symbols(compilation: Compilation, value: Value, domain: Symbols, span: Span) -> Value:
    inner = value.domain
    assert isinstance(inner, Symbols)
    if inner.members == domain.members:
        return Value(value.node, domain)
    position = {member: code for code, member in enumerate(domain.members)}
    missing = tuple(member for member in inner.members if member not in position)
    if value.constant is not None:
        missing = tuple(member for member in missing if member == inner.members[value.constant])
    if missing:
        return compilation.refuse(
            "CS206",
            span,
            f"can be a symbol that {described(domain)} does not have",
            help=f"missing there: {listed(missing)}",
        )
    if value.constant is not None:
        return Value(Constant(position[inner.members[value.constant]]), domain)
    return Value(Lookup(tuple(position[member] for member in inner.members), value.node), domain)


def _to_tuple(compilation: Compilation, value: Value, domain: Tuples, span: Span) -> Value:
    parts: list[Value] = []
    for field in domain.fields:
        part = tuple_field(value, field.name)
        assert part is not None
        parts.append(convert_inside(compilation, part, field.domain, span))
    if any(part.domain is None for part in parts):
        return POISONED
    return tuple_value(parts, domain)


# The mixed-radix codes of named tuples -----------------------------------------------------------


def tuple_field(value: Value, name: str) -> Value | None:
    """One field of a tuple's value, None when it has no such field."""
    domain = value.domain
    assert isinstance(domain, Tuples)
    if value.constant is not None:
        found = dict(domain.split(value.constant)).get(name)
        of_field = next((field.domain for field in domain.fields if field.name == name), None)
        return None if found is None else Value(Constant(found), of_field)
    radix = domain.size
    for field in domain.fields:
        radix //= max(1, field.domain.size)
        if field.name == name:
            node: Expression = value.node
            if radix != 1:
                node = Arithmetic(ArithmeticOperator.FLOOR_DIVIDE, node, Constant(radix))
            if field is not domain.fields[0]:
                size = Constant(field.domain.size)
                node = Arithmetic(ArithmeticOperator.REMAINDER, node, size)
            if isinstance(field.domain, Numbers):
                node = _scaled(node, field.domain.step, field.domain.low)
            return Value(node, field.domain)
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
    for part, field in zip(parts, domain.fields, strict=True):
        digit = position(part.node, field.domain)
        if node == Constant(0):
            node = digit
        else:
            wider = Arithmetic(ArithmeticOperator.MULTIPLY, node, Constant(field.domain.size))
            node = Arithmetic(ArithmeticOperator.ADD, wider, digit)
    if all(part.constant is not None for part in parts):
        code = 0
        for part, field in zip(parts, domain.fields, strict=True):
            assert part.constant is not None
            code = code * field.domain.size + field.domain.codes().index(part.constant)
        node = Constant(code)
    return Value(node, domain)
