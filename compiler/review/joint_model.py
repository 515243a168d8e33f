"""Two versions of a model as one, so that what tells them apart is a question about one input."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from functools import partial

from causalspec.compiler.expressions import All, Expression, Reference, children, renamed
from causalspec.compiler.model import CausalModel, Role, Variable
from causalspec.compiler.review.shared_values import SharedValues, shared_values

OLD, NEW = "old ", "new "
"""How the joint model calls what the two versions compute: no name of a spec has a space."""


class UnmatchedError(Exception):
    """The two versions cannot be asked one question; the text says why."""


@dataclass(frozen=True, slots=True)
class Joint:
    """`model` has one input for each variable that both take as given, over the values that both
    have; `old x` and `new x` is what `x` is in each version. Inputs of one version alone are there
    under such a name.
    """

    model: CausalModel

    def reads(self, names: Collection[str]) -> list[str]:
        """The inputs that the named variables depend on."""
        needed = self.model.ancestors(names)
        return [name for name in self.model.exogenous if name in needed]


def stated(model: CausalModel) -> dict[str, Variable]:
    """What a model states; abbreviations are only a way to write."""
    return {one.name: one for one in model.variables if one.role is not Role.ABBREVIATION}


def joint_model(
    old: CausalModel,
    new: CausalModel,
    given: Collection[str],
    extra: Collection[Variable] = (),
    *,
    required: bool = True,
) -> Joint:
    """Both versions over the same values of the `given` variables, which both have; all others are
    computed, each version's by its own mechanisms. `extra` are added at the end, named already.

    Raises `UnmatchedError` where the values of a given variable cannot be matched, or where what is
    computed goes round in a circle.
    """
    free: list[Variable] = []
    computed: list[Variable] = []
    for name in given:
        shared = shared_values(old.by_name[name].domain, new.by_name[name].domain)
        if shared is None:
            raise UnmatchedError(f"`{name}` shares no values with what it was")
        free.append(_given(old.by_name[name], new.by_name[name], shared))
        for mark, recoded, model in ((OLD, shared.to_old, old), (NEW, shared.to_new, new)):
            domain = model.by_name[name].domain
            value = recoded(Reference(name))
            computed.append(Variable(f"{mark}{name}", Role.ABBREVIATION, domain, value))
    requirements: list[Expression] = []
    for mark, model in ((OLD, old), (NEW, new)):
        name_of = partial(_marked, mark)
        memory: dict[int, Expression] = {}
        for one in model.variables:
            if one.name in given:
                continue
            if one.mechanism is None:
                free.append(replace(one, name=name_of(one.name)))
            else:
                mechanism = renamed(one.mechanism, name_of, memory)
                role = Role.ABBREVIATION
                computed.append(
                    replace(one, name=name_of(one.name), role=role, mechanism=mechanism)
                )
        if required and model.requirement is not None:
            requirements.append(renamed(model.requirement, name_of, memory))
    ordered = tuple(_in_order([*computed, *extra], {one.name for one in free}))
    requirement = All(tuple(requirements)) if requirements else None
    return Joint(CausalModel(old.name, old.task, (*free, *ordered), requirement))


def marked(mark: str, expression: Expression) -> Expression:
    """An expression of one version in the names of the joint model."""
    return renamed(expression, partial(_marked, mark))


def _marked(mark: str, name: str) -> str:
    return f"{mark}{name}"


def _given(old: Variable, new: Variable, shared: SharedValues) -> Variable:
    """Only what has a chance in both versions is tried."""
    role = Role.NOISE if old.role is Role.NOISE else Role.INPUT
    weights = None
    if old.weights is not None and old.weights == new.weights and old.domain == shared.domain:
        weights = old.weights
    return Variable(old.name, role, shared.domain, weights=weights)


def _in_order(variables: list[Variable], known: set[str]) -> Iterator[Variable]:
    """Each after those that its mechanism reads."""
    waiting = list(variables)
    known = set(known)
    while waiting:
        ready = [one for one in waiting if known.issuperset(one.parents)]
        if not ready:
            raise UnmatchedError(f"`{waiting[0].name.split(' ', 1)[1]}` depends on itself")
        for one in ready:
            known.add(one.name)
            yield one
        done = {one.name for one in ready}
        waiting = [one for one in waiting if one.name not in done]


def same_expression(
    first: Expression, second: Expression, same_name: Callable[[str, str], bool]
) -> bool:
    """Whether two expressions are one tree, however deep and however much of it is shared."""
    seen: set[tuple[int, int]] = set()
    stack = [(first, second)]
    while stack:
        one, other = stack.pop()
        if (id(one), id(other)) in seen:
            continue
        seen.add((id(one), id(other)))
        if type(one) is not type(other) or _own(one) != _own(other):
            return False
        if isinstance(one, Reference) and isinstance(other, Reference):
            if not same_name(one.name, other.name):
                return False
            continue
        parts, others = children(one), children(other)
        if len(parts) != len(others):
            return False
        stack.extend(zip(parts, others, strict=True))
    return True


def _own(node: Expression) -> tuple[object, ...]:
    """What a node says apart from its operands and names."""
    return tuple(
        getattr(node, name, None) for name in ("value", "operator", "low", "high", "step", "table")
    )
