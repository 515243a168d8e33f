"""Sets of values in tests and matches: which codes a pattern covers, and what no pattern does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from ..dsl import syntax
from ..dsl.diagnostics import Related
from .arithmetic import TooLargeError, disjunction, exact, negation, truth
from .constants import constant_number
from .conversion import choose, position, together
from .domains import Domain, Numbers, Symbols, Truths, Tuples
from .expressions import Compare, ComparisonOperator, Constant, Expression, Lookup, Within
from .operators import too_large
from .questions import Compile, Expected, Helper, Pending
from .scopes import Environment
from .types import domain_of
from .values import POISONED, Value, described

Interval = tuple[int, int]
"""Positions in a domain's codes, both ends included."""

MOST_SHOWN = 6
CHAIN = 8
"""Matches with more arms than this become a table lookup: a chain of tests would nest too deep."""
LARGEST_TABLE = 1_000_000


def membership(environment: Environment, node: syntax.Membership) -> Pending:
    """`x in 2.50..7.50`, `x in {A, B}`, `x in Digit`."""
    value = yield Compile(environment, node.operand)
    if value.domain is None:
        return POISONED
    covered = yield from covered_by(environment, node.values, value.domain)
    if covered is None:
        return POISONED
    inside = within(value, covered)
    return negation(inside) if node.negated else inside


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
) -> Helper[list[Interval] | None]:
    """The positions of `domain` that a set or pattern covers, None with the reason reported."""
    match pattern:
        case syntax.RangeSet():
            return _range(environment, pattern, domain)
        case syntax.ElementSet(elements=elements):
            found: list[Interval] = []
            for element in elements:
                one = yield from covered_by(environment, element, domain)
                if one is None:
                    return None
                found += one
            return found
        case syntax.NamedSet() | syntax.WordsSet() | syntax.TupleSet():
            other = domain_of(environment, pattern)
            return None if other is None else _shared(environment, pattern, other, domain)
        case syntax.Name(text=text) if (
            isinstance(environment.compilation.declared.get(text), syntax.TypeDeclaration)
            and environment.scope.find(text) is None
            and not (isinstance(domain, Symbols) and text in domain.members)
        ):
            named = syntax.NamedSet(pattern, span=pattern.span)
            return (yield from covered_by(environment, named, domain))
        case _:
            value = yield Compile(environment, pattern, domain)
            return _constant(environment, pattern, value, domain)


def _constant(
    environment: Environment, pattern: syntax.Expression, value: Value, domain: Domain
) -> list[Interval] | None:
    if value.domain is None:
        return None
    compilation = environment.compilation
    if value.constant is None:
        compilation.error(
            "CS209",
            f"`{pattern.span.text}` is not a constant",
            pattern.span,
            help="a set holds literals, symbols and parameters; compare variables with `==`",
        )
        return None
    if isinstance(domain, Numbers) and isinstance(value.domain, Numbers):
        number = exact(value)
        assert number is not None
        place = (number * domain.denominator - domain.low) / domain.step
        if place.denominator == 1 and 0 <= place < domain.size:
            return [(int(place), int(place))]
        return _outside(environment, pattern, domain)
    if type(value.domain) is not type(domain) or isinstance(domain, Tuples):
        compilation.error(
            "CS206",
            f"`{pattern.span.text}` is no value of {described(domain)}",
            pattern.span,
        )
        return None
    position = domain.codes().index(value.constant) if value.domain == domain else None
    if isinstance(domain, Symbols) and isinstance(value.domain, Symbols) and position is None:
        text = value.domain.members[value.constant]
        position = domain.members.index(text) if text in domain.members else None
    return _outside(environment, pattern, domain) if position is None else [(position, position)]


def _outside(environment: Environment, pattern: syntax.Node, domain: Domain) -> None:
    environment.compilation.error(
        "CS302", f"`{pattern.span.text}` lies outside {described(domain)}", pattern.span
    )


def _range(
    environment: Environment, pattern: syntax.RangeSet, domain: Domain
) -> list[Interval] | None:
    if not isinstance(domain, Numbers):
        environment.compilation.error(
            "CS206",
            f"`{pattern.span.text}` holds numbers, but the value is {described(domain)}",
            pattern.span,
        )
        return None
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
        environment.compilation.error(
            "CS301",
            f"`{pattern.span.text}` is empty",
            pattern.span,
            help="write the lower end first",
        )
        return None

    def place(number: Fraction) -> Fraction:
        return (number * domain.denominator - domain.low) / domain.step

    first, last = max(0, ceil(place(low))), min(domain.size - 1, floor(place(high)))
    if first > last:
        return _outside(environment, pattern, domain)
    if pattern.step is None:
        return [(first, last)]
    step = constant_number(environment, pattern.step)
    if step is None:
        return None
    if step <= 0 or last - first > LARGEST_TABLE:
        environment.compilation.error(
            "CS301", f"`{pattern.span.text}` has no usable step here", pattern.step.span
        )
        return None
    codes = range(first, last + 1)
    values = ((one, domain.value(domain.codes()[one])) for one in codes)
    return [(one, one) for one, number in values if (number - low) % step == 0]


def _shared(
    environment: Environment, pattern: syntax.Node, other: Domain, domain: Domain
) -> list[Interval] | None:
    """The positions of `domain` whose values `other` has too."""
    if other == domain:
        return [(0, domain.size - 1)]
    if isinstance(other, Numbers) and isinstance(domain, Numbers):
        ends = (other.value(other.low), other.value(other.high))
        low, high = ((end * domain.denominator - domain.low) / domain.step for end in ends)
        first, last = max(0, ceil(low)), min(domain.size - 1, floor(high))
        fine = other.step * domain.denominator
        if first > last:
            return _outside(environment, pattern, domain)
        if domain.step * other.denominator % fine == 0 and low.denominator == 1:
            return [(first, last)]
        if last - first <= LARGEST_TABLE:
            spaced = (
                one
                for one in range(first, last + 1)
                if (domain.value(domain.codes()[one]) - ends[0]) * other.denominator % other.step
                == 0
            )
            return [(one, one) for one in spaced]
    if isinstance(other, Symbols) and isinstance(domain, Symbols):
        members = set(other.members)
        places = [(i, i) for i, one in enumerate(domain.members) if one in members]
        return places or _outside(environment, pattern, domain)
    environment.compilation.error(
        "CS206",
        f"`{pattern.span.text}` is no set of values of {described(domain)}",
        pattern.span,
    )
    return None


@dataclass(frozen=True, slots=True)
class Case:
    """One arm of a match with the positions that it takes, those of earlier arms left out."""

    arm: syntax.Arm
    taken: list[Interval]


def cases(
    environment: Environment,
    arms: Sequence[syntax.Arm],
    domain: Domain,
    whole: syntax.Node,
    *,
    code: str = "CS304",
) -> Helper[list[Case] | None]:
    """The arms of a match over `domain`: each reachable, and every value taken by one."""
    compilation = environment.compilation
    free: list[Interval] = [(0, domain.size - 1)]
    found: list[Case] = []
    sound = True
    for arm in arms:
        covered: list[Interval] = []
        for pattern in arm.patterns:
            one = yield from covered_by(environment, pattern, domain)
            sound = sound and one is not None
            covered += one or []
        taken = merge(intersect(free, covered)) if arm.patterns else free
        if not taken and (sound or not arm.patterns):
            place = arm.patterns[0].span.to(arm.patterns[-1].span) if arm.patterns else arm.span
            written = place.text if arm.patterns else "else"
            compilation.error(
                "CS305",
                f"no value is left for `{written}`",
                place,
                help="remove this arm, or move it before those that take its values",
                related=[Related(one.arm.span, "taken here") for one in found if one.arm.patterns][
                    :3
                ],
            )
            sound = False
        free = subtract(free, taken)
        found.append(Case(arm, taken))
    if free and sound:
        values = [
            domain.codes()[place]
            for low, high in free
            for place in range(low, min(high, low + MOST_SHOWN) + 1)
        ]
        shown = ", ".join(f"`{domain.text(value)}`" for value in values[:MOST_SHOWN])
        count = sum(high - low + 1 for low, high in free)
        more = f" and {count - MOST_SHOWN} more" if count > MOST_SHOWN else ""
        compilation.error(
            code,
            f"no arm takes {shown}{more}",
            whole.span,
            help="add the missing arms, or `else => …`",
        )
        sound = False
    return found if sound else None


def intersect(left: Sequence[Interval], right: Sequence[Interval]) -> list[Interval]:
    """The positions in both: `left` is ordered and separate."""
    return [
        (max(a, c), min(b, d)) for a, b in left for c, d in merge(right) if max(a, c) <= min(b, d)
    ]


def subtract(left: Sequence[Interval], right: Sequence[Interval]) -> list[Interval]:
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


def match_values(environment: Environment, node: syntax.Match, expected: Expected) -> Pending:
    """`match x { A => 1  B, C => 2  else => 3 }`."""
    subject = yield Compile(environment, node.subject)
    domain = subject.domain
    if domain is None:
        return POISONED
    found = yield from cases(environment, node.arms, domain, node.subject)
    if found is not None and subject.constant is not None:
        place = domain.codes().index(subject.constant)
        found = [one for one in found if any(low <= place <= high for low, high in one.taken)]
    results: list[Value] = []
    arms = node.arms if found is None else [one.arm for one in found]
    for arm in arms:
        assert not isinstance(arm.result, syntax.Template)
        results.append((yield Compile(environment, arm.result, expected)))
    if found is None:
        return POISONED
    spans = [arm.result.span for arm in arms]
    try:
        joined = together(environment.compilation, results, spans, expected)
    except TooLargeError:
        return too_large(environment, node)
    if joined is None:
        return POISONED
    values, result = joined
    return select(subject, found, values, result)


def select(subject: Value, found: Sequence[Case], values: Sequence[Value], result: Domain) -> Value:
    """The value of the arm that takes the subject."""
    domain = subject.domain
    assert domain is not None
    constant = all(value.constant is not None for value in values)
    if len(found) > 2 and domain.size <= LARGEST_TABLE and (constant or len(found) > CHAIN):
        numbers = [value.node.value if isinstance(value.node, Constant) else 0 for value in values]
        table = [0] * domain.size
        for index, one in enumerate(found):
            for low, high in one.taken:
                entry = numbers[index] if constant else index
                table[low : high + 1] = [entry] * (high - low + 1)
        looked_up = Lookup(tuple(table), position(subject.node, domain))
        if constant:
            return Value(looked_up, result)
        return _halved(Value(looked_up, Numbers(0, len(found) - 1)), values, 0, result)
    chosen = values[-1]
    for one, value in zip(found[-2::-1], values[-2::-1], strict=True):
        chosen = choose(within(subject, one.taken), value, chosen, result)
    return Value(chosen.node, result)


def _halved(index: Value, values: Sequence[Value], start: int, result: Domain) -> Value:
    """`values[index - start]` by halving: as deep as the logarithm of the number of arms."""
    if len(values) == 1:
        return values[0]
    half = len(values) // 2
    test = Compare(ComparisonOperator.LESS, index.node, Constant(start + half))
    left = _halved(index, values[:half], start, result)
    right = _halved(index, values[half:], start + half, result)
    return choose(Value(test, Truths()), left, right, result)
