"""The plain meaning of a model: one setting at a time, in Python's own integers.

The oracle. Every other evaluator is tested against this one, and every counterexample is replayed
here before anyone sees it. It is slow and obvious on purpose, and shares nothing with the others.

A *solution* is a setting in which each variable that has a mechanism, and is not intervened on,
equals its mechanism (Pearl, *Causality*, 2009, definition 7.1.1). An acyclic model has one for
each setting of its inputs and noise; a cyclic one has a set of them, its *equilibria*.

Solutions are partial. A variable is *undefined* where its mechanism has no value or one outside its
domain, and a solution lacks the variables that are undefined in it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from math import prod

from causalspec.compiler import expressions as nodes
from causalspec.compiler.expressions import ArithmeticOperator, ComparisonOperator, Expression
from causalspec.compiler.model import CausalModel, Variable, reached
from causalspec.compiler.specification import SwapKind
from causalspec.dsl.diagnostics import InternalError

ENUMERATION_LIMIT = 10_000_000
"""The most settings that any question here goes through."""

NO_INTERVENTIONS: Mapping[str, int | Expression] = {}


OPERATIONS: Mapping[ArithmeticOperator | ComparisonOperator, Callable[[int, int], int]] = {
    ArithmeticOperator.ADD: operator.add,
    ArithmeticOperator.SUBTRACT: operator.sub,
    ArithmeticOperator.MULTIPLY: operator.mul,
    ArithmeticOperator.FLOOR_DIVIDE: lambda left, right: left // right,
    ArithmeticOperator.REMAINDER: operator.mod,
    ArithmeticOperator.MINIMUM: min,
    ArithmeticOperator.MAXIMUM: max,
    ComparisonOperator.EQUAL: operator.eq,
    ComparisonOperator.NOT_EQUAL: operator.ne,
    ComparisonOperator.LESS: operator.lt,
    ComparisonOperator.LESS_OR_EQUAL: operator.le,
}
"""Exact; `//` and `%` floor."""


class TooManyStatesError(Exception):
    """A question would go through more than `ENUMERATION_LIMIT` settings."""


def solve(
    model: CausalModel,
    inputs: Mapping[str, int],
    interventions: Mapping[str, int | Expression] = NO_INTERVENTIONS,
) -> dict[str, int]:
    """The only solution of an acyclic model: a code for every variable that is defined.

    `inputs` gives the codes of the inputs and the noise. An intervention replaces a variable's
    mechanism by a constant or by another mechanism over variables that come before it.
    """
    if model.cyclic:
        raise InternalError(f"`{model.name}` is cyclic: ask for its equilibria")
    setting: dict[str, int] = {}
    for variable in _solved_in_order(model, interventions):
        value = _value(variable, inputs, interventions, setting)
        if value is not None:
            setting[variable.name] = value
    return _in_order_of(model, setting)


def interchange(
    model: CausalModel,
    base: Mapping[str, int],
    sources: Sequence[Mapping[str, int]],
    kind: SwapKind,
) -> dict[str, int]:
    """The solution of `base` when each variable of `kind` has its value from its source's solution
    (an interchange intervention: Geiger et al., *Causal Abstractions of Neural Networks*, 2021),
    a source that is intervened on itself being solved in the same way. What is undefined in a
    source is so under the intervention.
    """
    swapped: dict[str, int | Expression] = {}
    for variable, source in zip(kind.variables, kind.sources, strict=True):
        inner = kind.within_source(source)
        solution = (
            solve(model, sources[source])
            if inner is None
            else interchange(model, sources[source], sources, inner)
        )
        swapped[variable] = solution.get(variable, nodes.Undefined())
    return solve(model, base, swapped)


def equilibria(
    model: CausalModel,
    inputs: Mapping[str, int],
    interventions: Mapping[str, int | Expression] = NO_INTERVENTIONS,
) -> tuple[dict[str, int], ...]:
    """Every solution of a model, cyclic or not, in lexicographic order of the codes of the
    variables that break its cycles. Every variable on a cycle has a value in each.

    Raises `TooManyStatesError` where the variables on cycles have too many settings.
    """
    tried = cycle_breakers(model, interventions)
    circling = on_cycles(model, interventions)
    domains = [model.by_name[name].domain for name in tried]
    count = prod(domain.size for domain in domains)
    if count > ENUMERATION_LIMIT:
        raise TooManyStatesError(
            f"`{model.name}` has {count} settings of the variables on its cycles"
        )
    solutions: list[dict[str, int]] = []
    for codes in product(*(domain.codes() for domain in domains)):
        guess = dict(zip(tried, codes, strict=True))
        setting = dict(guess)
        for variable in _solved_in_order(model, {**interventions, **guess}):
            value = _value(variable, inputs, interventions, setting)
            if variable.name not in guess and value is not None:
                setting[variable.name] = value
        if circling <= setting.keys() and all(
            setting[name] == _value(model.by_name[name], inputs, interventions, setting)
            for name in tried
        ):
            solutions.append(_in_order_of(model, setting))
    return tuple(solutions)


def satisfies(model: CausalModel, inputs: Mapping[str, int]) -> bool:
    """Whether the inputs are admissible: in their domains, and as the task requires, surely."""
    if any(inputs[name] not in model.by_name[name].domain.codes() for name in model.inputs):
        return False
    if model.requirement is None:
        return True
    setting = dict(inputs)
    needed = model.ancestors(nodes.references(model.requirement))
    for variable in model.variables:
        if variable.name in needed:
            value = _value(variable, inputs, NO_INTERVENTIONS, setting)
            if value is not None:
                setting[variable.name] = value
    return evaluate(model.requirement, setting) == 1


def settings(model: CausalModel) -> Iterator[dict[str, int]]:
    """Every admissible setting of the inputs, the first input varying slowest."""
    domains = [model.by_name[name].domain for name in model.inputs]
    for codes in product(*(domain.codes() for domain in domains)):
        setting = dict(zip(model.inputs, codes, strict=True))
        if satisfies(model, setting):
            yield setting


def evaluate(expression: Expression, setting: Mapping[str, int]) -> int | None:
    """The value of an expression where its references have the values of `setting`: None where it
    has none, as where it reads a variable that `setting` lacks.
    """
    return nodes.fold(expression, lambda node, read: evaluate_node(node, read, setting))


def evaluate_node(
    node: Expression, read: Sequence[int | None], setting: Mapping[str, int]
) -> int | None:
    """The value of a node whose operands have the values `read`."""
    match node:
        case nodes.Constant(value):
            return value
        case nodes.Reference(name):
            return setting.get(name)
        case nodes.Undefined():
            return None
        case nodes.Defined():
            return int(read[0] is not None)
        case nodes.All():
            return _junction(read, decisive=0)
        case nodes.Any():
            return _junction(read, decisive=1)
        case nodes.Choose():
            chosen, then, otherwise = read
            if chosen is None:
                return None
            return then if chosen else otherwise
        case _:
            present = [value for value in read if value is not None]
            return _strict_value(node, present) if len(present) == len(read) else None


def _junction(values: Sequence[int | None], *, decisive: int) -> int | None:
    """Kleene's conjunction (0 is decisive) or disjunction (1 is)."""
    if any(value is not None and bool(value) == bool(decisive) for value in values):
        return decisive
    return None if None in values else 1 - decisive


def _strict_value(node: Expression, operands: Sequence[int]) -> int:
    """What a node that reads all of its operands makes of their values."""
    match node:
        case nodes.Arithmetic(named) | nodes.Compare(named):
            return int(OPERATIONS[named](*operands))
        case nodes.AbsoluteValue():
            return abs(operands[0])
        case nodes.Not():
            return int(not operands[0])
        case nodes.Distinct():
            return int(len(set(operands)) == len(operands))
        case nodes.Within(low=low, high=high, step=step):
            return int(operands[0] in range(low, high + 1, step))
        case nodes.Lookup(table):
            return table[min(max(operands[0], 0), len(table) - 1)]
        case _:
            raise InternalError(f"{type(node).__name__} has no strict value")


def _value(
    variable: Variable,
    inputs: Mapping[str, int],
    interventions: Mapping[str, int | Expression],
    setting: Mapping[str, int],
) -> int | None:
    """What the variable equals in a solution, given its parents' values in `setting`; None where
    that is undefined.
    """
    mechanism = interventions.get(variable.name, variable.mechanism)
    if mechanism is None:
        return inputs[variable.name]
    value = mechanism if isinstance(mechanism, int) else evaluate(mechanism, setting)
    # A range looks for what is not an integer one by one.
    return value if value is not None and value in variable.domain.codes() else None


def _in_order_of(model: CausalModel, setting: Mapping[str, int]) -> dict[str, int]:
    names = (variable.name for variable in model.variables)
    return {name: setting[name] for name in names if name in setting}


def _parents(variable: Variable, interventions: Mapping[str, int | Expression]) -> tuple[str, ...]:
    if variable.name not in interventions:
        return variable.parents
    mechanism = interventions[variable.name]
    return () if isinstance(mechanism, int) else nodes.references(mechanism)


def _in_order(
    model: CausalModel, interventions: Mapping[str, int | Expression]
) -> tuple[list[Variable], list[str]]:
    """The variables so that each comes after those that its mechanism, or the mechanism that an
    intervention gave it, reads; and those that had to come before, to break a cycle.
    """
    done: set[str] = set()
    order: list[Variable] = []
    breakers: list[str] = []
    waiting = list(model.variables)
    while waiting:
        ready = [
            variable for variable in waiting if done.issuperset(_parents(variable, interventions))
        ]
        if not ready:
            ready = waiting[:1]
            breakers.append(ready[0].name)
        order.extend(ready)
        done.update(variable.name for variable in ready)
        waiting = [variable for variable in waiting if variable.name not in done]
    return order, breakers


def _solved_in_order(
    model: CausalModel, interventions: Mapping[str, int | Expression]
) -> list[Variable]:
    order, breakers = _in_order(model, interventions)
    if breakers:
        raise InternalError(f"`{model.name}` has a cycle through `{breakers[0]}`")
    return order


def cycle_breakers(
    model: CausalModel, interventions: Mapping[str, int | Expression] = NO_INTERVENTIONS
) -> tuple[str, ...]:
    """Variables that leave no cycle when their values are known."""
    _, breakers = _in_order(model, interventions)
    return tuple(variable.name for variable in model.variables if variable.name in breakers)


def on_cycles(
    model: CausalModel, interventions: Mapping[str, int | Expression] = NO_INTERVENTIONS
) -> frozenset[str]:
    """The variables that depend on themselves."""
    if not cycle_breakers(model, interventions):
        return frozenset()
    parents = {variable.name: _parents(variable, interventions) for variable in model.variables}
    return frozenset(
        name for name in parents if name in reached(parents[name], parents.__getitem__)
    )
