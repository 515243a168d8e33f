"""Expressions: from syntax, names and expected types to lowered trees with their domains."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from ..dsl import syntax
from ..dsl.diagnostics import Related
from .aggregates import AGGREGATES, aggregate
from .arithmetic import TooLargeError, number, truth
from .calls import BUILT_IN_FUNCTIONS, call
from .conversion import choose, together, tuple_field, tuple_value
from .domains import Domain, Numbers, Rows, Symbols, Truths, TupleField, Tuples
from .expressions import Constant, Lookup
from .matching import match_values, membership
from .names import kind_of, with_article
from .operators import binary, comparison, logical, operand, too_large, unary
from .questions import (
    Compile,
    Expected,
    Helper,
    OutOfWorkError,
    Pending,
    PlainWords,
    Question,
    Result,
    Settle,
    answer,
)
from .scopes import Binding, Declared, Environment, Family, Hidden, Progress, Side
from .settling import compile_mechanism, settle
from .size import check_size, too_much
from .types import LARGEST_INTEGER
from .values import POISONED, Value, described, listed


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
        too_much(compilation, written)
        return POISONED
    return check_size(compilation, value, written)


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
        return _compile(question.environment, question.expression, question.expected)
    return compile_mechanism(question.variable)


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
            return (yield from _field(environment, node))
        case syntax.Member():
            return (yield from _member(environment, node))
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
        environment.compilation.error(
            "CS920",
            f"`{node.text[:30]}` does not fit into 32 bits",
            node.span,
            help=f"whole numbers and scaled decimals end at ±{LARGEST_INTEGER}",
        )
        return POISONED
    return number(Fraction(node.scaled, 10**node.decimals), 10**node.decimals)


def _name(environment: Environment, node: syntax.Name, expected: Expected) -> Pending:
    found = environment.scope.find(node.text)
    if found is None:
        return symbol(environment, node.text, node, expected)
    return (yield from bound(environment, found, node))


def bound(environment: Environment, found: Binding, node: syntax.Name) -> Pending:
    """The value of a name that something in reach declares."""
    match found:
        case Value():
            return found
        case Declared():
            return (yield from settle(found))
        case Family():
            example = f"{found.name}[{next(iter(found.members), 0)}]"
            environment.compilation.error(
                "CS211",
                f"`{node.text}` is a family, not a value",
                node.span,
                help=f"name a member, as in `{example}`",
            )
        case Side():
            names = tuple(found.scope.names())
            example = f"{found.name}.{names[0]}" if names else found.name
            environment.compilation.error(
                "CS211",
                f"`{node.text}` is a whole setting, not a value",
                node.span,
                help=f"name a variable in it, as in `{example}`",
            )
        case Hidden(reason=reason):
            environment.compilation.error("CS212", f"`{node.text}` {reason}", node.span)
    return POISONED


def symbol(
    environment: Environment, text: str, node: syntax.Name | syntax.Text, expected: Expected
) -> Value:
    """A named value: of the expected set, or of the only set of the file that has it."""
    compilation = environment.compilation
    if isinstance(expected, Symbols | Rows):
        value = member_of(expected, text)
        if value is not None:
            return value
        other = next((o for o in compilation.symbol_sets if member_of(o, text) is not None), None)
        if other is not None:
            compilation.error(
                "CS206",
                f"`{text}` is a symbol of {described(other)}, not of {described(expected)}",
                node.span,
                help=f"{described(expected)} has {listed(members_of(expected))}",
            )
            return POISONED
    else:
        sets = [one for one in compilation.symbol_sets if member_of(one, text) is not None]
        if len(sets) == 1 and not isinstance(expected, Truths | Numbers):
            value = member_of(sets[0], text)
            assert value is not None
            return value
        if len(sets) > 1 and not isinstance(expected, Truths | Numbers):
            names = " and ".join(described(one) for one in sets[:3])
            compilation.error(
                "CS204",
                f"`{text}` is a symbol of more than one set: {names}",
                node.span,
                help="compare it with, or give it to, something whose type says which",
            )
            return POISONED
        if sets:
            wanted = "true or false" if isinstance(expected, Truths) else "a number"
            message = f"`{text}` is a symbol of {described(sets[0])}, but {wanted} is needed here"
            compilation.error("CS206", message, node.span)
            return POISONED
    if isinstance(node, syntax.Name):
        _unknown_name(environment, node, expected)
    else:
        advice = None
        if isinstance(expected, Symbols | Rows):
            advice = f"{described(expected)} has {listed(members_of(expected))}"
        compilation.error("CS201", f"unknown symbol `{text}`", node.span, help=advice)
    return POISONED


def members_of(domain: Symbols | Rows) -> tuple[str, ...]:
    """The names of a domain's values."""
    return domain.members if isinstance(domain, Symbols) else domain.keys


def member_of(domain: Symbols | Rows, text: str) -> Value | None:
    """The named value of a domain."""
    names = members_of(domain)
    return Value(Constant(names.index(text)), domain) if text in names else None


def _unknown_name(environment: Environment, node: syntax.Name, expected: Expected) -> None:
    compilation = environment.compilation
    declaration = compilation.declared.get(node.text)
    if declaration is not None:
        compilation.error(
            "CS202",
            f"`{node.text}` is {with_article(kind_of(declaration))}, not a value",
            node.span,
            related=(Related(declaration.name.span, "declared here"),),
        )
        return
    if node.text in BUILT_IN_FUNCTIONS or node.text in AGGREGATES:
        compilation.error(
            "CS202",
            f"`{node.text}` is a function, not a value",
            node.span,
            help=f"call it, as in `{node.text}(…)`",
        )
        return
    candidates = list(environment.scope.names())
    if isinstance(expected, Symbols | Rows):
        candidates += members_of(expected)
    elif expected is None or isinstance(expected, PlainWords):
        for one in compilation.symbol_sets:
            candidates += members_of(one)
    compilation.unknown("name", node, candidates)


def _field(environment: Environment, node: syntax.Field) -> Pending:
    if isinstance(node.value, syntax.Name):
        side = environment.scope.find(node.value.text)
        if isinstance(side, Side):
            found = side.scope.find(node.name.text)
            if found is None:
                names = side.scope.names()
                environment.compilation.unknown("variable", node.name, names)
                return POISONED
            return (yield from bound(environment, found, node.name))
    value = yield Compile(environment, node.value)
    match value.domain:
        case None:
            return POISONED
        case Rows(columns=columns):
            for column in columns:
                if column.name == node.name.text:
                    return _cell(value, column.codes, column.domain)
            names = tuple(column.name for column in columns)
            environment.compilation.unknown("column", node.name, names, code="CS210")
        case Tuples(fields=fields):
            part = tuple_field(value, node.name.text)
            if part is not None:
                return part
            names = tuple(one.name for one in fields)
            environment.compilation.unknown("field", node.name, names, code="CS210")
        case other:
            environment.compilation.error(
                "CS210",
                f"`{node.value.span.text}` has no field `{node.name.text}`: it is "
                f"{described(other)}",
                node.name.span,
                help="rows of tables and named tuples have fields",
            )
    return POISONED


def _cell(value: Value, codes: tuple[int, ...], domain: Domain) -> Value:
    if value.constant is not None:
        return Value(Constant(codes[value.constant]), domain)
    if codes == tuple(range(len(codes))):
        return Value(value.node, domain)
    return Value(Lookup(codes, value.node), domain)


def _member(environment: Environment, node: syntax.Member) -> Pending:
    compilation = environment.compilation
    family: Binding | None = None
    name = node.family
    if isinstance(name, syntax.Field) and isinstance(name.value, syntax.Name):
        side = environment.scope.find(name.value.text)
        family = side.scope.find(name.name.text) if isinstance(side, Side) else None
        name = name.name if isinstance(side, Side) else name
    elif isinstance(name, syntax.Name):
        family = environment.scope.find(name.text)
    if isinstance(name, syntax.Name) and family is None:
        compilation.unknown("family", name, environment.scope.names())
        return POISONED
    if not isinstance(family, Family):
        if isinstance(family, Value) and family.domain is None:
            return POISONED
        compilation.error("CS211", f"`{node.family.span.text}` is not a family", node.family.span)
        return POISONED
    index = yield Compile(environment, node.index)
    if index.domain is None:
        return POISONED
    if index.integer is None:
        compilation.error(
            "CS209",
            f"the index `{node.index.span.text}` is not a constant whole number",
            node.index.span,
            help="the graph is fixed when the file is compiled: use literals and parameters",
        )
        return POISONED
    member = family.members.get(index.integer)
    if member is None:
        indices = sorted(family.members)
        advice = f"its indices are {indices[0]}..{indices[-1]}" if indices else None
        compilation.error(
            "CS306", f"`{family.name}` has no member {index.integer}", node.span, help=advice
        )
        return POISONED
    return (yield from bound(environment, member, syntax.Name(family.name, span=node.span)))


def _conditional(environment: Environment, node: syntax.Conditional, expected: Expected) -> Pending:
    condition = yield from operand(environment, node.condition, Truths)
    if condition.domain is not None and condition.constant is not None:
        # What an index decides leaves one branch: the other may read members that do not exist.
        taken = node.then if condition.constant else node.otherwise
        return (yield Compile(environment, taken, expected))
    then = yield Compile(environment, node.then, expected)
    otherwise = yield Compile(environment, node.otherwise, expected)
    if condition.domain is None:
        return POISONED
    spans = [node.then.span, node.otherwise.span]
    try:
        joined = together(environment.compilation, [then, otherwise], spans, expected)
    except TooLargeError:
        return too_large(environment, node)
    if joined is None:
        return POISONED
    (then, otherwise), domain = joined
    return choose(condition, then, otherwise, domain)


def _tuple(environment: Environment, node: syntax.Tuple, expected: Expected) -> Pending:
    parts: list[Value] = []
    fields: list[TupleField] = []
    wanted = (
        {one.name: one.domain for one in expected.fields}
        if isinstance(expected, Tuples)
        else dict[str, Domain]()
    )
    for one in node.fields:
        assert isinstance(one.target, syntax.Name)
        value = yield Compile(environment, one.value, wanted.get(one.target.text))
        parts.append(value)
        if value.domain is not None:
            fields.append(TupleField(one.target.text, value.domain))
        if one.target.text in [
            name.target.text
            for name in node.fields[: len(parts) - 1]
            if isinstance(name.target, syntax.Name)
        ]:
            environment.compilation.error(
                "CS203",
                f"`{one.target.text}` is declared twice",
                one.target.span,
                help="give one of them another name",
            )
            return POISONED
    if len(fields) < len(parts):
        return POISONED
    domain = Tuples(tuple(fields))
    if domain.size > 2**62:
        return too_large(environment, node)
    return tuple_value(parts, domain)
