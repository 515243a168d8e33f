"""Inputs, noise, abbreviations, variables and outputs, families taken apart into members."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from causalspec.compiler.domains import Domain, Truths
from causalspec.compiler.expressions import Constant, Expression, shared
from causalspec.compiler.front.arithmetic import number
from causalspec.compiler.front.calls import indices_of
from causalspec.compiler.front.names import duplicate
from causalspec.compiler.front.scopes import Binding, Declared, Environment, Family, Scope
from causalspec.compiler.front.types import domain_of, is_plain_words
from causalspec.compiler.front.values import POISONED
from causalspec.compiler.model import Role, Variable
from causalspec.dsl import syntax


@dataclass(slots=True)
class DeclaredVariables:
    """The variables of one block while it is read: by name for expressions, in order for models."""

    bindings: dict[str, Binding] = field(default_factory=dict[str, Binding])
    spans: dict[str, syntax.Name] = field(default_factory=dict[str, syntax.Name])
    members: list[Declared] = field(default_factory=list[Declared])

    def scope(self, outer: Scope) -> Scope:
        """The variables in reach, inside of other names."""
        return Scope(self.bindings, outer, self.spans)

    def of(self, *roles: Role) -> list[Declared]:
        """The members in these roles."""
        return [variable for variable in self.members if variable.role in roles]


@dataclass(frozen=True, slots=True)
class Kind:
    """What a statement says about each variable that it declares."""

    role: Role
    type: syntax.ValueSet | None
    source: syntax.Expression | None = None


def declares(statement: syntax.Node) -> tuple[Sequence[syntax.Declarator], Kind] | None:
    """What a statement declares, if anything."""
    match statement:
        case syntax.Input(declarators=declarators, type=type_):
            return declarators, Kind(Role.INPUT, type_)
        case syntax.Noise(declarators=declarators, type=type_):
            return declarators, Kind(Role.NOISE, type_)
        case syntax.Let(declarator=declarator, type=type_, value=value):
            return (declarator,), Kind(Role.ABBREVIATION, type_, value)
        case syntax.Variable(declarator=declarator, type=type_, mechanism=mechanism):
            return (declarator,), Kind(Role.VARIABLE, type_, mechanism)
        case syntax.Output(declarator=declarator, type=type_, mechanism=mechanism):
            return (declarator,), Kind(Role.OUTPUT, type_, mechanism)
        case _:
            return None


def declare(
    variables: DeclaredVariables,
    environment: Environment,
    statement: syntax.Node,
    taken: Iterable[syntax.Name] = (),
) -> list[Declared]:
    """Declare what a statement declares, if anything. `taken` names are in use around it."""
    declarators, kind = declares(statement) or ((), None)
    added: list[Declared] = []
    for declarator in declarators:
        name = declarator.name
        clashing = (
            other for other in (*variables.spans.values(), *taken) if other.text == name.text
        )
        first = next(clashing, None)
        if first is not None:
            duplicate(environment.compilation, name, first.span)
        elif kind is not None:
            variables.spans[name.text] = name
            added += _added(variables, environment, declarator, kind)
    variables.members += added
    return added


def _added(
    variables: DeclaredVariables,
    environment: Environment,
    declarator: syntax.Declarator,
    kind: Kind,
) -> list[Declared]:
    """Declare a variable, or every member of a family."""
    name = declarator.name
    if declarator.range is None or declarator.index is None:
        variable = _declared(name.text, declarator, kind, environment)
        variables.bindings[name.text] = variable
        return [variable]
    indices = indices_of(environment, declarator.range)
    if indices is None:
        variables.bindings[name.text] = POISONED
        return []
    members = {
        index: _declared(
            f"{name.text}[{index}]",
            declarator,
            kind,
            environment.inner(declarator.index, number(Fraction(index))),
        )
        for index in indices
    }
    variables.bindings[name.text] = Family(name.text, members)
    return list(members.values())


def _declared(
    name: str, declarator: syntax.Declarator, kind: Kind, environment: Environment
) -> Declared:
    union = kind.source is not None and is_plain_words(environment.compilation, kind.type)
    domain: Domain | None = None
    if kind.type is not None and not union:
        domain = domain_of(environment, kind.type)
    return Declared(
        name=name,
        role=kind.role,
        span=declarator.span,
        environment=environment,
        source=kind.source,
        typed=kind.type is not None and not union,
        union=union,
        domain=domain,
    )


def finished(variables: Sequence[Declared]) -> tuple[Variable, ...]:
    """The variables as the model holds them.

    One whose mistake was reported stands in as a truth value: no model that holds such a stand-in
    leaves the compiler, since the file has errors.
    """
    known: dict[tuple[object, ...], Expression] = {}
    return tuple(
        Variable(
            name=variable.name,
            role=variable.role,
            domain=variable.domain or Truths(),
            mechanism=None
            if variable.is_given
            else shared(variable.mechanism or Constant(0), known),
            weights=variable.weights,
            span=variable.span,
        )
        for variable in variables
    )
