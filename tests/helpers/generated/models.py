"""Random causal models that use every node of the expression language."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from hypothesis import strategies as some

from causalspec.compiler.domains import Numbers, Truths
from causalspec.compiler.expressions import (
    AbsoluteValue,
    All,
    Any,
    Arithmetic,
    ArithmeticOperator,
    Choose,
    Compare,
    ComparisonOperator,
    Constant,
    Defined,
    Distinct,
    Expression,
    Lookup,
    Not,
    Reference,
    Undefined,
    Within,
)
from causalspec.compiler.model import CausalModel, Role, Variable

DIVISIONS = (ArithmeticOperator.FLOOR_DIVIDE, ArithmeticOperator.REMAINDER)
OTHER_ARITHMETIC = tuple(operator for operator in ArithmeticOperator if operator not in DIVISIONS)


@dataclass(frozen=True)
class Names:
    """What an expression may read, truths apart from numbers; and whether it may lack a value."""

    truths: tuple[str, ...]
    numbers: tuple[str, ...]
    partial: bool = False


@cache
def numbers(names: Names, depth: int) -> some.SearchStrategy[Expression]:
    """Expressions of integers, at most `depth` operations deep."""
    leaves: list[some.SearchStrategy[Expression]] = [
        some.integers(-9, 9).map(Constant),
        some.sampled_from([-(2**31), -129, -128, 127, 128, 32_768, 2**31 - 1]).map(Constant),
    ]
    leaves.extend(some.just(Reference(name)) for name in (*names.numbers, *names.truths))
    if depth == 0:
        return some.one_of(leaves)
    number, truth = numbers(names, depth - 1), truths(names, depth - 1)
    table = some.lists(some.integers(-300, 300), min_size=1, max_size=5).map(tuple)
    return some.one_of(
        *leaves,
        some.builds(Arithmetic, some.sampled_from(OTHER_ARITHMETIC), number, number),
        some.builds(
            Arithmetic, some.sampled_from(DIVISIONS), number, some.integers(1, 9).map(Constant)
        ),
        some.builds(AbsoluteValue, number),
        some.builds(Choose, truth, number, number),
        some.builds(looked_up, table, number),
    )


@cache
def truths(names: Names, depth: int) -> some.SearchStrategy[Expression]:
    """Expressions of truth values, at most `depth` operations deep."""
    leaves: list[some.SearchStrategy[Expression]] = [some.sampled_from([0, 1]).map(Constant)]
    leaves.extend(some.just(Reference(name)) for name in names.truths)
    if depth == 0:
        return some.one_of(leaves)
    number, truth = numbers(names, depth - 1), truths(names, depth - 1)
    if names.partial:
        leaves.append(some.just(Undefined("nothing holds")))
        leaves.append(some.builds(Defined, some.one_of(number, truth)))
    several = some.lists(truth, max_size=3).map(tuple)
    return some.one_of(
        *leaves,
        some.builds(Compare, some.sampled_from(ComparisonOperator), number, number),
        some.builds(Not, truth),
        some.builds(All, several),
        some.builds(Any, several),
        some.builds(Distinct, some.lists(number, min_size=2, max_size=4).map(tuple)),
        some.builds(Choose, truth, truth, truth),
        some.builds(
            Within, number, some.integers(-9, 0), some.integers(0, 200), some.integers(1, 4)
        ),
    )


def looked_up(table: tuple[int, ...], index: Expression) -> Expression:
    """An entry of the table for any integer."""
    return Lookup(table, Arithmetic(ArithmeticOperator.REMAINDER, index, Constant(len(table))))


def clamped(low: int, high: int, value: Expression) -> Expression:
    raised = Arithmetic(ArithmeticOperator.MAXIMUM, value, Constant(low))
    return Arithmetic(ArithmeticOperator.MINIMUM, raised, Constant(high))


@some.composite
def models(draw: some.DrawFn, *, partial: bool = False) -> CausalModel:
    """Acyclic models of one to three inputs, perhaps noise, and up to five mechanisms. Where they
    may be `partial`, these leave their domains or have no value here and there.
    """
    variables: list[Variable] = []
    for number in range(draw(some.integers(1, 3))):
        low = draw(some.integers(-6, 2))
        step = draw(some.integers(1, 2))
        domain = draw(some.sampled_from([Truths(), Numbers(low, low + 3 * step, step)]))
        role = Role.INPUT if number == 0 else draw(some.sampled_from([Role.INPUT, Role.NOISE]))
        variables.append(Variable(f"x{number}", role, domain))
    for number in range(draw(some.integers(1, 5))):
        names = Names(
            tuple(variable.name for variable in variables if isinstance(variable.domain, Truths)),
            tuple(variable.name for variable in variables if isinstance(variable.domain, Numbers)),
            partial,
        )
        role = draw(some.sampled_from([Role.VARIABLE, Role.VARIABLE, Role.ABBREVIATION]))
        if draw(some.booleans()):
            variables.append(Variable(f"v{number}", role, Truths(), draw(truths(names, 3))))
        else:
            low = draw(some.integers(-200, 5))
            high = low + draw(some.integers(0, 400))
            mechanism = draw(numbers(names, 3))
            if not partial or draw(some.booleans()):
                mechanism = clamped(low, high, mechanism)
            variables.append(Variable(f"v{number}", role, Numbers(low, high), mechanism))
    last = variables.pop()
    variables.append(Variable(last.name, Role.OUTPUT, last.domain, last.mechanism))
    return CausalModel("Generated", "Generated", tuple(variables))
