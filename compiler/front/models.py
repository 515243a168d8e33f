"""Models: hypotheses about a task, with the task's inputs and what they need of its lets."""

from __future__ import annotations

from dataclasses import dataclass

from causalspec.compiler.domains import Truths
from causalspec.compiler.expressions import references
from causalspec.compiler.front.access import surely_true_or_false
from causalspec.compiler.front.dependencies import in_order, inputs_first
from causalspec.compiler.front.elaborate import compile_all
from causalspec.compiler.front.names import Compilation, declared_at, documented, quoted
from causalspec.compiler.front.scopes import Declared, Environment, Scope
from causalspec.compiler.front.tasks import TaskDraft, parameter_names, weigh
from causalspec.compiler.front.values import POISONED, described
from causalspec.compiler.front.variables import DeclaredVariables, declare, declares, finished
from causalspec.compiler.model import CausalModel, Role, family_of, reached
from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Related


@dataclass(slots=True)
class ModelDraft:
    """A model while the file is compiled."""

    declaration: syntax.ModelDeclaration | syntax.DeriveDeclaration
    task: TaskDraft
    own: DeclaredVariables
    environment: Environment
    """Where what is said about the model is read: in a file that imports it, that file."""
    model: CausalModel
    home: Compilation
    """The file that declares it."""

    @property
    def name(self) -> str:
        """The model's name."""
        return self.model.name

    @property
    def variables(self) -> dict[str, Declared]:
        """Every variable of the model by its full name."""
        everything = {
            variable.name: variable for variable in (*self.task.given.members, *self.own.members)
        }
        return {name: everything[name] for name in self.model.by_name}


def compile_model(
    compilation: Compilation,
    declaration: syntax.ModelDeclaration,
    task: TaskDraft,
    settings: str = "",
) -> ModelDraft:
    """A model with its graph in order. `settings` tell it from the same one of another task."""
    own = DeclaredVariables()
    known = own.scope(task.given.scope(task.parameters))
    environment = Environment(compilation, known, cyclic=declaration.cyclic)
    taken = (*parameter_names(task.declaration), *task.given.spans.values())
    outputs: list[tuple[syntax.Output, list[Declared]]] = []
    for statement in declaration.body:
        added = declare(own, environment, statement, taken)
        if isinstance(statement, syntax.Output):
            outputs.append((statement, added))
        elif isinstance(statement, syntax.Noise) and statement.distribution is not None:
            for declarator in statement.declarators:
                weigh(own, environment, declarator, statement.distribution)
    _take_output_types(compilation, declaration, task, outputs)
    if declaration.cyclic:
        # On a cycle a type cannot be read off the mechanism, which needs it first.
        for variable in own.members:
            if not variable.typed and surely_true_or_false(variable.source):
                variable.typed, variable.domain = True, Truths()
    compile_all(own.members)
    model = _assembled(compilation, declaration, task, own, settings)
    return ModelDraft(declaration, task, own, environment, model, compilation)


def note_names(compilation: Compilation, declaration: syntax.ModelDeclaration) -> None:
    """Note what the names of a model without a task mean, as far as it declares them itself."""
    declared = (declares(statement) for statement in declaration.body)
    names = {part.name.text: part.name for found in declared if found for part in found[0]}
    scope = Scope(dict.fromkeys(names, POISONED), None, names)
    for statement in declaration.body:
        Environment(compilation, scope).note_names(statement)


def _take_output_types(
    compilation: Compilation,
    declaration: syntax.ModelDeclaration,
    task: TaskDraft,
    outputs: list[tuple[syntax.Output, list[Declared]]],
) -> None:
    """A model's outputs are its task's: the same names, the same types."""
    wanted = {variable.name: variable for variable in task.results.members}
    families = dict.fromkeys((*map(family_of, wanted), *task.results.spans))
    given: set[str] = set()
    for statement, added in outputs:
        name = statement.declarator.name
        given.add(name.text)
        if name.text not in families:
            compilation.unknown("output", name, families, code="CS404")
        compilation.meanings.note(name.span, task.results.spans.get(name.text))
        for variable in added:
            target = wanted.get(variable.name)
            if target is None:
                # Its type is the task's, which is not known: it is not held to another one.
                variable.typed = True
                if task.results.bindings.get(name.text) is not None:
                    message = f"task `{task.name}` has no output `{variable.name}`"
                    compilation.error("CS404", message, statement.declarator.span)
                continue
            given.add(variable.name)
            domains = (variable.domain, target.domain)
            if variable.typed and None not in domains and domains[0] != domains[1]:
                assert statement.type is not None
                assert target.domain is not None
                compilation.error(
                    "CS206",
                    f"the task's output `{variable.name}` is {described(target.domain)}",
                    statement.type.span,
                    help="leave the type out: a model's output has its task's type",
                    related=declared_at(target.span),
                )
            variable.typed, variable.union, variable.domain = True, False, target.domain
    # Of a family that is not there at all, its name alone is told.
    missing = [
        name
        for name in wanted
        if name not in given and (name == family_of(name) or family_of(name) in given)
    ]
    missing += sorted({family_of(name) for name in wanted if "[" in name} - given)
    if missing and not compilation.unread.is_inside(declaration):
        compilation.error(
            "CS403",
            f"model `{declaration.name.text}` computes no {quoted(missing[:6])}",
            declaration.name.span,
            help=f"add `output {missing[0]} = …`",
            related=(Related(task.declaration.name.span, "its task asks for it"),),
        )


def _assembled(
    compilation: Compilation,
    declaration: syntax.ModelDeclaration,
    task: TaskDraft,
    own: DeclaredVariables,
    settings: str,
) -> CausalModel:
    lets = {variable.name: variable for variable in task.given.of(Role.ABBREVIATION)}
    everything = lets | {variable.name: variable for variable in own.members}
    read = [variable.name for variable in own.members]
    read += references(task.requirement) if task.requirement is not None else ()
    needed = reached(read, lambda name: everything[name].reads if name in everything else ())
    used = [variable for name, variable in everything.items() if name in needed]
    ordered = in_order(compilation, used, cycles_allowed=declaration.cyclic)
    return CausalModel(
        name=f"{declaration.name.text}{settings}",
        task=task.name,
        variables=finished(inputs_first(task.given.of(Role.INPUT), ordered)),
        requirement=task.requirement,
        cyclic=declaration.cyclic,
        approximately=declaration.approximately,
        documentation=documented(declaration.documentation),
    )


def report_unused(compilation: Compilation, model: CausalModel) -> None:
    """A variable that no output depends on can never be found in a network."""
    if compilation.diagnostics.has_errors:
        return
    used = model.ancestors(model.outputs)
    for variable in model.variables:
        if variable.role not in (Role.VARIABLE, Role.NOISE) or variable.name in used:
            continue
        assert variable.span is not None
        message = f"no output of `{model.name}` depends on `{variable.name}`"
        advice = "let an output read it, or remove it"
        if variable.domain.size == 1:
            if "[" in variable.name:
                continue  # The first member of a family, most often, that the next one reads.
            message += ": it has one value only"
            advice = "write the value where it is read, as a `let` or a literal"
        compilation.diagnostics.warning("CS402", message, variable.span, help=advice)
