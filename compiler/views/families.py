"""Members of a family that are computed alike, as one line with an index: `carry[i]`, i = 1..3."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
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
    waiting: list[tuple[int, Line]] = []
    for variable in model.variables:
        pattern = _pattern(model, variable)
        if pattern is None:
            yield from _joined(model, waiting)
            waiting = []
            yield Line(model, variable.name)
            continue
        if waiting and not _goes_on(waiting[-1], pattern):
            yield from _joined(model, waiting)
            waiting = []
        waiting.append(pattern)
    yield from _joined(model, waiting)


def _goes_on(last: tuple[int, Line], following: tuple[int, Line]) -> bool:
    return last[0] + 1 == following[0] and last[1].variable == following[1].variable


def _joined(model: CausalModel, members: Sequence[tuple[int, Line]]) -> Iterator[Line]:
    if len(members) > 1:
        yield replace(members[0][1], indices=(members[0][0], members[-1][0]))
    for index, line in members if len(members) == 1 else ():
        stem = line.name.partition("[")[0]
        yield Line(model, f"{stem}[{index}]")


def _pattern(model: CausalModel, variable: Variable) -> tuple[int, Line] | None:
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
        from_here(one): Variable(from_here(one), Role.INPUT, model.by_name[one].domain)
        for one in variable.parents
    }
    others = [one for one in parents.values() if one.name != name]
    return index, Line(CausalModel(model.name, model.task, (*others, own)), name)
