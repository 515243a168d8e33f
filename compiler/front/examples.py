"""Examples: unit tests in the spec, as codes by variable name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from causalspec.compiler.domains import Domain
from causalspec.compiler.expressions import Expression, references
from causalspec.compiler.front.arithmetic import TooLargeError
from causalspec.compiler.front.conversion import convert
from causalspec.compiler.front.dependencies import ancestors
from causalspec.compiler.front.elaborate import elaborate
from causalspec.compiler.front.names import Compilation, declared_at
from causalspec.compiler.front.scopes import Declared, Environment, Family
from causalspec.compiler.front.values import Value, described
from causalspec.compiler.model import CausalModel, Role
from causalspec.compiler.specification import Example
from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Related


def compile_examples(
    compilation: Compilation,
    statements: Sequence[syntax.Node],
    model: CausalModel,
    variables: Mapping[str, Declared],
    environment: Environment,
) -> list[Example]:
    """The examples of a task or model. `environment` is where its mechanisms are read."""
    found: list[Example] = []
    for statement in statements:
        if not isinstance(statement, syntax.Example):
            continue
        before = len(compilation.diagnostics)
        reader = _Reader(compilation, model, variables, environment)
        inputs = reader.constants(statement.inputs, (Role.INPUT, Role.NOISE), "an input")
        interventions = reader.interventions(statement.interventions)
        outcomes = (Role.ABBREVIATION, Role.VARIABLE, Role.OUTPUT)
        expected = reader.constants(statement.expected, outcomes, "a computed variable")
        if not statement.expected:
            compilation.error(
                "CS405",
                "this example expects nothing",
                statement.span,
                help="add `gives { … }` with a value of an output or variable",
            )
        if len(compilation.diagnostics) == before:
            _check_given(compilation, statement, variables, inputs, interventions, expected)
        found.append(Example(model, inputs, interventions, expected, statement.span))
    return found


class _Reader:
    """Reads the assignments of one example."""

    def __init__(
        self,
        compilation: Compilation,
        model: CausalModel,
        variables: Mapping[str, Declared],
        environment: Environment,
    ) -> None:
        self.compilation = compilation
        self.model = model
        self.variables = variables
        self.environment = environment

    def constants(
        self, assignments: Sequence[syntax.Assignment], roles: Sequence[Role], what: str
    ) -> dict[str, int]:
        """Codes by variable, of assignments that must be constants."""
        found: dict[str, int] = {}
        for assignment, variable, value in self._values(assignments, roles, what):
            if value.constant is None:
                self.compilation.wrong("CS209", assignment.value, "is not a constant")
            else:
                found[variable.name] = value.constant
        return found

    def interventions(
        self, assignments: Sequence[syntax.Assignment]
    ) -> dict[str, int | Expression]:
        """What replaces each variable's mechanism: a code, or another mechanism."""
        roles = (Role.INPUT, Role.NOISE, Role.VARIABLE, Role.OUTPUT)
        return {
            variable.name: value.node if value.constant is None else value.constant
            for _, variable, value in self._values(assignments, roles, "a causal variable")
        }

    def _values(
        self, assignments: Sequence[syntax.Assignment], roles: Sequence[Role], what: str
    ) -> list[tuple[syntax.Assignment, Declared, Value]]:
        found: list[tuple[syntax.Assignment, Declared, Value]] = []
        given = targets(
            self.environment, assignments, self.variables, roles, "CS406",
            f"{what} of `{self.model.name}`",
        )  # fmt: skip
        for assignment, variable in given:
            if variable.domain is None:
                self.environment.note_names(assignment.value)
                continue
            value = value_in(self.environment, assignment.value, variable.domain)
            if value is not None:
                found.append((assignment, variable, value))
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
    seen: dict[str, syntax.Assignment] = {}
    for one in assignments:
        variable = target_variable(compilation, one.target, variables, environment)
        if variable is None:
            environment.note_names(one.value)
        elif variable.role not in roles:
            compilation.error(
                code,
                f"`{variable.name}` is not {what}",
                one.target.span,
                related=declared_at(variable.span),
            )
        elif variable.name in seen:
            compilation.error(
                "CS203",
                f"`{variable.name}` is given twice",
                one.target.span,
                related=(Related(seen[variable.name].target.span, "first given here"),),
            )
        else:
            seen[variable.name] = one
            yield one, variable


def value_in(environment: Environment, written: syntax.Expression, domain: Domain) -> Value | None:
    """An expression as a value of a domain, None with the reason reported."""
    value = elaborate(environment, written, domain)
    try:
        value = convert(environment.compilation, value, domain, written.span)
    except TooLargeError:
        return None
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
    compilation: Compilation,
    written: syntax.Expression,
    variables: Mapping[str, Declared],
    environment: Environment,
) -> Declared | None:
    """The variable that a statement names, None with the reason reported."""
    family = written.family if isinstance(written, syntax.Member) else written
    if not isinstance(family, syntax.Name):
        return compilation.wrong("CS205", written, "names no variable")
    found = environment.find(family)
    if isinstance(found, Value) and found.domain is None:
        return None
    if isinstance(written, syntax.Member) and isinstance(found, Family):
        index = elaborate(environment, written.index)
        if index.domain is None:
            return None
        member = found.members.get(index.integer) if index.integer is not None else None
        if isinstance(member, Declared):
            return member
        indices = sorted(found.members)
        return compilation.error(
            "CS306",
            f"`{found.name}` has no member `{written.index.span.text}`",
            written.span,
            help=f"its indices are {indices[0]}..{indices[-1]}" if indices else None,
        )
    if isinstance(found, Family):
        return compilation.error(
            "CS211",
            f"`{family.text}` is a family, not a variable",
            written.span,
            help=f"name a member, as in `{family.text}[{next(iter(found.members), 0)}]`",
        )
    if isinstance(found, Declared) and isinstance(written, syntax.Name):
        return found
    if family.text in variables and isinstance(written, syntax.Name):
        return variables[family.text]
    if found is not None:
        return compilation.wrong("CS211", family, "is not a family")
    known = dict.fromkeys(name.split("[")[0] for name in variables)
    return compilation.unknown("variable", family, known)


def _check_given(
    compilation: Compilation,
    statement: syntax.Example,
    variables: Mapping[str, Declared],
    inputs: Mapping[str, int],
    interventions: Mapping[str, int | Expression],
    expected: Mapping[str, int],
) -> None:
    """Every input that an expected value depends on must be given."""
    constant = [name for name, value in interventions.items() if isinstance(value, int)]
    replaced = {
        name: references(value)
        for name, value in interventions.items()
        if not isinstance(value, int)
    }
    needed = ancestors(variables, expected, cut=[*constant, *replaced])
    for name, parents in replaced.items():
        if name in needed:
            needed |= ancestors(variables, parents, cut=[*constant, *replaced])
    missing = [
        name
        for name, one in variables.items()
        if name in needed
        and one.role in (Role.INPUT, Role.NOISE)
        and name not in inputs
        and name not in interventions
    ]
    if missing:
        shown = ", ".join(f"`{name}`" for name in missing[:6])
        compilation.error(
            "CS407",
            f"the expected values depend on {shown}, which the example does not give",
            statement.span,
            help="give every input that they depend on",
        )
