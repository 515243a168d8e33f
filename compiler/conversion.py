"""Bringing values of different domains together: recoding, common types, equality.

A value that may leave its declared domain keeps its code there, and the examination of the model
prints an input where it does; one that the domain has no code for is refused here.
"""

from __future__ import annotations

from fractions import Fraction
from functools import reduce
from math import gcd

from ..dsl.source import Span
from .arithmetic import (
    add,
    common,
    compare,
    conjunction,
    hull,
    negation,
    number,
    numbers,
    rescaled,
    truth,
)
from .domains import Domain, Numbers, Rows, Symbols, Truths, Tuples
from .expressions import (
    Arithmetic,
    ArithmeticOperator,
    Choose,
    Compare,
    ComparisonOperator,
    Constant,
    Expression,
    Lookup,
)
from .names import Compilation
from .questions import Expected, PlainWords
from .values import POISONED, Value, described, listed


def convert(compilation: Compilation, value: Value, domain: Domain, span: Span) -> Value:
    """The value in codes of `domain`. Numbers may still lie outside its ends."""
    if value.domain is None:
        return POISONED
    match value.domain, domain:
        case Numbers(), Numbers():
            return _to_numbers(compilation, value, domain, span)
        case Symbols(), Symbols():
            return _to_symbols(compilation, value, domain, span)
        case Tuples(), Tuples() if [f.name for f in value.domain.fields] == [
            f.name for f in domain.fields
        ]:
            if value.domain == domain:
                return value
            return _to_tuple(compilation, value, domain, span)
        case _ if value.domain == domain:
            return value
        case _:
            compilation.error(
                "CS206",
                f"`{span.text}` is {_kind(value.domain)}, but {_kind(domain)} is needed here",
                span,
            )
            return POISONED


def convert_inside(compilation: Compilation, value: Value, domain: Domain, span: Span) -> Value:
    """The same, refusing numbers whose interval reaches outside: nothing later could tell."""
    converted = convert(compilation, value, domain, span)
    if isinstance(converted.domain, Numbers) and isinstance(domain, Numbers):
        inner = numbers(value)
        spread = number_interval(value, domain)
        if spread.low < domain.low or spread.high > domain.high:
            compilation.error(
                "CS309",
                f"`{span.text}` may leave {described(domain)}: it lies in {described(inner)}",
                span,
                help="widen the type, or bound the value with `min` and `max`",
            )
            return POISONED
        return Value(converted.node, spread)
    return converted


def number_interval(value: Value, domain: Numbers) -> Numbers:
    """The interval of a number in the codes of `domain`, which `convert` showed to be exact."""
    inner = numbers(value)
    low = inner.low * domain.denominator // inner.denominator
    high = inner.high * domain.denominator // inner.denominator
    step = max(1, inner.step * domain.denominator // inner.denominator)
    return Numbers(low, high, step, domain.denominator)


def _kind(domain: Domain) -> str:
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
        compilation.error(
            "CS302",
            f"`{span.text}` lies outside {described(domain)}",
            span,
            help=None if inner.low == inner.high else f"it lies in {described(inner)}",
        )
        return POISONED
    shared = gcd(inner.denominator, domain.denominator)
    divisor = inner.denominator // shared
    spacing = 0 if inner.low == inner.high else inner.step
    if gcd(inner.low, spacing) % divisor:
        compilation.error(
            "CS303",
            f"`{span.text}` falls between the steps of {described(domain)}",
            span,
            help="give the type smaller steps, or round with `//`",
        )
        return POISONED
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
        missing = tuple(m for m in missing if m == inner.members[value.constant])
    if missing:
        compilation.error(
            "CS206",
            f"`{span.text}` can be a symbol that {described(domain)} does not have",
            span,
            help=f"missing there: {listed(missing)}",
        )
        return POISONED
    if value.constant is not None:
        return Value(Constant(position[inner.members[value.constant]]), domain)
    return Value(Lookup(tuple(position[m] for m in inner.members), value.node), domain)


def tuple_field(value: Value, name: str) -> Value | None:
    """One field of a tuple's value, None when it has no such field."""
    domain = value.domain
    assert isinstance(domain, Tuples)
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


def _to_tuple(compilation: Compilation, value: Value, domain: Tuples, span: Span) -> Value:
    parts: list[Value] = []
    for one in domain.fields:
        part = tuple_field(value, one.name)
        assert part is not None
        parts.append(convert_inside(compilation, part, one.domain, span))
    if any(part.domain is None for part in parts):
        return POISONED
    return tuple_value(parts, domain)


def union_of(domains: list[Symbols]) -> Symbols:
    """Every symbol of several sets, by first appearance."""
    members = dict.fromkeys(member for domain in domains for member in domain.members)
    return Symbols(tuple(members))


def together(
    compilation: Compilation, values: list[Value], spans: list[Span], expected: Expected
) -> tuple[list[Value], Domain] | None:
    """Branches in codes of one domain: the interval that holds all, the larger set of symbols,
    the expected one. Where plain `words` are expected, different sets of symbols unite.
    """
    domains = [value.domain for value in values]
    if any(domain is None for domain in domains):
        return None
    if all(isinstance(domain, Numbers) for domain in domains):
        shared = values[0]
        for value in values[1:]:
            shared, _ = common(shared, value)
        scaled = [rescaled(value, numbers(shared).denominator) for value in values]
        return scaled, reduce(hull, map(numbers, scaled))
    symbols = [domain for domain in domains if isinstance(domain, Symbols)]
    target = _shared_symbols(symbols, expected) if len(symbols) == len(domains) else None
    if target is not None:
        pairs = zip(values, spans, strict=True)
        converted = [convert(compilation, value, target, span) for value, span in pairs]
        whole = all(value.domain is not None for value in converted)
        return (converted, target) if whole else None
    first = domains[0]
    assert first is not None
    for domain, span in zip(domains, spans, strict=True):
        if domain != first and domain is not None:
            compilation.error(
                "CS206",
                f"`{span.text}` is {_kind(domain)}, but the value beside it, `{spans[0].text}`, "
                f"is {_kind(first)}",
                span,
            )
            return None
    return values, first


def _shared_symbols(symbols: list[Symbols], expected: Expected) -> Symbols | None:
    if isinstance(expected, Symbols):
        return expected
    largest = max(symbols, key=lambda one: len(one.members))
    if all(set(one.members) <= set(largest.members) for one in symbols):
        return largest
    return union_of(symbols) if isinstance(expected, PlainWords) else None


def choose(condition: Value, then: Value, otherwise: Value, domain: Domain) -> Value:
    """`then` or `otherwise`, both in codes of `domain`."""
    if condition.constant is not None:
        return then if condition.constant else otherwise
    if isinstance(domain, Truths) and (then.constant, otherwise.constant) == (1, 0):
        return condition
    return Value(Choose(condition.node, then.node, otherwise.node), domain)


def equal(compilation: Compilation, left: Value, right: Value, spans: tuple[Span, Span]) -> Value:
    """`left == right` for values of any one kind."""
    match left.domain, right.domain:
        case (None, _) | (_, None):
            return POISONED
        case Numbers(), Numbers():
            return compare("==", left, right)
        case Symbols() as one, Symbols() as other if one != other:
            if not set(one.members) & set(other.members):
                compilation.error(
                    "CS206",
                    f"`{spans[0].text}` and `{spans[1].text}` are never equal: "
                    f"{described(one)} and {described(other)} share no symbol",
                    spans[1],
                )
                return POISONED
            shared = union_of([one, other])
            left = convert(compilation, left, shared, spans[0])
            right = convert(compilation, right, shared, spans[1])
        case Tuples() as one, Tuples() as other if one != other and (
            [f.name for f in one.fields] == [f.name for f in other.fields]
        ):
            parts: list[Value] = []
            for field in one.fields:
                mine, theirs = tuple_field(left, field.name), tuple_field(right, field.name)
                assert mine is not None
                assert theirs is not None
                parts.append(equal(compilation, mine, theirs, spans))
            if any(part.domain is None for part in parts):
                return POISONED
            return conjunction(parts)
        case one, other if one != other:
            compilation.error(
                "CS206",
                f"`{spans[0].text}` is {_kind(one)}, `{spans[1].text}` is {_kind(other)}: "
                "they cannot be compared",
                spans[1],
            )
            return POISONED
        case _:
            pass
    if left.constant is not None and right.constant is not None:
        return truth(left.constant == right.constant)
    return Value(Compare(ComparisonOperator.EQUAL, left.node, right.node), Truths())


def unequal(value: Value) -> Value:
    """The negation of an equality, as its own comparison where that is one node."""
    if isinstance(value.node, Compare) and value.node.operator is ComparisonOperator.EQUAL:
        node = Compare(ComparisonOperator.NOT_EQUAL, value.node.left, value.node.right)
        return Value(node, Truths())
    return negation(value)


def total(values: list[Value]) -> Value:
    """The sum of numbers, as a balanced tree: evaluators stay shallow on long families."""
    if not values:
        return number(Fraction(0))
    while len(values) > 1:
        pairs = [add(a, b) for a, b in zip(values[::2], values[1::2], strict=False)]
        values = pairs + ([values[-1]] if len(values) % 2 else [])
    return values[0]
