"""Partial models as total ones: a truth value beside each variable that can be undefined.

The evaluators that work on columns, and the solver, know total models alone. `total` gives them
one: where a mechanism may have no value, or one outside its variable's domain, an abbreviation says
whether it has, and the variable takes some code of its domain where it has not. What nothing can
leave undefined, as intervals show, stays as it is and costs nothing. The interpreter works on the
partial model itself, and tests hold the two readings together.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from causalspec.compiler import expressions as nodes
from causalspec.compiler.domains import Domain, Numbers, Truths
from causalspec.compiler.evaluators.intervals import (
    Interval,
    UnsupportedModelError,
    interval_of,
    intervals,
)
from causalspec.compiler.expressions import Constant, Expression, Reference, rebuild
from causalspec.compiler.model import CausalModel, Role, Variable

TRUE, FALSE = Constant(1), Constant(0)

_CONDITIONS = (
    nodes.Compare, nodes.Within, nodes.Not, nodes.All, nodes.Any, nodes.Distinct,
)  # fmt: skip


def defined_name(name: str) -> str:
    """What says whether a variable is defined; a side's prefix stays in front (`result.x`)."""
    side, dot, variable = name.rpartition(".")
    return f"{side}{dot}defined {variable}"  # no variable of a spec has a space in its name


@dataclass(frozen=True, slots=True)
class Total:
    """An expression without `Undefined` and `Defined`: its value where it has one, something else
    elsewhere; and whether it has one.
    """

    value: Expression
    defined: Expression


class Totals:
    """Makes expressions total. `partial` are the names that can be undefined; what says so of each
    is called by `flag`.
    """

    def __init__(self, partial: Collection[str], flag: Callable[[str], str] = defined_name) -> None:
        self._partial = partial
        self._flag = flag
        self._known: dict[int, Total] = {}
        self._kept: list[Expression] = []  # so that no `id` is given twice

    def of(self, expression: Expression, postorder: Sequence[Expression] | None = None) -> Total:
        """Nodes that are shared stay shared; what is total already stays the same object."""
        walked = nodes.postorder(expression) if postorder is None else postorder
        if self._is_total(walked):
            return Total(expression, TRUE)
        for node in walked:
            if id(node) not in self._known:
                self._kept.append(node)
                self._known[id(node)] = self._node(node)
        return self._known[id(expression)]

    def _is_total(self, walked: Sequence[Expression]) -> bool:
        """Whether it is seen at once, as of most expressions."""
        return not any(
            node.name in self._partial
            if isinstance(node, Reference)
            else isinstance(node, nodes.Undefined | nodes.Defined)
            for node in walked
        )

    def _node(self, node: Expression) -> Total:
        parts = [self._known[id(operand)] for operand in nodes.children(node)]
        match node:
            case nodes.Reference(name):
                known = Reference(self._flag(name)) if name in self._partial else TRUE
                return Total(node, known)
            case nodes.Undefined():
                return Total(FALSE, FALSE)
            case nodes.Defined():
                return Total(parts[0].defined, TRUE)
            case _:
                return Total(self._rebuilt(node), _defined(node, parts))

    def _rebuilt(self, node: Expression) -> Expression:
        """The node over total operands. What is known by now is left out, so that questions about
        models that are total anyway stay as they were.
        """
        children = nodes.children(node)
        values = [self._known[id(child)].value for child in children]
        if all(value is child for value, child in zip(values, children, strict=True)):
            return node
        match node, values:
            case nodes.All(), _:
                return _all(values)
            case nodes.Any(), _:
                return _any(values)
            case nodes.Compare(nodes.ComparisonOperator.NOT_EQUAL), [
                Constant(left),
                Constant(right),
            ]:
                return TRUE if left != right else FALSE
            case _:
                return rebuild(node, values)


def _defined(node: Expression, parts: Sequence[Total]) -> Expression:
    """Whether a node has a value, given its operands in order."""
    everywhere = _all([part.defined for part in parts])
    if everywhere is TRUE:
        return TRUE
    match node:
        case nodes.All():
            decided = [_all([part.defined, nodes.Not(part.value)]) for part in parts]
            return _any([everywhere, *decided])
        case nodes.Any():
            return _any([everywhere, *(_all([part.defined, part.value]) for part in parts)])
        case nodes.Choose():
            condition, then, otherwise = parts
            if then.defined is TRUE and otherwise.defined is TRUE:
                return condition.defined
            taken = nodes.Choose(condition.value, then.defined, otherwise.defined)
            return _all([condition.defined, taken])
        case _:
            return everywhere


def _all(conditions: Sequence[Expression]) -> Expression:
    kept = tuple(condition for condition in conditions if condition is not TRUE)
    if any(condition is FALSE for condition in kept):
        return FALSE
    return kept[0] if len(kept) == 1 else nodes.All(kept) if kept else TRUE


def _any(conditions: Sequence[Expression]) -> Expression:
    kept = tuple(condition for condition in conditions if condition is not FALSE)
    if any(condition is TRUE for condition in kept):
        return TRUE
    return kept[0] if len(kept) == 1 else nodes.Any(kept) if kept else FALSE


def total(model: CausalModel) -> CausalModel:
    """The same model with an abbreviation `defined_name(v)` before each variable v that can be
    undefined; the same object where none can, or where all have theirs. The requirement is: defined
    and true.

    Raises `UnsupportedModelError` for a cyclic model.
    """
    if model.cyclic:
        raise UnsupportedModelError(
            f"`{model.name}` is cyclic: its equilibria are found by the interpreter alone"
        )
    said = partial_names(model)  # already, where the model is made of total ones
    flags = set(map(defined_name, said))
    partial: set[str] = set()
    totals = Totals(partial)
    reach = _Reach()
    variables: list[Variable] = []
    changed = False
    for variable in model.variables:
        if variable.name in said:
            partial.add(variable.name)
        if variable.mechanism is None or variable.name in said or variable.name in flags:
            variables.append(variable)
            reach.enter(variable.name, variable.domain)
            continue
        found = totals.of(variable.mechanism, variable.nodes)
        value, defined = found.value, found.defined
        walked = variable.nodes if value is variable.mechanism else nodes.postorder(value)
        if not reach.stays_within(walked, variable.domain):
            defined = _all([defined, _member(value, variable.domain)])
            value = _nearest(value, variable.domain)
        if defined is not TRUE and reach.always_holds(defined):
            defined = TRUE
        reach.enter(variable.name, variable.domain)
        if defined is not TRUE and not variable.is_proved_defined:
            partial.add(variable.name)
            name = defined_name(variable.name)
            variables.append(Variable(name, Role.ABBREVIATION, Truths(), defined))
            reach.enter(name, Truths())
        if value is not variable.mechanism:
            variable = replace(variable, mechanism=value)
            changed = True
        variables.append(variable)
    requirement = model.requirement
    if requirement is not None:
        required = totals.of(requirement)
        if required.defined is not TRUE or required.value is not requirement:
            requirement = _all([required.defined, required.value])
    if not changed and len(variables) == len(model.variables) and requirement is model.requirement:
        return model
    return replace(model, variables=tuple(variables), requirement=requirement)


def partial_names(model: CausalModel) -> frozenset[str]:
    """The variables beside which a model made by `total` says whether they are defined."""
    return frozenset(name for name in model.by_name if defined_name(name) in model.by_name)


class _Reach:
    """Which mechanisms can leave their domains while what they read keeps to its own."""

    def __init__(self) -> None:
        self._known: dict[str, Interval] = {}

    def enter(self, name: str, domain: Domain) -> None:
        """Make a name known that mechanisms may read from here on."""
        self._known[name] = interval_of(domain) if domain.size else Interval(0, 0)

    def stays_within(self, mechanism: Sequence[Expression], domain: Domain) -> bool:
        """Whether it is certain that a mechanism, in postorder, gives codes of the domain alone."""
        if isinstance(domain, Truths) and isinstance(mechanism[-1], _CONDITIONS):
            return True  # the same without a walk
        interval = self._interval(mechanism)
        if interval is None:
            return False
        if interval.low == interval.high:
            return interval.low in domain.codes()
        if interval_of(domain).hull(interval) != interval_of(domain):
            return False
        return not isinstance(domain, Numbers) or domain.step == 1

    def always_holds(self, condition: Expression) -> bool:
        """Whether it is certain that a condition is true."""
        return self._interval(nodes.postorder(condition)) == Interval(1, 1)

    def _interval(self, postorder: Sequence[Expression]) -> Interval | None:
        """What an expression can be; None where that is beyond 64 bits, which the solver can do
        without.
        """
        try:
            return intervals(postorder, self._known)[id(postorder[-1])]
        except UnsupportedModelError:
            return None


def _member(value: Expression, domain: Domain) -> Expression:
    low, high = interval_of(domain)
    step = domain.step if isinstance(domain, Numbers) else 1
    return nodes.Within(value, low, high, step)


def _nearest(value: Expression, domain: Domain) -> Expression:
    """The value where the domain's interval holds it, else the nearer end: intervals see that."""
    low, high = interval_of(domain)
    operators = nodes.ArithmeticOperator
    above = nodes.Arithmetic(operators.MAXIMUM, value, Constant(low))
    return nodes.Arithmetic(operators.MINIMUM, above, Constant(high))
