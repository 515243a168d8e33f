"""Calls: functions of numbers, declared functions, which are inlined, and aggregates."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import partial, reduce

from causalspec.compiler.domains import Numbers, Truths
from causalspec.compiler.expressions import All, ArithmeticOperator, Defined, Reference, Undefined
from causalspec.compiler.front import arithmetic
from causalspec.compiler.front.conversion import convert_inside
from causalspec.compiler.front.joining import choose, total
from causalspec.compiler.front.names import declared_at
from causalspec.compiler.front.operators import is_bare, required
from causalspec.compiler.front.scopes import Binding, Environment, Family, Scope, Side
from causalspec.compiler.front.subexpressions import value_of
from causalspec.compiler.front.types import domain_of
from causalspec.compiler.front.values import POISONED, Expected, Value
from causalspec.dsl import syntax

BUILT_IN_FUNCTIONS = ("abs", "min", "max")
DEFINED = "defined"
"""The function that asks, about a pair, whether something has a value."""


def call(environment: Environment, node: syntax.Call, _: Expected) -> Value:
    """`abs(x)`, `max(x, y)`, `within(lower, x)`."""
    function, compilation = node.function, environment.compilation
    name = function.text
    declaration = compilation.declaration(function)
    if isinstance(declaration, syntax.FunctionDeclaration):
        return _inline(environment, node, declaration)
    if name in BUILT_IN_FUNCTIONS:
        compilation.meanings.note(function.span, "function")
        return _built_in(environment, node)
    if name == DEFINED and isinstance(environment.scope.find("result"), Side):
        compilation.meanings.note(function.span, "function")
        return _defined(environment, node)
    if declaration is not None:
        compilation.wrong_kind(function, declaration, "not a function")
    elif environment.scope.find(name) is not None:
        found = environment.scope.find(name)
        advice = found.example if isinstance(found, Family) else None
        compilation.wrong("CS202", function, "is a variable, not a function", help=advice)
    elif name in AGGREGATES:
        says = "goes over the indices of a range, not over single values"
        advice = f"write `{name}(x[i] for i in 0..3)`, or operators between the values"
        compilation.wrong("CS207", function, says, help=advice)
    else:
        functions = compilation.names_of(syntax.FunctionDeclaration)
        compilation.unknown("function", function, (*functions, *BUILT_IN_FUNCTIONS), words=("not",))
    for argument in node.arguments:
        if not is_bare(environment, argument.value):
            value_of(environment, argument.value)
    return POISONED


def _defined(environment: Environment, node: syntax.Call) -> Value:
    """`defined(result)`: whether all outputs of a run have a value; `defined(s1.v)`: whether v."""
    if len(node.arguments) != 1 or node.arguments[0].name is not None:
        message = f"`{DEFINED}` takes one argument, but is given {len(node.arguments)}"
        environment.compilation.error("CS207", message, node.span)
        return POISONED
    argument = node.arguments[0].value
    side = environment.find(argument) if isinstance(argument, syntax.Name) else None
    if isinstance(side, Side):
        outputs = (Reference(f"{side.name}.{name}") for name in side.outputs)
        return Value(All((*map(Defined, outputs), *side.admitted)), Truths())
    value = value_of(environment, argument)
    return value if value.domain is None else Value(Defined(value.node), Truths())


def _built_in(environment: Environment, node: syntax.Call) -> Value:
    name = node.function.text
    values: list[Value] = []
    for argument in node.arguments:
        if argument.name is not None:
            message = f"`{name}` has no parameter `{argument.name.text}`"
            environment.compilation.error("CS207", message, argument.name.span)
            return POISONED
        value = value_of(environment, argument.value)
        values.append(required(environment, value, argument.value, Numbers))
    wanted = "one argument" if name == "abs" else "two arguments or more"
    if (len(values) != 1) if name == "abs" else (len(values) < 2):
        message = f"`{name}` takes {wanted}, but is given {len(values)}"
        advice = None if name == "abs" else f"over a family, write `{name}(x[i] for i in 0..3)`"
        environment.compilation.error("CS207", message, node.span, help=advice)
        return POISONED
    if any(value.domain is None for value in values):
        return POISONED
    if name == "abs":
        return arithmetic.absolute(values[0])
    return reduce(partial(arithmetic.extreme, ArithmeticOperator(name)), values)


def _inline(
    environment: Environment, node: syntax.Call, declaration: syntax.FunctionDeclaration
) -> Value:
    compilation = environment.compilation
    name = declaration.name.text
    if name in environment.inlining:
        circle = environment.inlining[environment.inlining.index(name) :]
        path = " → ".join(f"`{function}`" for function in (*circle, name))
        return compilation.refuse(
            "CS208",
            node.function,
            f"calls itself: {path}",
            help="functions are inlined: write the cases out, or use a family",
            related=declared_at(declaration.name.span),
        )
    arguments = _matched(environment, node, declaration)
    home = compilation.homes.get(name, compilation)
    bindings: dict[str, Binding] = {}
    whole = arguments is not None
    for parameter, written in arguments or ():
        domain = domain_of(Environment(home), parameter.type)
        value = value_of(environment, written, domain)
        if domain is None or value.domain is None:
            whole = False
            continue
        value = convert_inside(compilation, value, domain, written.span)
        whole = whole and value.domain is not None
        bindings[parameter.name.text] = value
    if not whole:
        return POISONED
    inner = replace(
        environment,
        compilation=home,
        scope=Scope(bindings, None, {part.name.text: part.name for part in declaration.parameters}),
        inlining=(*environment.inlining, name),
        called=True,
    )
    return value_of(inner, declaration.body)


def _matched(
    environment: Environment, node: syntax.Call, declaration: syntax.FunctionDeclaration
) -> list[tuple[syntax.TypedName, syntax.Expression]] | None:
    """Each parameter with its argument, None with the reason reported."""
    compilation = environment.compilation
    name = declaration.name.text
    parameters = {parameter.name.text: parameter for parameter in declaration.parameters}
    given: dict[str, syntax.Expression] = {}
    for argument in node.arguments:
        free = (parameter for parameter in parameters if parameter not in given)
        target = argument.name.text if argument.name is not None else next(free, None)
        if target is None:
            break
        if argument.name is not None and target not in parameters:
            return compilation.unknown("parameter", argument.name, parameters, code="CS207")
        if target in given:
            return compilation.error("CS207", f"`{name}` is given `{target}` twice", argument.span)
        given[target] = argument.value
    count = len(parameters)
    if not len(given) == len(node.arguments) == count:
        message = f"`{name}` takes {count} argument{'s' * (count != 1)}, "
        message += f"but is given {len(node.arguments)}"
        where = declared_at(declaration.name.span)
        return compilation.error("CS207", message, node.span, related=where)
    return [(parameters[parameter], given[parameter]) for parameter in parameters]


# Aggregates over index ranges, expanded when the file is compiled --------------------------------


AGGREGATES = ("sum", "all", "any", "count", "argmax", "first", "min", "max")
LARGEST_FAMILY = 10_000


def indices_of(environment: Environment, written: syntax.ValueSet) -> range | None:
    """The whole numbers of an index range, None with the reason reported."""
    compilation = environment.compilation
    domain = domain_of(environment, written)
    if domain is None:
        return None
    if not isinstance(domain, Numbers) or domain.denominator != 1:
        return compilation.wrong("CS205", written, "is not a range of whole numbers")
    if domain.size > LARGEST_FAMILY:
        return compilation.wrong(
            "CS924",
            written,
            f"has more than {LARGEST_FAMILY} members",
            help="every member becomes a node of the graph: use fewer",
        )
    return domain.codes()


def aggregate(environment: Environment, node: syntax.Aggregate, _: Expected) -> Value:
    """Compile the body once for every index, and combine."""
    compilation = environment.compilation
    name = node.function.text
    if name not in AGGREGATES:
        compilation.unknown("aggregate", node.function, AGGREGATES)
        return POISONED
    compilation.meanings.note(node.function.span, "function")
    indices = indices_of(environment, node.range)
    if indices is None:
        return POISONED
    logical = name in ("all", "any", "count", "first")
    values: list[Value] = []
    for index in indices:
        inner = environment.inner(node.index, arithmetic.number(Fraction(index)))
        value = value_of(inner, node.body, Truths() if logical else None)
        values.append(required(environment, value, node.body, Truths if logical else Numbers))
        if values[-1].domain is None:
            # The other members would say the same again.
            return POISONED
    return _combine(name, values, indices)


def _combine(name: str, values: list[Value], indices: range) -> Value:
    match name:
        case "sum":
            return total(values)
        case "all":
            return arithmetic.conjunction(values)
        case "any":
            return arithmetic.disjunction(values)
        case "count":
            return total([counted(value) for value in values])
        case "min" | "max":
            return reduce(partial(arithmetic.extreme, ArithmeticOperator(name)), values)
        case "first":
            last = arithmetic.number(Fraction(indices[-1]))
            result = Value(Undefined("`first` finds no index"), last.domain)
            for index, value in zip(reversed(indices), reversed(values), strict=True):
                result = _choose_number(value, arithmetic.number(Fraction(index)), result)
            return result
        case _:
            best, result = values[0], arithmetic.number(Fraction(indices[0]))
            for index, value in zip(indices[1:], values[1:], strict=True):
                larger = arithmetic.compare("<", best, value)
                result = _choose_number(larger, arithmetic.number(Fraction(index)), result)
                best = arithmetic.extreme(ArithmeticOperator.MAXIMUM, best, value)
            return result


def counted(value: Value) -> Value:
    """A truth value as the number 0 or 1."""
    if value.constant is not None:
        return arithmetic.number(Fraction(value.constant))
    return Value(value.node, Numbers(0, 1))


def _choose_number(condition: Value, then: Value, otherwise: Value) -> Value:
    domain = arithmetic.hull(arithmetic.numbers(then), arithmetic.numbers(otherwise))
    return choose(condition, then, otherwise, domain)
