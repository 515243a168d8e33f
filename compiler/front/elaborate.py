"""Expressions: from syntax, names and expected types to lowered trees with their domains."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from functools import partial

from causalspec.compiler.domains import Truths, TupleField, Tuples, parts_of
from causalspec.compiler.expressions import Reference, measure
from causalspec.compiler.front.access import bound, compile_mechanism, field_of, member
from causalspec.compiler.front.arithmetic import number, truth
from causalspec.compiler.front.calls import aggregate, call
from causalspec.compiler.front.conversion import tuple_value
from causalspec.compiler.front.joining import choose, together
from causalspec.compiler.front.matching import match_values, membership
from causalspec.compiler.front.names import Compilation, distinct, of_kind
from causalspec.compiler.front.operators import (
    binary,
    comparison,
    logical,
    operand,
    required,
    unary,
)
from causalspec.compiler.front.patterns import reads_constants, target_of
from causalspec.compiler.front.scopes import Binding, Declared, Environment, Scope
from causalspec.compiler.front.subexpressions import FORMS, too_large, too_much, value_of
from causalspec.compiler.front.symbols import symbol
from causalspec.compiler.front.types import LARGEST_INTEGER, domain_of
from causalspec.compiler.front.values import POISONED, Expected, Value
from causalspec.dsl import syntax

MOST_NODES = 100_000
MOST_DEPTH = 400


def elaborate(
    environment: Environment, expression: syntax.Expression, expected: Expected = None
) -> Value:
    """Compile one expression with everything that it needs."""
    compile_it = partial(value_of, environment, expression, expected)
    return _whole(environment.compilation, expression, compile_it)


def condition(environment: Environment, written: syntax.Expression) -> Value:
    """Compile an expression that must be true or false."""
    return required(environment, elaborate(environment, written, Truths()), written, Truths)


def compile_all(variables: Iterable[Declared]) -> None:
    """Compile every mechanism that is not compiled yet."""
    for variable in variables:
        if variable.source is not None:
            compilation = variable.environment.compilation
            _whole(compilation, variable.source, partial(compile_mechanism, variable))
            if variable.mechanism is not None:
                mechanism = Value(variable.mechanism, variable.domain)
                check_size(compilation, mechanism, variable.source)


def _whole(
    compilation: Compilation, written: syntax.Node, compile_it: Callable[[], Value]
) -> Value:
    """A value within the bounds that hold for one file and one expression."""
    if compilation.steps_left <= 0:
        return POISONED
    compilation.whole = written
    value = compile_it()
    compilation.whole = None
    return check_size(compilation, value, written)


def check_functions(file: syntax.File, compilation: Compilation) -> None:
    """Report what is wrong with a function whatever it is given, and though it is never called."""
    outside = Environment(compilation)
    for function in of_kind(file.declarations, syntax.FunctionDeclaration):
        names = distinct(compilation, (parameter.name for parameter in function.parameters))
        bindings: dict[str, Binding] = {
            name.text: Value(Reference(name.text), domain_of(outside, parameter.type))
            for parameter in function.parameters
            if names[(name := parameter.name).text] is name
        }
        scope = Scope(bindings, None, names)
        elaborate(Environment(compilation, scope, (function.name.text,)), function.body)


def _truth(_: Environment, node: syntax.Truth, __: Expected) -> Value:
    return truth(node.value)


def _text(environment: Environment, node: syntax.Text, expected: Expected) -> Value:
    return symbol(environment, node.value, node, expected)


def _literal(environment: Environment, node: syntax.Number, _: Expected) -> Value:
    # Digits are counted before they are converted: Python's own conversion is quadratic.
    if len(node.text) > 30 or node.scaled > LARGEST_INTEGER:
        message = f"`{node.text[:30]}` does not fit into 32 bits"
        advice = f"whole numbers and scaled decimals end at ±{LARGEST_INTEGER}"
        environment.compilation.error("CS920", message, node.span, help=advice)
        return POISONED
    return number(Fraction(node.scaled, 10**node.decimals), 10**node.decimals)


def _name(environment: Environment, node: syntax.Name, expected: Expected) -> Value:
    found = environment.find(node)
    if found is None:
        value = symbol(environment, node.text, node, expected)
        if value.domain is not None:
            environment.compilation.meanings.note_value(node)
        return value
    return bound(environment, found, node)


def _conditional(environment: Environment, node: syntax.Conditional, expected: Expected) -> Value:
    condition = operand(environment, node.condition, Truths)
    if condition.domain is not None and condition.constant is not None:
        # What an index decides leaves one branch: the other may read members that do not exist.
        branches = (node.then, node.otherwise)
        taken, other = branches if condition.constant else reversed(branches)
        environment.note_names(other)
        return value_of(environment, taken, expected)
    if condition.domain is None and reads_constants(environment, node.condition):
        return POISONED  # Likewise, had the condition been right.
    then = value_of(environment, node.then, expected)
    otherwise = value_of(environment, node.otherwise, expected)
    if condition.domain is None:
        return POISONED
    spans = [node.then.span, node.otherwise.span]
    joined = together(environment.compilation, [then, otherwise], spans, expected)
    if joined is None:
        return POISONED
    (then, otherwise), domain = joined
    return choose(condition, then, otherwise, domain)


def _tuple(environment: Environment, node: syntax.Tuple, expected: Expected) -> Value:
    parts: list[Value] = []
    fields: list[TupleField] = []
    typed = parts_of(expected if isinstance(expected, Tuples) else None)
    seen: set[str] = set()
    for field in node.fields:
        name = target_of(field)
        if isinstance(field, syntax.FieldPattern):
            return environment.compilation.refuse(
                "CS341",
                field.values,
                "is a set of values, which a field has in patterns only",
                help="a tuple has one value in each field, as in `(low = 1, high = 2)`",
            )
        wanted = typed.get(name.text)
        value = value_of(environment, field.value, wanted and wanted.domain)
        environment.compilation.meanings.note(name.span, wanted and wanted.span)
        parts.append(value)
        if value.domain is not None:
            fields.append(TupleField(name.text, value.domain, name.span))
        if name.text in seen:
            advice = "give one of them another name"
            return environment.compilation.refuse("CS203", name, "is declared twice", help=advice)
        seen.add(name.text)
    if len(fields) < len(parts):
        return POISONED
    domain = Tuples(tuple(fields))
    if domain.size > 2**62:
        return too_large(environment, node)
    return tuple_value(parts, domain)


def check_size(compilation: Compilation, value: Value, written: syntax.Node) -> Value:
    """The value, when the tree that it stands for is neither too large nor too deep."""
    nodes, depth = measure(value.node)
    if nodes > MOST_NODES:
        too_much(compilation, written)
        return POISONED
    if depth > MOST_DEPTH:
        message = f"this expression nests more than {MOST_DEPTH} deep once functions are inlined"
        advice = "compute parts of it in a `let`; add many terms with `sum(… for i in …)`"
        compilation.error("CS923", message, written.span, help=advice)
        return POISONED
    return value


FORMS.update(
    {
        syntax.Name: _name,
        syntax.Number: _literal,
        syntax.Truth: _truth,
        syntax.Text: _text,
        syntax.Field: field_of,
        syntax.Member: member,
        syntax.Call: call,
        syntax.Aggregate: aggregate,
        syntax.Unary: unary,
        syntax.Binary: binary,
        syntax.Logical: logical,
        syntax.Comparison: comparison,
        syntax.Membership: membership,
        syntax.Conditional: _conditional,
        syntax.Match: match_values,
        syntax.Tuple: _tuple,
    }
)
