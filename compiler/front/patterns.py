"""Sets of values as positions of a domain: what a pattern covers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from math import ceil, floor

from causalspec.compiler.domains import Domain, Numbers, Symbols, Truths, Tuples, parts_of
from causalspec.compiler.expressions import (
    Compare,
    ComparisonOperator,
    Constant,
    Expression,
    Within,
)
from causalspec.compiler.front.arithmetic import disjunction, exact, truth
from causalspec.compiler.front.constants import constant_number
from causalspec.compiler.front.conversion import convert
from causalspec.compiler.front.names import distinct
from causalspec.compiler.front.scopes import Environment
from causalspec.compiler.front.subexpressions import value_of
from causalspec.compiler.front.types import domain_of
from causalspec.compiler.front.unread import WORD
from causalspec.compiler.front.values import Value, described
from causalspec.dsl import syntax
from causalspec.dsl.spelling import one_slip

Interval = tuple[int, int]
"""Positions in a domain's codes, both ends included."""


LARGEST_TABLE = 1_000_000


def within(value: Value, intervals: Sequence[Interval]) -> Value:
    """Whether a value stands at one of these positions of its domain."""
    assert value.domain is not None
    merged = merge(intervals)
    if not merged:
        return truth(False)
    if merged == [(0, value.domain.size - 1)]:
        return truth(True)
    codes = value.domain.codes()
    if value.constant is not None:
        position = codes.index(value.constant)
        return truth(any(low <= position <= high for low, high in merged))
    tests: list[Value] = []
    for low, high in merged:
        test: Expression = Within(value.node, codes[low], codes[high])
        if low == high:
            test = Compare(ComparisonOperator.EQUAL, value.node, Constant(codes[low]))
        tests.append(Value(test, Truths()))
    return disjunction(tests)


def around(environment: Environment, subject: Value, written: syntax.Expression) -> Environment:
    """Where the patterns of a subject are compiled: an index, a parameter or a function's argument
    is one value, or a few, each time that the same patterns are read.
    """
    narrow = subject.constant is not None or environment.called
    return replace(environment, narrowed=narrow or reads_constants(environment, written))


def reads_constants(environment: Environment, written: syntax.Expression) -> bool:
    """Whether a name of the expression stands for an index or a task's parameter."""
    bindings = (environment.scope.find(word) for word in WORD.findall(written.span.text))
    return any(isinstance(binding, Value) and binding.constant is not None for binding in bindings)


def merge(intervals: Sequence[Interval]) -> list[Interval]:
    """The same positions as few, ordered, separate intervals."""
    merged: list[Interval] = []
    for low, high in sorted(intervals):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return merged


def covered_by(
    environment: Environment, pattern: syntax.ValueSet | syntax.Pattern, domain: Domain
) -> list[Interval] | None:
    """The positions of `domain` that a set or pattern covers, None with the reason reported."""
    match pattern:
        case syntax.RangeSet():
            return _range(environment, pattern, domain)
        case syntax.ElementSet(elements=elements):
            found: list[Interval] = []
            for element in elements:
                positions = covered_by(environment, element, domain)
                if positions is None:
                    return None
                found += positions
            return found
        case syntax.NamedSet() | syntax.WordsSet() | syntax.TupleSet():
            other = domain_of(environment, pattern)
            return None if other is None else _shared(environment, pattern, other, domain)
        case syntax.Tuple() if isinstance(domain, Tuples):
            return _tuple(environment, pattern, domain)
        case syntax.Name(text=text) if (
            isinstance(environment.compilation.declared.get(text), syntax.TypeDeclaration)
            and environment.scope.find(text) is None
            and not (isinstance(domain, Symbols) and text in domain.members)
        ):
            named = syntax.NamedSet(pattern, span=pattern.span)
            return covered_by(environment, named, domain)
        case syntax.Name(text=text) if (
            one_slip(text, "else")
            and not (isinstance(domain, Symbols) and any(one_slip(text, m) for m in domain.members))
            and environment.scope.find(text) is None
            and not (isinstance(domain, Symbols) and text in domain.members)
        ):
            return environment.compilation.unknown("name", pattern, (), words=("else",))
        case _:
            value = value_of(environment, pattern, domain)
            return _constant(environment, pattern, value, domain)


def _constant(
    environment: Environment, pattern: syntax.Expression, value: Value, domain: Domain
) -> list[Interval] | None:
    if value.domain is None:
        return None
    compilation = environment.compilation
    if value.constant is None:
        return compilation.wrong(
            "CS209",
            pattern,
            "is not a constant",
            help="a set holds literals, symbols and parameters; compare variables with `==`",
        )
    if isinstance(domain, Numbers) and isinstance(value.domain, Numbers):
        number = exact(value)
        assert number is not None
        place = (number * domain.denominator - domain.low) / domain.step
        if place.denominator == 1 and 0 <= place < domain.size:
            return [(int(place), int(place))]
        return _outside(environment, pattern, domain)
    if isinstance(domain, Tuples) and isinstance(value.domain, Tuples):
        code = convert(compilation, value, domain, pattern.span).constant
        return None if code is None else [(code, code)]
    if type(value.domain) is not type(domain):
        return compilation.wrong("CS206", pattern, f"is not a value of {described(domain)}")
    position = domain.codes().index(value.constant) if value.domain == domain else None
    if isinstance(domain, Symbols) and isinstance(value.domain, Symbols) and position is None:
        text = value.domain.members[value.constant]
        position = domain.members.index(text) if text in domain.members else None
    return _outside(environment, pattern, domain) if position is None else [(position, position)]


def field_patterns(
    environment: Environment, pattern: syntax.Tuple, domain: Tuples
) -> dict[str, list[Interval]] | None:
    """The positions that a tuple's pattern covers of each field that it names, None with the reason
    reported.
    """
    compilation = environment.compilation
    parts = parts_of(domain)
    first = distinct(compilation, (target_of(field) for field in pattern.fields))
    found: dict[str, list[Interval]] = {}
    for field in pattern.fields:
        name = target_of(field)
        part = parts.get(name.text)
        if part is None:
            return compilation.unknown("field", name, parts, code="CS210")
        compilation.meanings.note(name.span, part.span)
        written = field.values if isinstance(field, syntax.FieldPattern) else field.value
        covered = covered_by(environment, written, part.domain)
        if covered is None or first[name.text] is not name:
            return None
        found[name.text] = merge(covered)
    return found


def target_of(field: syntax.Assignment | syntax.FieldPattern) -> syntax.Name:
    """The name of a tuple's field where a value or a pattern is given to it."""
    assert isinstance(field.target, syntax.Name)
    return field.target


def _tuple(
    environment: Environment, pattern: syntax.Tuple, domain: Tuples
) -> list[Interval] | None:
    """Codes have mixed radixes, so what a field covers comes once for all that stands before it."""
    found = field_patterns(environment, pattern, domain)
    if found is None:
        return None
    covered: list[Interval] = [(0, 0)]
    for field in domain.fields:
        size = field.domain.size
        of_field = found.get(field.name, [(0, size - 1)])
        if of_field == [(0, size - 1)]:
            covered = [(low * size, (high + 1) * size - 1) for low, high in covered]
            continue
        if sum(high - low + 1 for low, high in covered) * len(of_field) > LARGEST_TABLE:
            return environment.compilation.wrong(
                "CS342",
                pattern,
                "takes too many separate values",
                help="look at the fields one by one, as in `match pair.low { … }`",
            )
        covered = [
            (place * size + first, place * size + last)
            for low, high in covered
            for place in range(low, high + 1)
            for first, last in of_field
        ]
    return covered


def _outside(
    environment: Environment, pattern: syntax.Node, domain: Domain
) -> list[Interval] | None:
    if environment.narrowed:
        return []
    return environment.compilation.wrong("CS302", pattern, f"lies outside {described(domain)}")


def _range(
    environment: Environment, pattern: syntax.RangeSet, domain: Domain
) -> list[Interval] | None:
    if not isinstance(domain, Numbers):
        says = f"holds numbers, but the value is {described(domain)}"
        return environment.compilation.wrong("CS206", pattern, says)
    low = constant_number(environment, pattern.low)
    high = domain.value(domain.high)
    if pattern.high is not None:
        given = constant_number(environment, pattern.high)
        if given is None:
            return None
        high = given
    if low is None:
        return None
    if low > high:
        advice = "write the lower end first"
        return environment.compilation.wrong("CS301", pattern, "is empty", help=advice)
    first, last = _positions(domain, low, high)
    if first > last:
        return _outside(environment, pattern, domain)
    if pattern.step is None:
        return [(first, last)]
    step = constant_number(environment, pattern.step)
    if step is None:
        return None
    if step <= 0 or last - first > LARGEST_TABLE:
        message = f"`{pattern.span.text}` has no usable step here"
        return environment.compilation.error("CS301", message, pattern.step.span)
    return _every(domain, first, last, low, step)


def _shared(
    environment: Environment, pattern: syntax.Node, other: Domain, domain: Domain
) -> list[Interval] | None:
    """The positions of `domain` whose values `other` has too."""
    if other == domain:
        return [(0, domain.size - 1)]
    match other, domain:
        case Numbers(), Numbers():
            low, step = other.value(other.low), Fraction(other.step, other.denominator)
            first, last = _positions(domain, low, other.value(other.high))
            if first > last:
                return _outside(environment, pattern, domain)
            spacing = Fraction(domain.step, domain.denominator)
            if spacing % step == 0 and (domain.value(domain.low) - low) % spacing == 0:
                return [(first, last)]
            if last - first <= LARGEST_TABLE:
                return _every(domain, first, last, low, step)
        case Symbols(), Symbols():
            members = set(other.members)
            places = [(i, i) for i, member in enumerate(domain.members) if member in members]
            return places or _outside(environment, pattern, domain)
        case _:
            pass
    says = f"is not a set of values of {described(domain)}"
    return environment.compilation.wrong("CS206", pattern, says)


def _positions(domain: Numbers, low: Fraction, high: Fraction) -> Interval:
    """The first position from `low` on, and the last one up to `high`."""
    start, end = ((value * domain.denominator - domain.low) / domain.step for value in (low, high))
    return max(0, ceil(start)), min(domain.size - 1, floor(end))


def _every(domain: Numbers, first: int, last: int, low: Fraction, step: Fraction) -> list[Interval]:
    """The positions among some whose values are multiples of `step` from `low`."""
    codes = domain.codes()
    places = range(first, last + 1)
    return [(place, place) for place in places if (domain.value(codes[place]) - low) % step == 0]


def intersect(left: Sequence[Interval], right: Sequence[Interval]) -> list[Interval]:
    """The positions in both: `left` is ordered and separate."""
    return [
        (max(a, c), min(b, d)) for a, b in left for c, d in merge(right) if max(a, c) <= min(b, d)
    ]


def without(left: Sequence[Interval], right: Sequence[Interval]) -> list[Interval]:
    """The positions of `left` that are not in `right`; both ordered and separate."""
    rest = list(left)
    for low, high in right:
        rest = [
            piece
            for a, b in rest
            for piece in ((a, min(b, low - 1)), (max(a, high + 1), b))
            if piece[0] <= piece[1]
        ]
    return rest
