"""Examples: unit tests in the spec, as codes by variable name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

from causalspec.compiler.domains import Domain
from causalspec.compiler.expressions import Expression, references
from causalspec.compiler.front.conversion import convert
from causalspec.compiler.front.elaborate import elaborate
from causalspec.compiler.front.names import Compilation, declared_at, of_kind, quoted
from causalspec.compiler.front.scopes import Declared, Environment, Family
from causalspec.compiler.front.values import Value, described
from causalspec.compiler.model import CausalModel, Role, family_of
from causalspec.compiler.specification import Example
from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Related
from causalspec.dsl.source import Span

GIVEN = (Role.INPUT, Role.NOISE)
CHANGED = (*GIVEN, Role.VARIABLE, Role.OUTPUT)
COMPUTED = (Role.ABBREVIATION, Role.VARIABLE, Role.OUTPUT)


def compile_examples(
    environment: Environment,
    statements: Sequence[syntax.Node],
    model: CausalModel,
    variables: Mapping[str, Declared],
) -> list[Example]:
    """The examples of a task or model. `environment` is where its mechanisms are read."""
    compilation = environment.compilation
    found: list[Example] = []
    for statement in of_kind(statements, syntax.Example):
        before = len(compilation.diagnostics)
        read = partial(_values, environment, model, variables)
        inputs = _constants(compilation, read(statement.inputs, GIVEN, "an input"))
        interventions = {
            variable.name: value.node if value.constant is None else value.constant
            for _, variable, value in read(statement.interventions, CHANGED, "a causal variable")
        }
        expected = _constants(
            compilation, read(statement.expected, COMPUTED, "a computed variable")
        )
        if not statement.expected:
            advice = "add `gives { … }` with a value of an output or variable"
            compilation.error("CS405", "this example expects nothing", statement.span, help=advice)
        if len(compilation.diagnostics) == before:
            _check_given(compilation, statement, model, inputs, interventions, expected)
        found.append(Example(model, inputs, interventions, expected, statement.span))
    return found


def _values(
    environment: Environment,
    model: CausalModel,
    variables: Mapping[str, Declared],
    assignments: Sequence[syntax.Assignment],
    roles: Sequence[Role],
    what: str,
) -> Iterator[tuple[syntax.Assignment, Declared, Value]]:
    """What variables of these roles are given."""
    what = f"{what} of `{model.name}`"
    for assignment, variable in targets(environment, assignments, variables, roles, "CS406", what):
        if variable.domain is None:
            environment.note_names(assignment.value)
            continue
        value = value_in(environment, assignment.value, variable.domain)
        if value is not None:
            yield assignment, variable, value


def _constants(
    compilation: Compilation, given: Iterable[tuple[syntax.Assignment, Declared, Value]]
) -> dict[str, int]:
    """Codes by variable, of assignments that must be constants."""
    found: dict[str, int] = {}
    for assignment, variable, value in given:
        if value.constant is None:
            compilation.wrong("CS209", assignment.value, "is not a constant")
        else:
            found[variable.name] = value.constant
    return found


def targets(
    environment: Environment,
    assignments: Sequence[syntax.Assignment],
    variables: Mapping[str, Declared],
    roles: Sequence[Role],
    code: str,
    what: str,
) -> Iterator[tuple[syntax.Assignment, Declared]]:
    """Each assignment with its variable, of these roles and once; others are reported."""
    compilation = environment.compilation
    seen: dict[str, Span] = {}
    for assignment in assignments:
        target = assignment.target.span
        variable = target_variable(environment, assignment.target, variables)
        if variable is None:
            environment.note_names(assignment.value)
        elif variable.role not in roles:
            message = f"`{variable.name}` is not {what}"
            compilation.error(code, message, target, related=declared_at(variable.span))
        elif variable.name in seen:
            first = Related(seen[variable.name], "first given here")
            compilation.repeated(f"`{variable.name}` is given twice", target, first)
        else:
            seen[variable.name] = target
            yield assignment, variable


def value_in(environment: Environment, written: syntax.Expression, domain: Domain) -> Value | None:
    """An expression as a value of a domain, None with the reason reported."""
    value = elaborate(environment, written, domain)
    value = convert(environment.compilation, value, domain, written.span)
    if value.domain is None:
        return None
    if value.constant is not None and value.constant not in domain.codes():
        return environment.compilation.wrong("CS302", written, f"lies outside {described(domain)}")
    return value


def code_in(environment: Environment, written: syntax.Expression, domain: Domain) -> int | None:
    """The code of a constant in a domain, None with the reason reported."""
    value = value_in(environment, written, domain)
    if value is None or value.constant is not None:
        return None if value is None else value.constant
    return environment.compilation.wrong("CS209", written, "is not a constant")


def target_variable(
    environment: Environment, written: syntax.Expression, variables: Mapping[str, Declared]
) -> Declared | None:
    """The variable that a statement names, None with the reason reported."""
    compilation = environment.compilation
    family = written.family if isinstance(written, syntax.Member) else written
    if not isinstance(family, syntax.Name):
        return compilation.wrong("CS205", written, "names no variable")
    found = environment.find(family)
    match found, written:
        case Value(domain=None), _:
            return None
        case Family(), syntax.Member():
            return _member(environment, found, written)
        case Family(example=advice), _:
            says = "is a family, not a variable"
            return compilation.wrong("CS211", family, says, help=advice)
        case Declared(), syntax.Name():
            return found
        case _, syntax.Name() if family.text in variables:
            return variables[family.text]
        case None, _:
            return compilation.unknown("variable", family, dict.fromkeys(map(family_of, variables)))
        case _:
            return compilation.wrong("CS211", family, "is not a family")


def _member(environment: Environment, family: Family, written: syntax.Member) -> Declared | None:
    index = elaborate(environment, written.index)
    if index.domain is None:
        return None
    member = family.members.get(index.integer) if index.integer is not None else None
    if isinstance(member, Declared):
        return member
    message = f"`{family.name}` has no member `{written.index.span.text}`"
    return environment.compilation.error("CS306", message, written.span, help=family.advice)


def _check_given(
    compilation: Compilation,
    statement: syntax.Example,
    model: CausalModel,
    inputs: Mapping[str, int],
    interventions: Mapping[str, int | Expression],
    expected: Mapping[str, int],
) -> None:
    """Every input that an expected value depends on must be given."""
    needed = model.ancestors(expected, cut=interventions)
    for name, value in interventions.items():
        if name in needed and not isinstance(value, int):
            needed |= model.ancestors(references(value), cut=interventions)
    given = inputs.keys() | interventions.keys()
    missing = [name for name in model.exogenous if name in needed and name not in given]
    if missing:
        shown = quoted(missing[:6])
        compilation.error(
            "CS407",
            f"the expected values depend on {shown}, which the example does not give",
            statement.span,
            help="give every input that they depend on",
        )
