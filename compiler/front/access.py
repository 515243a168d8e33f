"""What names stand for: variables with their domains, columns of rows, fields, members, sides."""

from __future__ import annotations

from dataclasses import replace

from causalspec.compiler.domains import Column, Domain, Numbers, Rows, Tuples, parts_of
from causalspec.compiler.expressions import Constant, Lookup
from causalspec.compiler.front.conversion import convert, tuple_field
from causalspec.compiler.front.dependencies import report_cycle
from causalspec.compiler.front.joining import together
from causalspec.compiler.front.scopes import (
    Binding,
    Declared,
    Environment,
    Family,
    Hidden,
    Progress,
    Side,
)
from causalspec.compiler.front.selection import member_at
from causalspec.compiler.front.subexpressions import value_of
from causalspec.compiler.front.values import POISONED, Expected, PlainWords, Value, described
from causalspec.dsl import syntax


def bound(environment: Environment, found: Binding, node: syntax.Name) -> Value:
    """The value of a name that something in reach declares."""
    match found:
        case Value():
            return found
        case Declared():
            return settle(found)
        case Family():
            says = "is a family, not a value"
            environment.compilation.wrong("CS211", node, says, help=found.example)
        case Side():
            names = tuple(found.scope.names())
            example = f"{found.name}.{names[0]}" if names else found.name
            environment.compilation.wrong(
                "CS211",
                node,
                "is a whole setting, not a value",
                help=f"name a variable in it, as in `{example}`",
            )
        case Hidden(reason=reason):
            environment.compilation.wrong("CS212", node, reason)
    return POISONED


def field_of(environment: Environment, node: syntax.Field, _: Expected) -> Value:
    """`city.country`, `bracket.low`, `base.x`."""
    if isinstance(node.value, syntax.Name):
        side = environment.scope.find(node.value.text)
        if isinstance(side, Side):
            environment.find(node.value)
            found = replace(environment, scope=side.scope).find(node.name)
            if found is None:
                names = side.scope.names()
                environment.compilation.unknown("variable", node.name, names)
                return POISONED
            return bound(environment, found, node.name)
    value, name = value_of(environment, node.value), node.name
    if value.domain is None:
        return POISONED
    compilation, parts = environment.compilation, parts_of(value.domain)
    part = parts.get(name.text)
    if part is not None:
        compilation.meanings.note(name.span, part.span)
        if isinstance(part, Column):
            return _cell(value, part.codes, part.domain)
        return tuple_field(value, name.text) or POISONED
    if isinstance(value.domain, Rows | Tuples):
        what = "column" if isinstance(value.domain, Rows) else "field"
        compilation.unknown(what, name, parts, code="CS210")
    else:
        message = f"`{node.value.span.text}` has no field `{name.text}`: it is "
        message += described(value.domain)
        advice = "rows of tables and named tuples have fields"
        compilation.error("CS210", message, name.span, help=advice)
    return POISONED


def _cell(value: Value, codes: tuple[int, ...], domain: Domain) -> Value:
    if value.constant is not None:
        return Value(Constant(codes[value.constant]), domain)
    if codes == tuple(range(len(codes))):
        return Value(value.node, domain)
    return Value(Lookup(codes, value.node), domain)


def member(environment: Environment, node: syntax.Member, _: Expected) -> Value:
    """`carry[2]`, `base.x[0]`; `x[position]`, whichever member stands there."""
    compilation = environment.compilation
    family: Binding | None = None
    name = node.family
    if isinstance(name, syntax.Field) and isinstance(name.value, syntax.Name):
        side = environment.find(name.value)
        if isinstance(side, Side):
            name = name.name
            family = replace(environment, scope=side.scope).find(name)
    elif isinstance(name, syntax.Name):
        family = environment.find(name)
    if isinstance(name, syntax.Name) and family is None:
        compilation.unknown("family", name, environment.scope.names())
        return POISONED
    if not isinstance(family, Family):
        if isinstance(family, Value) and family.domain is None:
            return POISONED
        if isinstance(family, Hidden) and isinstance(name, syntax.Name):
            return bound(environment, family, name)
        return compilation.refuse("CS211", node.family, "is not a family")
    index = value_of(environment, node.index)
    if index.domain is None:
        return POISONED
    if index.constant is None:
        return _computed_member(environment, node, family, index)
    if index.integer is None:
        return _not_whole(environment, node)
    member = family.members.get(index.integer)
    if member is None:
        message = f"`{family.name}` has no member {index.integer}"
        advice = family.advice
        if advice is not None and index.integer < 0:
            advice += f", and its last member is `{family.name}[{max(family.members)}]`"
        compilation.error("CS306", message, node.span, help=advice)
        return POISONED
    return bound(environment, member, syntax.Name(family.name, span=node.span))


def _computed_member(
    environment: Environment, node: syntax.Member, family: Family, index: Value
) -> Value:
    """`x[position]`: which member is read, each input decides."""
    if not isinstance(index.domain, Numbers) or index.domain.denominator != 1:
        return _not_whole(environment, node)
    reachable = index.domain.codes()
    places = [place for place in sorted(family.members) if place in reachable]
    name = syntax.Name(family.name, span=node.span)
    if not places:
        message = f"`{family.name}` has no member at `{node.index.span.text}`"
        advice = f"{family.advice}, and the index is one of {described(index.domain)}"
        environment.compilation.error("CS306", message, node.span, help=advice)
        return POISONED
    values = [bound(environment, family.members[place], name) for place in places]
    joined = together(environment.compilation, values, [node.family.span] * len(values), None)
    if joined is None:
        return POISONED
    values, result = joined
    return member_at(index, dict(zip(places, values, strict=True)), result)


def _not_whole(environment: Environment, node: syntax.Member) -> Value:
    return environment.compilation.refuse(
        "CS340",
        node.index,
        "is not a whole number, which an index must be",
        help="where a value stands, `first(x[i] == value for i in 0..3)` finds; `//` rounds",
    )


# Variables ---------------------------------------------------------------------------------------


def settle(variable: Declared) -> Value:
    """A reference to a variable. One without a type has its mechanism compiled first."""
    if variable.typed or variable.progress is Progress.DONE:
        return variable.value if variable.domain is not None else POISONED
    if variable.progress is Progress.RUNNING:
        waiting = variable.environment.waiting
        circle = waiting[waiting.index(variable) :]
        if variable.environment.cyclic:
            variable.environment.compilation.error(
                "CS408",
                f"the type of `{variable.name}` cannot be read off a mechanism that needs it",
                variable.span,
                help=f"write it, as in `var {variable.name} : 0..9 = …`",
            )
        else:
            report_cycle(variable.environment.compilation, circle)
        for member in circle:
            member.domain = None
        return POISONED
    return compile_mechanism(variable)


def compile_mechanism(variable: Declared) -> Value:
    """Compile a variable's mechanism into codes of its domain."""
    if variable.progress is Progress.DONE or variable.source is None:
        return variable.value
    environment, source = variable.environment, variable.source
    variable.progress = Progress.RUNNING
    environment.waiting.append(variable)
    # A type that could not be understood is reported: what it might unite is not held against it.
    mistyped = variable.typed and variable.domain is None
    expected = PlainWords() if variable.union or mistyped else variable.domain
    value = value_of(environment, source, expected)
    environment.waiting.pop()
    variable.progress = Progress.DONE
    if variable.typed and variable.domain is not None and value.domain is not None:
        value = convert(environment.compilation, value, variable.domain, source.span)
    elif not variable.typed:
        variable.domain = value.domain
    if value.domain is None:
        # Whatever reads it stays silent, also when the written type is known.
        variable.domain = variable.domain if variable.typed else None
        return variable.value if variable.typed else POISONED
    variable.mechanism = value.node
    return Value(variable.value.node, variable.domain)


def surely_true_or_false(source: syntax.Expression | None) -> bool:
    """Whether an expression is a truth value whatever its names mean: on a cycle, a variable
    without a written type can have no other.
    """
    match source:
        case syntax.Comparison() | syntax.Membership() | syntax.Logical() | syntax.Truth():
            return True
        case syntax.Unary(operator="not"):
            return True
        case syntax.Aggregate(function=function):
            return function.text in ("all", "any")
        case _:
            return False
