"""Inputs that are declared `distinct`: no two of a statement's variables have the same value."""

from __future__ import annotations

from collections.abc import Iterator

from causalspec.compiler.domains import Truths
from causalspec.compiler.expressions import Distinct, Reference
from causalspec.compiler.front.names import Compilation, declared_at, quoted
from causalspec.compiler.front.values import Value, described
from causalspec.compiler.front.variables import DeclaredVariables
from causalspec.compiler.model import family_of
from causalspec.dsl import syntax


def all_different(
    compilation: Compilation, variables: DeclaredVariables, statement: syntax.Input
) -> Iterator[Value]:
    """The condition that a `distinct` statement puts on its variables; none with the reason
    reported.
    """
    assert statement.distinct is not None
    names = [declarator.name.text for declarator in statement.declarators]
    members = [member for member in variables.members if family_of(member.name) in names]
    domains = [member.domain for member in members]
    span = statement.distinct.span
    if statement.distribution is not None and statement.distribution.name.text != "uniform":
        compilation.error(
            "CS330",
            f"{quoted(names)} cannot be both `distinct` and weighted",
            statement.distribution.span,
            help="leave the weights out: every choice without repetition is as likely as any other",
            related=declared_at(span),
        )
        return
    if None in domains or not members:
        return
    first = domains[0]
    assert first is not None
    other = next((member for member in members if member.domain != first), None)
    if len(members) == 1:
        message = f"`{members[0].name}` is alone: there is nothing that it could repeat"
        advice = "write `distinct` before a family or several inputs, as in "
        advice += f"`input distinct {names[0]}[i in 0..3] : …`"
        compilation.error("CS331", message, span, help=advice)
    elif other is not None and other.domain is not None:
        compilation.error(
            "CS332",
            f"`{members[0].name}` is {described(first)}, but `{other.name}` is "
            f"{described(other.domain)}",
            statement.type.span,
            help="what is `distinct` has one type: write `require` with `!=` for inputs of several",
            related=declared_at(span),
        )
    elif len(members) > first.size:
        compilation.error(
            "CS333",
            f"{len(members)} inputs cannot be `distinct`: their type has {first.size} values",
            span,
            help="declare fewer inputs, or a type with more values",
        )
    else:
        yield Value(Distinct(tuple(Reference(member.name) for member in members)), Truths())
