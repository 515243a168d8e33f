"""Expressions: from syntax, names and expected types to lowered trees with their domains."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from causalspec.compiler.domains import Truths, TupleField, Tuples
from causalspec.compiler.expressions import Reference, measure
from causalspec.compiler.front.access import bound, field_of, member
from causalspec.compiler.front.aggregates import aggregate
from causalspec.compiler.front.arithmetic import TooLargeError, number, truth
from causalspec.compiler.front.calls import call
from causalspec.compiler.front.joining import choose, together
from causalspec.compiler.front.matching import match_values, membership
from causalspec.compiler.front.names import Compilation, distinct
from causalspec.compiler.front.operators import (
    binary,
    comparison,
    logical,
    operand,
    too_large,
    unary,
)
from causalspec.compiler.front.patterns import reads_constants
from causalspec.compiler.front.questions import (
    Compile,
    Expected,
    Helper,
    OutOfWorkError,
    Pending,
    Question,
    Result,
    Settle,
    answer,
)
from causalspec.compiler.front.scopes import Binding, Declared, Environment, Progress, Scope
from causalspec.compiler.front.settling import compile_mechanism
from causalspec.compiler.front.symbols import symbol
from causalspec.compiler.front.tuple_codes import tuple_value
from causalspec.compiler.front.types import LARGEST_INTEGER, domain_of
from causalspec.compiler.front.values import POISONED, Value
from causalspec.dsl import syntax

MOST_NODES = 100_000
MOST_DEPTH = 400


def elaborate(
    environment: Environment, expression: syntax.Expression, expected: Expected = None
) -> Value:
    """Compile one expression with everything that it needs."""
    return resolve(Compile(environment, expression, expected), environment, expression)


def compile_all(variables: Iterable[Declared]) -> None:
    """Compile every mechanism that is not compiled yet."""
    for one in variables:
        if one.source is not None:
            resolve(Settle(one), one.environment, one.source)
            if one.mechanism is not None:
                mechanism = Value(one.mechanism, one.domain)
                check_size(one.environment.compilation, mechanism, one.source)


def resolve(question: Question, environment: Environment, written: syntax.Node) -> Value:
    """Answer a question within the bounds that hold for one file and one expression."""
    compilation = environment.compilation
    if compilation.steps_left <= 0:
        # Reported where it happened; what was not reached is neither right nor wrong.
        return POISONED
    try:
        value = answer(question, handle, compilation)
    except OutOfWorkError:
        for one in environment.waiting:
            one.domain, one.progress = None, Progress.DONE
        environment.waiting.clear()
        _too_much(compilation, written)
        return POISONED
    return check_size(compilation, value, written)


def check_functions(file: syntax.File, compilation: Compilation) -> None:
    """Report what is wrong with a function whatever it is given, and though it is never called."""
    for declaration in file.declarations:
        if not isinstance(declaration, syntax.FunctionDeclaration):
            continue
        names = distinct(compilation, (one.name for one in declaration.parameters))
        bindings: dict[str, Binding] = {
            one.name.text: Value(
                Reference(one.name.text), domain_of(Environment(compilation), one.type)
            )
            for one in declaration.parameters
            if names[one.name.text] is one.name
        }
        scope = Scope(bindings, None, names)
        elaborate(Environment(compilation, scope, (declaration.name.text,)), declaration.body)


def complete(helper: Helper[Result]) -> Result:
    """Carry a helper to its end, each of its questions answered on its own."""
    value: Value | None = None
    while True:
        try:
            asked = next(helper) if value is None else helper.send(value)
        except StopIteration as end:
            return end.value
        if isinstance(asked, Compile):
            value = resolve(asked, asked.environment, asked.expression)
        else:
            value = answer(asked, handle, asked.variable.environment.compilation)


def handle(question: Question) -> Pending:
    """The handler of a question."""
    if isinstance(question, Compile):
        return _bounded(question.environment, question.expression, question.expected)
    return compile_mechanism(question.variable)


def _bounded(environment: Environment, node: syntax.Expression, expected: Expected) -> Pending:
    try:
        return (yield from _compile(environment, node, expected))
    except TooLargeError:
        return too_large(environment, node)


def _compile(environment: Environment, node: syntax.Expression, expected: Expected) -> Pending:
    match node:
        case syntax.Name():
            return (yield from _name(environment, node, expected))
        case syntax.Number():
            return _literal(environment, node)
        case syntax.Truth():
            return truth(node.value)
        case syntax.Text():
            return symbol(environment, node.value, node, expected)
        case syntax.Field():
            return (yield from field_of(environment, node))
        case syntax.Member():
            return (yield from member(environment, node))
        case syntax.Call():
            return (yield from call(environment, node))
        case syntax.Aggregate():
            return (yield from aggregate(environment, node))
        case syntax.Unary():
            return (yield from unary(environment, node))
        case syntax.Binary():
            return (yield from binary(environment, node))
        case syntax.Logical():
            return (yield from logical(environment, node))
        case syntax.Comparison():
            return (yield from comparison(environment, node))
        case syntax.Membership():
            return (yield from membership(environment, node))
        case syntax.Conditional():
            return (yield from _conditional(environment, node, expected))
        case syntax.Match():
            return (yield from match_values(environment, node, expected))
        case syntax.Tuple():
            return (yield from _tuple(environment, node, expected))


def _literal(environment: Environment, node: syntax.Number) -> Value:
    # Digits are counted before they are converted: Python's own conversion is quadratic.
    if len(node.text) > 30 or node.scaled > LARGEST_INTEGER:
        return environment.compilation.refuse(
            "CS920",
            f"`{node.text[:30]}` does not fit into 32 bits",
            node.span,
            help=f"whole numbers and scaled decimals end at ±{LARGEST_INTEGER}",
        )
    return number(Fraction(node.scaled, 10**node.decimals), 10**node.decimals)


def _name(environment: Environment, node: syntax.Name, expected: Expected) -> Pending:
    found = environment.find(node)
    if found is None:
        value = symbol(environment, node.text, node, expected)
        if value.domain is not None:
            environment.compilation.meanings.note_value(node)
        return value
    return (yield from bound(environment, found, node))


def _conditional(environment: Environment, node: syntax.Conditional, expected: Expected) -> Pending:
    condition = yield from operand(environment, node.condition, Truths)
    if condition.domain is not None and condition.constant is not None:
        # What an index decides leaves one branch: the other may read members that do not exist.
        branches = (node.then, node.otherwise)
        taken, other = branches if condition.constant else reversed(branches)
        environment.note_names(other)
        return (yield Compile(environment, taken, expected))
    if condition.domain is None and reads_constants(environment, node.condition):
        return POISONED  # Likewise, had the condition been right.
    then = yield Compile(environment, node.then, expected)
    otherwise = yield Compile(environment, node.otherwise, expected)
    if condition.domain is None:
        return POISONED
    spans = [node.then.span, node.otherwise.span]
    joined = together(environment.compilation, [then, otherwise], spans, expected)
    if joined is None:
        return POISONED
    (then, otherwise), domain = joined
    return choose(condition, then, otherwise, domain)


def _tuple(environment: Environment, node: syntax.Tuple, expected: Expected) -> Pending:
    parts: list[Value] = []
    fields: list[TupleField] = []
    typed = expected.fields if isinstance(expected, Tuples) else ()
    wanted = {one.name: one.domain for one in typed}
    declared = {one.name: one.span for one in typed}
    for one in node.fields:
        assert isinstance(one.target, syntax.Name)
        value = yield Compile(environment, one.value, wanted.get(one.target.text))
        environment.compilation.meanings.note(one.target.span, declared.get(one.target.text))
        parts.append(value)
        if value.domain is not None:
            fields.append(TupleField(one.target.text, value.domain, one.target.span))
        if one.target.text in [
            name.target.text
            for name in node.fields[: len(parts) - 1]
            if isinstance(name.target, syntax.Name)
        ]:
            return environment.compilation.refuse(
                "CS203",
                f"`{one.target.text}` is declared twice",
                one.target.span,
                help="give one of them another name",
            )
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
        _too_much(compilation, written)
        return POISONED
    if depth > MOST_DEPTH:
        return compilation.refuse(
            "CS923",
            f"this expression nests more than {MOST_DEPTH} deep once functions are inlined",
            written.span,
            help="compute parts of it in a `let`; add many terms with `sum(… for i in …)`",
        )
    return value


def _too_much(compilation: Compilation, written: syntax.Node) -> None:
    """Report an expression that cannot be expanded within bounds."""
    compilation.error(
        "CS922",
        "this expression grows too large once functions and families are expanded",
        written.span,
        help="compute shared parts in a `let`, or shrink the family",
    )
