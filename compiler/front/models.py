"""Models: hypotheses about a task, with the task's inputs and what they need of its lets."""

from __future__ import annotations

from dataclasses import dataclass

from causalspec.compiler.domains import Truths
from causalspec.compiler.expressions import references
from causalspec.compiler.front.access import surely_true_or_false
from causalspec.compiler.front.dependencies import ancestors, in_order
from causalspec.compiler.front.elaborate import compile_all
from causalspec.compiler.front.names import Compilation, declared_at
from causalspec.compiler.front.scopes import Declared, Environment, Scope
from causalspec.compiler.front.tasks import TaskDraft, weigh
from causalspec.compiler.front.values import POISONED, described
from causalspec.compiler.front.variables import Roster, declare, finished
from causalspec.compiler.model import CausalModel, Role
from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Related


@dataclass(slots=True)
class ModelDraft:
    """A model while the file is compiled."""

    declaration: syntax.ModelDeclaration | syntax.DeriveDeclaration
    task: TaskDraft
    own: Roster
    environment: Environment
    model: CausalModel

    @property
    def name(self) -> str:
        """The model's name."""
        return self.declaration.name.text

    @property
    def variables(self) -> dict[str, Declared]:
        """Every variable of the model by its full name."""
        everything = {one.name: one for one in (*self.task.given.members, *self.own.members)}
        return {one: everything[one] for one in self.model.by_name}


def compile_model(
    compilation: Compilation,
    declaration: syntax.ModelDeclaration,
    tasks: dict[str, TaskDraft],
) -> ModelDraft | None:
    """A model with its graph in order, None when its task is missing."""
    task = compilation.named(declaration.task, tasks, (syntax.TaskDeclaration,), "task")
    if task is None:
        _note_names(compilation, declaration)
        return None
    own = Roster()
    known = own.scope(task.given.scope(task.parameters))
    environment = Environment(compilation, known, cyclic=declaration.cyclic)
    taken = (
        *(one.name for one in task.declaration.parameters if one.name is not None),
        *task.given.spans.values(),
    )
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
        for one in own.members:
            if not one.typed and surely_true_or_false(one.source):
                one.typed, one.domain = True, Truths()
    compile_all(own.members)
    model = _assembled(compilation, declaration, task, own)
    _report_unused(compilation, declaration, own)
    return ModelDraft(declaration, task, own, environment, model)


def _note_names(compilation: Compilation, declaration: syntax.ModelDeclaration) -> None:
    """Note what the names of a model without a task mean, as far as it declares them itself."""
    names: dict[str, syntax.Name] = {}
    for statement in declaration.body:
        match statement:
            case syntax.Variable(declarator=one) | syntax.Output(declarator=one):
                names[one.name.text] = one.name
            case syntax.Noise(declarators=declarators):
                names |= {one.name.text: one.name for one in declarators}
            case syntax.Let(name=name):
                names[name.text] = name
            case syntax.Example():
                pass
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
    wanted = {one.name: one for one in task.results.members}
    families = {name.split("[")[0] for name in wanted} | set(task.results.spans)
    given: set[str] = set()
    for statement, added in outputs:
        name = statement.declarator.name
        given.add(name.text)
        if name.text not in families:
            compilation.unknown("output", name, families, code="CS404")
            continue
        compilation.meanings.note(name.span, task.results.spans.get(name.text))
        for one in added:
            target = wanted.get(one.name)
            if target is None:
                if task.results.bindings.get(name.text) is not None:
                    compilation.error(
                        "CS404",
                        f"task `{task.name}` has no output `{one.name}`",
                        statement.declarator.span,
                    )
                continue
            given.add(one.name)
            if (
                one.typed
                and None not in (one.domain, target.domain)
                and (one.domain != target.domain)
            ):
                assert statement.type is not None
                assert target.domain is not None
                compilation.error(
                    "CS206",
                    f"the task's output `{one.name}` is {described(target.domain)}",
                    statement.type.span,
                    help="leave the type out: a model's output has its task's type",
                    related=declared_at(target.span),
                )
            one.typed, one.union, one.domain = True, False, target.domain
    missing = [
        name
        for name in wanted
        if name not in given and (name == name.split("[")[0] or name.split("[")[0] in given)
    ] + sorted({n.split("[")[0] for n in wanted if "[" in n and n.split("[")[0] not in given})
    if missing and not compilation.unread.is_inside(declaration):
        shown = ", ".join(f"`{name}`" for name in missing[:6])
        compilation.error(
            "CS403",
            f"model `{declaration.name.text}` computes no {shown}",
            declaration.name.span,
            help=f"add `output {missing[0]} = …`",
            related=(Related(task.declaration.name.span, "its task asks for it"),),
        )


def _assembled(
    compilation: Compilation,
    declaration: syntax.ModelDeclaration,
    task: TaskDraft,
    own: Roster,
) -> CausalModel:
    lets = {one.name: one for one in task.given.of(Role.ABBREVIATION)}
    everything = lets | {one.name: one for one in own.members}
    read = [one.name for one in own.members]
    read += references(task.requirement) if task.requirement is not None else ()
    needed = ancestors(everything, read)
    used = [one for one in everything.values() if one.name in needed or one in own.members]
    ordered = in_order(compilation, used, cycles_allowed=declaration.cyclic)
    inputs = task.given.of(Role.INPUT)
    noise = [one for one in ordered if one.role is Role.NOISE]
    rest = [one for one in ordered if one.role is not Role.NOISE]
    return CausalModel(
        name=declaration.name.text,
        task=task.name,
        variables=finished([*inputs, *noise, *rest]),
        requirement=task.requirement,
        cyclic=declaration.cyclic,
        approximately=declaration.approximately,
        documentation=declaration.documentation.value if declaration.documentation else "",
    )


def _report_unused(
    compilation: Compilation, declaration: syntax.ModelDeclaration, own: Roster
) -> None:
    """A variable that no output depends on can never be found in a network."""
    by_name = {one.name: one for one in own.members}
    if compilation.diagnostics.has_errors:
        return
    used = ancestors(by_name, [one.name for one in own.of(Role.OUTPUT)])
    for one in own.of(Role.VARIABLE, Role.NOISE):
        if one.name in used:
            continue
        message = f"no output of `{declaration.name.text}` depends on `{one.name}`"
        advice = "let an output read it, or remove it"
        if one.domain is not None and one.domain.size == 1:
            if "[" in one.name:
                continue  # The first member of a family, most often, that the next one reads.
            message += ": it has one value only"
            advice = "write the value where it is read, as a `let` or a literal"
        compilation.diagnostics.warning("CS402", message, one.span, help=advice)
