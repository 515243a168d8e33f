"""Members of a family that are computed alike, as one line with an index: `carry[i]`, i = 1..3."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from causalspec.compiler.expressions import renamed
from causalspec.compiler.model import CausalModel, Role, Variable

_MEMBER = re.compile(r"(?P<stem>.+)\[(?P<index>\d+)\]")
INDEX = "i"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a table of variables: `name` is one of `model`, which has the members' parents
    under names such as `x[i - 1]`. `indices` are the first and the last one, None for a variable
    on its own.
    """

    model: CausalModel
    name: str
    indices: tuple[int, int] | None = None

    @property
    def variable(self) -> Variable:
        """The variable itself, or the pattern of the family's members."""
        return self.model.by_name[self.name]


def lines(model: CausalModel) -> Iterator[Line]:
    """Every variable of a model, in its order; neighbouring members of a family that differ in
    nothing but their index stand on one line.
    """
    groups: list[list[tuple[str, _Member | None]]] = []
    for variable in model.variables:
        member = _pattern(model, variable)
        last = groups[-1][-1][1] if groups else None
        goes_on = last is not None and member is not None and _goes_on(last, member)
        if not goes_on:
            groups.append([])
        groups[-1].append((variable.name, member))
    for group in groups:
        (name, first), (_, last) = group[0], group[-1]
        if first is None or last is None or len(group) == 1:
            yield Line(model, name)
        else:
            yield replace(first[1], indices=(first[0], last[0]))


_Member = tuple[int, Line]
"""The index of a family's member, and its line as a pattern."""


def _goes_on(last: _Member, following: _Member) -> bool:
    return last[0] + 1 == following[0] and last[1].variable == following[1].variable


def _pattern(model: CausalModel, variable: Variable) -> _Member | None:
    """A member with every index that its mechanism reads counted from its own; None for no member
    and where an index as a number says more.
    """
    found = _MEMBER.fullmatch(variable.name)
    if found is None or INDEX in model.by_name:
        return None
    index = int(found["index"])

    def from_here(name: str) -> str:
        member = _MEMBER.fullmatch(name)
        if member is None:
            return name
        offset = int(member["index"]) - index
        shifted = f" {'+' if offset > 0 else '-'} {abs(offset)}" if offset else ""
        return f"{member['stem']}[{INDEX}{shifted}]"

    mechanism = variable.mechanism
    if mechanism is not None:
        mechanism = renamed(mechanism, from_here)
    name = from_here(variable.name)
    own = replace(variable, name=name, mechanism=mechanism)
    parents = {
        from_here(parent): Variable(from_here(parent), Role.INPUT, model.by_name[parent].domain)
        for parent in variable.parents
    }
    others = [parent for parent in parents.values() if parent.name != name]
    return index, Line(CausalModel(model.name, model.task, (*others, own)), name)
