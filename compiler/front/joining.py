"""Values beside each other: common types of branches, choices, equality."""

from __future__ import annotations

from fractions import Fraction
from functools import reduce

from causalspec.compiler.domains import Domain, Numbers, Symbols, Truths, Tuples
from causalspec.compiler.expressions import Choose, Compare, ComparisonOperator
from causalspec.compiler.front import arithmetic
from causalspec.compiler.front.conversion import convert, kind_of_value, tuple_field
from causalspec.compiler.front.names import Compilation
from causalspec.compiler.front.values import POISONED, Expected, PlainWords, Value, described
from causalspec.dsl.source import Span


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
            shared, _ = arithmetic.common(shared, value)
        scaled = [
            arithmetic.rescaled(value, arithmetic.numbers(shared).denominator) for value in values
        ]
        return scaled, reduce(arithmetic.hull, map(arithmetic.numbers, scaled))
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
            return compilation.wrong(
                "CS206",
                span,
                f"is {kind_of_value(domain)}, but the value beside it, "
                f"`{spans[0].text}`, is {kind_of_value(first)}",
            )
    return values, first


def _shared_symbols(symbols: list[Symbols], expected: Expected) -> Symbols | None:
    if isinstance(expected, Symbols):
        return expected
    largest = max(symbols, key=lambda domain: domain.size)
    if all(set(domain.members) <= set(largest.members) for domain in symbols):
        return largest
    return union_of(symbols) if isinstance(expected, PlainWords) else None


def choose(condition: Value, then: Value, otherwise: Value, domain: Domain) -> Value:
    """`then` or `otherwise`, both in codes of `domain`."""
    if condition.constant is not None:
        return then if condition.constant else otherwise
    if isinstance(domain, Truths) and (then.constant, otherwise.constant) == (1, 0):
        return condition
    return Value(Choose(condition.node, then.node, otherwise.node), domain)


def equal(
    compilation: Compilation,
    left: Value,
    right: Value,
    spans: tuple[Span, Span],
    *,
    help: str | None = None,
) -> Value:
    """`left == right` for values of any one kind; `help` is for where they can't be compared."""
    match left.domain, right.domain:
        case (None, _) | (_, None):
            return POISONED
        case Numbers(), Numbers():
            return arithmetic.compare("==", left, right)
        case Symbols() as first, Symbols() as other if first != other:
            if not set(first.members) & set(other.members):
                told = f"{described(first)} and {described(other)} share no symbol"
                message = f"`{spans[0].text}` and `{spans[1].text}` are never equal: {told}"
                compilation.error("CS206", message, spans[1], help=help)
                return POISONED
            shared = union_of([first, other])
            left = convert(compilation, left, shared, spans[0])
            right = convert(compilation, right, shared, spans[1])
        case Tuples() as first, Tuples() as other if first != other and first.names == other.names:
            parts: list[Value] = []
            for field in first.fields:
                mine, theirs = tuple_field(left, field.name), tuple_field(right, field.name)
                assert mine is not None
                assert theirs is not None
                parts.append(equal(compilation, mine, theirs, spans, help=help))
            if any(part.domain is None for part in parts):
                return POISONED
            return arithmetic.conjunction(parts)
        case first, other if first != other:
            kinds = [kind_of_value(domain) for domain in (first, other)]
            told = [f"`{span.text}` is {kind}" for span, kind in zip(spans, kinds, strict=True)]
            message = f"{', '.join(told)}: they cannot be compared"
            compilation.error("CS206", message, spans[1], help=help)
            return POISONED
        case _:
            pass
    if left.constant is not None and right.constant is not None:
        return arithmetic.truth(left.constant == right.constant)
    return Value(Compare(ComparisonOperator.EQUAL, left.node, right.node), Truths())


def unequal(value: Value) -> Value:
    """The negation of an equality, as its own comparison where that is one node."""
    if isinstance(value.node, Compare) and value.node.operator is ComparisonOperator.EQUAL:
        node = Compare(ComparisonOperator.NOT_EQUAL, value.node.left, value.node.right)
        return Value(node, Truths())
    return arithmetic.negation(value)


def total(values: list[Value]) -> Value:
    """The sum of numbers, as a balanced tree: evaluators stay shallow on long families."""
    if not values:
        return arithmetic.number(Fraction(0))
    while len(values) > 1:
        pairs = [arithmetic.add(a, b) for a, b in zip(values[::2], values[1::2], strict=False)]
        values = pairs + ([values[-1]] if len(values) % 2 else [])
    return values[0]
