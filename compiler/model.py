"""A structural causal model as a plain value: variables, finite domains, one mechanism each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from causalspec.compiler.domains import Domain
from causalspec.compiler.expressions import (
    Distinct,
    Expression,
    Reference,
    conjuncts,
    postorder,
    references,
)
from causalspec.dsl.source import Span


class Role(StrEnum):
    INPUT = "input"
    NOISE = "noise"
    ABBREVIATION = "let"  # computed like a variable, but never intervened on
    VARIABLE = "var"
    OUTPUT = "output"


@dataclass(frozen=True)
class Variable:
    """One variable. Inputs and noise have `weights` (one a code, `None` for uniform) and no
    mechanism; all others have a mechanism over other variables of the model.
    """

    name: str
    role: Role
    domain: Domain
    mechanism: Expression | None = None
    weights: tuple[int, ...] | None = None
    documentation: str = ""
    span: Span | None = field(default=None, compare=False, repr=False)
    is_proved_defined: bool = field(default=False, compare=False, repr=False)
    """Whether it is known to have a value in its domain at all settings that are asked about."""

    @cached_property
    def parents(self) -> tuple[str, ...]:
        return references(self.mechanism) if self.mechanism is not None else ()

    @cached_property
    def nodes(self) -> tuple[Expression, ...]:
        """The nodes of the mechanism in `postorder`, for evaluators that walk it often."""
        return postorder(self.mechanism) if self.mechanism is not None else ()


def family_of(name: str) -> str:
    """The name of the family of a member, `x` for `x[2]`; a variable's own that has none."""
    return name.partition("[")[0]


def reached(names: Iterable[str], read_by: Callable[[str], Iterable[str]]) -> frozenset[str]:
    """The names, what they read, what that reads, and so on, in circles, too."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += read_by(name)
    return frozenset(found)


@dataclass(frozen=True)
class CausalModel:
    """A task's correct behaviour or one hypothesis about it.

    `variables` stand in topological order when the model is acyclic, inputs first.
    `requirement` narrows the inputs: an expression over inputs and abbreviations of inputs.
    """

    name: str
    task: str
    variables: tuple[Variable, ...]
    requirement: Expression | None = None
    cyclic: bool = False
    approximately: bool = False
    documentation: str = ""

    @cached_property
    def by_name(self) -> Mapping[str, Variable]:
        return {variable.name: variable for variable in self.variables}

    def _names(self, *roles: Role) -> tuple[str, ...]:
        return tuple(variable.name for variable in self.variables if variable.role in roles)

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        return self._names(Role.INPUT)

    @cached_property
    def noise(self) -> tuple[str, ...]:
        return self._names(Role.NOISE)

    @cached_property
    def exogenous(self) -> tuple[str, ...]:
        """Inputs, then noise: what no mechanism computes."""
        return (*self.inputs, *self.noise)

    @cached_property
    def intermediates(self) -> tuple[str, ...]:
        """The causal variables between inputs and outputs: what an alignment can place."""
        return self._names(Role.VARIABLE)

    @cached_property
    def outputs(self) -> tuple[str, ...]:
        return self._names(Role.OUTPUT)

    @cached_property
    def distinct(self) -> tuple[tuple[str, ...], ...]:
        """The inputs that never have the same value, in groups, as far as `requirement` says so
        outright.
        """
        return tuple(
            tuple(operand.name for operand in part.operands if isinstance(operand, Reference))
            for part in conjuncts(self.requirement)
            if isinstance(part, Distinct)
        )

    @cached_property
    def input_count(self) -> int:
        """How many settings of the inputs there are, before `requirement`."""
        count = 1
        for name in self.inputs:
            count *= self.by_name[name].domain.size
        return count

    def ancestors(self, names: Iterable[str], cut: Collection[str] = ()) -> frozenset[str]:
        """The named variables and all that they are computed from, where those in `cut` are
        computed from nothing: as under an intervention on them.
        """
        return reached(names, lambda name: () if name in cut else self.by_name[name].parents)

    def stated_parents(self, name: str) -> tuple[str, ...]:
        """What a mechanism reads, each variable once: abbreviations are looked through."""
        found: dict[str, None] = {}
        waiting = list(self.by_name[name].parents)
        for parent in waiting:
            if self.by_name[parent].role is Role.ABBREVIATION:
                waiting += self.by_name[parent].parents
            else:
                found[parent] = None
        return tuple(found)

    @cached_property
    def total(self) -> CausalModel:
        """The model with a truth value beside each variable that can be undefined, as
        `evaluators.definedness` makes it: itself where none can.
        """
        from causalspec.compiler.evaluators.definedness import total  # which knows models, too

        return total(self)
