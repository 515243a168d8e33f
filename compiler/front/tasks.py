"""Tasks: inputs, requirement, abbreviations and correct outputs, as a causal model."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from math import gcd, lcm

from causalspec.compiler.domains import Domain, Numbers, Truths
from causalspec.compiler.expressions import Expression, shared
from causalspec.compiler.front.arithmetic import conjunction, exact
from causalspec.compiler.front.dependencies import in_order, inputs_first
from causalspec.compiler.front.differing import all_different
from causalspec.compiler.front.elaborate import compile_all, condition, elaborate
from causalspec.compiler.front.matching import cases
from causalspec.compiler.front.names import Compilation, documented, of_kind
from causalspec.compiler.front.parameters import AS_DECLARED, Settings, parameters_of
from causalspec.compiler.front.scopes import Binding, Declared, Environment, Hidden, Scope
from causalspec.compiler.front.values import Value, described
from causalspec.compiler.front.variables import DeclaredVariables, declare, finished
from causalspec.compiler.model import CausalModel, Role, family_of
from causalspec.dsl import syntax


@dataclass(slots=True)
class TaskDraft:
    """A task while the file is compiled: what its models, prompts and data refer to."""

    declaration: syntax.TaskDeclaration
    given: DeclaredVariables
    """Inputs and abbreviations: what models, prompts and requirements read."""
    results: DeclaredVariables
    """Outputs."""
    parameters: Scope
    environment: Environment
    """Parameters, inputs and abbreviations in reach, outputs kept out."""
    chosen: Settings = field(default_factory=dict[str, Fraction])
    """Parameters that are set where the task is used."""
    settings: str = ""
    """`(digits = 4)`, where these make another task of it."""
    requirement: Expression | None = None

    @property
    def name(self) -> str:
        """The task's name."""
        return f"{self.declaration.name.text}{self.settings}"

    @property
    def variables(self) -> dict[str, Declared]:
        """Every member by its full name."""
        return {
            variable.name: variable for variable in (*self.given.members, *self.results.members)
        }


def parameter_names(declaration: syntax.TaskDeclaration) -> list[syntax.Name]:
    """The names of a task's parameters."""
    return [argument.name for argument in declaration.parameters if argument.name is not None]


def draft_task(
    compilation: Compilation,
    declaration: syntax.TaskDeclaration,
    chosen: Settings = AS_DECLARED,
) -> TaskDraft:
    """Declare a task's variables with their types; mechanisms come later."""
    given, results = DeclaredVariables(), DeclaredVariables()
    parameters = parameters_of(compilation, declaration, chosen)
    known = given.scope(parameters)
    outputs = of_kind(declaration.body, syntax.Output)
    names = {output.declarator.name.text: output.declarator.name for output in outputs}
    reason = "is an output: abbreviations, requirements and prompts read inputs only"
    hidden: dict[str, Binding] = dict.fromkeys(names, Hidden(reason))
    waiting: list[Declared] = []
    inner = Environment(compilation, Scope(hidden, known, names), (), waiting)
    outer = Environment(compilation, results.scope(known), (), waiting)
    taken = parameter_names(declaration)
    for statement in declaration.body:
        if isinstance(statement, syntax.Input | syntax.Let):
            declare(given, inner, statement, taken)
    for output in outputs:
        declare(results, outer, output, (*taken, *given.spans.values()))
    if not of_kind(declaration.body, syntax.Input):
        _lacks(compilation, declaration, "input", "`input x : 0..9`")
    if not names:
        _lacks(compilation, declaration, "output", "`output y : bool = …`")
    return TaskDraft(declaration, given, results, parameters, inner, chosen)


def _lacks(
    compilation: Compilation, declaration: syntax.TaskDeclaration, what: str, example: str
) -> None:
    if compilation.unread.is_inside(declaration):
        return
    compilation.error(
        "CS403",
        f"task `{declaration.name.text}` has no {what}",
        declaration.name.span,
        help=f"add one, as in {example}",
    )


def compile_task(compilation: Compilation, draft: TaskDraft) -> CausalModel:
    """Compile a task's mechanisms, requirement and weights."""
    members = (*draft.given.members, *draft.results.members)
    compile_all(members)
    conditions: list[Value] = []
    for statement in draft.declaration.body:
        if isinstance(statement, syntax.Require):
            written = statement.condition
            value = condition(draft.environment, written)
            if value.domain is None:
                continue
            conditions.append(value)
            if value.constant == 0:
                message = f"no input meets `{written.span.text}`"
                compilation.error("CS302", message, written.span)
        elif isinstance(statement, syntax.Input):
            if statement.distribution is not None:
                for declarator in statement.declarators:
                    weigh(draft.given, draft.environment, declarator, statement.distribution)
            if statement.distinct is not None:
                conditions += all_different(compilation, draft.given, statement)
    requirement = conjunction(conditions)
    draft.requirement = shared(requirement.node, {}) if requirement.constant is None else None
    ordered = in_order(compilation, members, cycles_allowed=False)
    return CausalModel(
        name=draft.name,
        task=draft.name,
        variables=finished(inputs_first(draft.given.of(Role.INPUT), ordered)),
        requirement=draft.requirement,
        documentation=documented(draft.declaration.documentation),
    )


def weigh(
    variables: DeclaredVariables,
    environment: Environment,
    declarator: syntax.Declarator,
    distribution: syntax.Distribution,
) -> None:
    """Give a declared variable, or every member of a family, its weights."""
    for variable in variables.members:
        if family_of(variable.name) == declarator.name.text and variable.domain is not None:
            variable.weights = weights_of(environment, distribution, variable.domain)


# How inputs and noise are distributed, as whole-number weights -----------------------------------


DISTRIBUTIONS = ("uniform", "bernoulli", "weights")
LARGEST_WEIGHTED = 1_000_000


def weights_of(
    environment: Environment, written: syntax.Distribution, domain: Domain
) -> tuple[int, ...] | None:
    """A weight for every code of `domain`; None for uniform, or with the reason reported."""
    compilation = environment.compilation
    name = written.name.text
    if name in DISTRIBUTIONS:
        compilation.meanings.note(written.name.span, "distribution")
    if name == "bernoulli":
        return _bernoulli(environment, written, domain)
    if name == "weights":
        return _weights(environment, written, domain)
    if name != "uniform":
        compilation.unknown("distribution", written.name, DISTRIBUTIONS)
    elif written.arguments or written.arms:
        compilation.error("CS207", "`uniform` takes no arguments", written.span)
    return None


def _bernoulli(
    environment: Environment, written: syntax.Distribution, domain: Domain
) -> tuple[int, ...] | None:
    compilation = environment.compilation
    if not isinstance(domain, Truths):
        return compilation.error(
            "CS205",
            f"`bernoulli` is a distribution of `bool`, but the type is {described(domain)}",
            written.name.span,
            help="use `weights { … }`",
        )
    if len(written.arguments) != 1 or written.arms:
        return compilation.error("CS207", "`bernoulli` takes one argument", written.span)
    place = written.arguments[0].value
    value = elaborate(environment, place)
    if value.domain is None:
        return None
    share = exact(value) if isinstance(value.domain, Numbers) else None
    if share is None or not 0 <= share <= 1:
        return compilation.wrong(
            "CS307",
            place,
            "is not a probability",
            help="write a constant from 0 to 1, as in `bernoulli(0.1)`",
        )
    return share.denominator - share.numerator, share.numerator


def _weights(
    environment: Environment, written: syntax.Distribution, domain: Domain
) -> tuple[int, ...] | None:
    compilation = environment.compilation
    if domain.size > LARGEST_WEIGHTED:
        return compilation.error(
            "CS924",
            f"{described(domain)} has more than {LARGEST_WEIGHTED} values to weigh",
            written.span,
            help="weigh a coarser type",
        )
    shares: list[Fraction] = [Fraction(0)] * domain.size
    found = cases(environment, written.arms, domain, written.name)
    if found is None:
        return None
    for case in found:
        place = case.arm.result
        assert not isinstance(place, syntax.Template | syntax.RightTexts)
        value = elaborate(environment, place)
        if value.domain is None:
            return None
        share = exact(value) if isinstance(value.domain, Numbers) else None
        if share is None or share < 0:
            return compilation.wrong("CS307", place, "is not a weight", help="write 0 or more")
        for low, high in case.taken:
            shares[low : high + 1] = [share] * (high - low + 1)
    if not any(shares):
        return compilation.error("CS307", "every weight is 0", written.span)
    scale = lcm(*(share.denominator for share in shares))
    whole = [int(share * scale) for share in shares]
    divisor = gcd(*whole)
    return tuple(weight // divisor for weight in whole)
