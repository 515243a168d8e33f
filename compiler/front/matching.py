"""Matches: which arm takes which values, and the values that no arm takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from causalspec.compiler.domains import Domain, Numbers, Tuples
from causalspec.compiler.expressions import Constant, Lookup
from causalspec.compiler.front.arithmetic import conjunction, disjunction, negation
from causalspec.compiler.front.conversion import position, tuple_field
from causalspec.compiler.front.joining import choose, together
from causalspec.compiler.front.names import quoted
from causalspec.compiler.front.patterns import (
    LARGEST_TABLE,
    Interval,
    around,
    covered_by,
    field_patterns,
    intersect,
    merge,
    within,
    without,
)
from causalspec.compiler.front.scopes import Environment
from causalspec.compiler.front.selection import CHAIN, halved
from causalspec.compiler.front.subexpressions import value_of
from causalspec.compiler.front.values import POISONED, Expected, Value
from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Related

MOST_SHOWN = 6


def membership(environment: Environment, node: syntax.Membership, _: Expected) -> Value:
    """`x in 2.50..7.50`, `x in {A, B}`, `x in Digit`."""
    value = value_of(environment, node.operand)
    if value.domain is None:
        return POISONED
    inside = around(environment, value, node.operand)
    covered = covered_by(inside, node.values, value.domain)
    if covered is None:
        return POISONED
    found = within(value, covered)
    return negation(found) if node.negated else found


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
) -> list[Case] | None:
    """The arms of a match over `domain`: each reachable, and every value taken by one. Where the
    subject is narrowed, another arm may be the one that is reached elsewhere.
    """
    compilation = environment.compilation
    free: list[Interval] = [(0, domain.size - 1)]
    found: list[Case] = []
    sound = True
    for arm in arms:
        covered: list[Interval] = []
        for pattern in arm.patterns:
            positions = covered_by(environment, pattern, domain)
            sound = sound and positions is not None
            covered += positions or []
        taken = merge(intersect(free, covered)) if arm.patterns else free
        if not taken and (sound or not arm.patterns) and not environment.narrowed:
            place = arm.patterns[0].span.to(arm.patterns[-1].span) if arm.patterns else arm.span
            written = place.text if arm.patterns else "else"
            earlier = [case.arm for case in found if case.arm.patterns][:3]
            compilation.error(
                "CS305",
                f"no value is left for `{written}`",
                place,
                help="remove this arm, or move it before those that take its values",
                related=[Related(other.span, "taken here") for other in earlier],
            )
            sound = False
        free = without(free, taken)
        found.append(Case(arm, taken))
    if free and sound:
        places = (place for low, high in free for place in range(low, high + 1))
        codes = domain.codes()
        shown = quoted(domain.text(codes[place]) for place in islice(places, MOST_SHOWN))
        count = sum(high - low + 1 for low, high in free)
        more = f" and {count - MOST_SHOWN} more" if count > MOST_SHOWN else ""
        advice = "add the missing arms, or `else => …`"
        compilation.error(code, f"no arm takes {shown}{more}", whole.span, help=advice)
        sound = False
    return found if sound else None


def match_values(environment: Environment, node: syntax.Match, expected: Expected) -> Value:
    """`match x { A => 1  B, C => 2  else => 3 }`."""
    subject = value_of(environment, node.subject)
    domain = subject.domain
    if domain is None:
        return POISONED
    inside = around(environment, subject, node.subject)
    found = cases(inside, node.arms, domain, node.subject)
    if found is not None and subject.constant is not None:
        place = domain.codes().index(subject.constant)
        found = [case for case in found if any(low <= place <= high for low, high in case.taken)]
    elif found is not None:
        found = [case for case in found if case.taken]
    results: list[Value] = []
    arms = node.arms if found is None else [case.arm for case in found]
    for arm in arms:
        assert not isinstance(arm.result, syntax.Template | syntax.RightTexts)
        results.append(value_of(environment, arm.result, expected))
    if found is None:
        return POISONED
    spans = [arm.result.span for arm in arms]
    joined = together(environment.compilation, results, spans, expected)
    if joined is None:
        return POISONED
    values, result = joined
    if isinstance(domain, Tuples) and _has_tuples(arms) and len(arms) <= CHAIN:
        chosen = values[-1]
        for arm, value in zip(arms[-2::-1], values[-2::-1], strict=True):
            chosen = choose(_takes(inside, arm, subject, domain), value, chosen, result)
        return Value(chosen.node, result)
    return select(subject, found, values, result)


def _has_tuples(arms: Sequence[syntax.Arm]) -> bool:
    """Whether some pattern says what the fields of a tuple are."""
    return any(isinstance(pattern, syntax.Tuple) for arm in arms for pattern in arm.patterns)


def _takes(environment: Environment, arm: syntax.Arm, subject: Value, domain: Tuples) -> Value:
    """Whether a tuple fits an arm, field by field: its codes may be far apart."""
    tests: list[Value] = []
    for pattern in arm.patterns:
        if not isinstance(pattern, syntax.Tuple):
            tests.append(within(subject, covered_by(environment, pattern, domain) or []))
            continue
        fields = field_patterns(environment, pattern, domain) or {}
        parts = {name: tuple_field(subject, name) or POISONED for name in fields}
        tests.append(conjunction([within(parts[name], places) for name, places in fields.items()]))
    return disjunction(tests)


def select(subject: Value, found: Sequence[Case], values: Sequence[Value], result: Domain) -> Value:
    """The value of the arm that takes the subject."""
    domain = subject.domain
    assert domain is not None
    constant = all(value.constant is not None for value in values)
    if len(found) > 2 and domain.size <= LARGEST_TABLE and (constant or len(found) > CHAIN):
        numbers = [value.node.value if isinstance(value.node, Constant) else 0 for value in values]
        table = [0] * domain.size
        for index, case in enumerate(found):
            for low, high in case.taken:
                entry = numbers[index] if constant else index
                table[low : high + 1] = [entry] * (high - low + 1)
        looked_up = Lookup(tuple(table), position(subject.node, domain))
        if constant:
            return Value(looked_up, result)
        index = Value(looked_up, Numbers(0, len(found) - 1))
        return halved(index, range(len(found)), values, result)
    chosen = values[-1]
    for case, value in zip(found[-2::-1], values[-2::-1], strict=True):
        chosen = choose(within(subject, case.taken), value, chosen, result)
    return Value(chosen.node, result)
