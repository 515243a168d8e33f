"""Tasks and models where they are used: as declared, or with parameters of their own.

`Carry(digits = 4)` is the model `Carry` of the task `Addition(digits = 4)`: each compiled once, in
the file that declares it, and known by that name. With declared parameters it is `Carry` itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from causalspec.compiler.front.encodings import encoding_of
from causalspec.compiler.front.models import ModelDraft, compile_model
from causalspec.compiler.front.names import MODELS, Compilation, declared_at, documented
from causalspec.compiler.front.parameters import (
    Settings,
    chosen_values,
    parameters_of,
    value_texts,
    values_of,
)
from causalspec.compiler.front.tasks import TaskDraft, compile_task, draft_task
from causalspec.compiler.front.templates import prompts_of, with_answers
from causalspec.compiler.specification import Task
from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Related


def task_of(compilation: Compilation, name: syntax.Name) -> TaskDraft | None:
    """The task of a name, None with the reason reported."""
    draft = compilation.named(name, compilation.drafts, (syntax.TaskDeclaration,), "task")
    if draft is None or not isinstance(name, syntax.Instance):
        return draft
    chosen = chosen_values(compilation, name, draft.parameters)
    return None if chosen is None else _instance(compilation, draft, chosen, name)


def model_of(compilation: Compilation, name: syntax.Name) -> ModelDraft | None:
    """The model of a name, given or derived, None with the reason reported."""
    draft = compilation.named(name, compilation.models, MODELS, "model")
    if draft is None or not isinstance(name, syntax.Instance):
        return draft
    declaration = draft.declaration
    if isinstance(declaration, syntax.DeriveDeclaration):
        return compilation.wrong(
            "CS232",
            name,
            "is derived, and has the parameters of the model that it comes from",
            help=f"write `derive … from {declaration.model.text}(…)` with the parameters",
            related=declared_at(declaration.name.span),
        )
    chosen = chosen_values(compilation, name, draft.task.parameters)
    if chosen is None:
        return None
    task = _instance(compilation, draft.task, chosen, name)
    return _model_instance(compilation, draft, declaration, task, name)


def rival_of(
    compilation: Compilation, rival: ModelDraft, task: TaskDraft, use: syntax.Name
) -> ModelDraft:
    """A model beside one of `task`: where both are of one task, with the parameters of that one."""
    declaration = rival.declaration
    if isinstance(declaration, syntax.DeriveDeclaration):
        return rival
    if rival.task is task or rival.task.declaration is not task.declaration:
        return rival
    return _model_instance(compilation, rival, declaration, task, use)


def whole_task(compilation: Compilation, draft: TaskDraft) -> Task:
    """Compile a task with its prompts, answers and encoding."""
    task = Task(
        name=draft.name,
        model=compile_task(compilation, draft),
        prompts=prompts_of(compilation, draft),
        answers={},
        encoding=encoding_of(compilation, draft),
        documentation=documented(draft.declaration.documentation),
        span=draft.declaration.name.span,
        parameters=value_texts(values_of(draft.parameters)),
    )
    return with_answers(compilation, draft, task)


def adopt_task(compilation: Compilation, draft: TaskDraft, use: syntax.Name) -> None:
    """Make a task known to the file that uses it, or a model of it, under a name of its own."""
    home, name = draft.environment.compilation, draft.name
    other = compilation.drafts.setdefault(name, draft)
    if other is not draft:
        compilation.wrong(
            "CS230",
            use,
            f"comes with another task `{name}` than the one that is known here",
            help="give one of the two tasks another name",
            related=(
                Related(draft.declaration.name.span, "this one"),
                Related(other.declaration.name.span, "the one that is known"),
            ),
        )
    elif name in home.tasks:
        compilation.tasks[name] = home.tasks[name]


def seen_from(compilation: Compilation, draft: ModelDraft) -> ModelDraft:
    """A model as a file sees it that imports it: what is said about it is read there."""
    environment = replace(draft.environment, compilation=compilation)
    return draft if draft.home is compilation else replace(draft, environment=environment)


def _instance(
    compilation: Compilation, draft: TaskDraft, chosen: Settings, use: syntax.Name
) -> TaskDraft:
    """A task with parameters chosen; those chosen before stay."""
    home, declaration = draft.environment.compilation, draft.declaration
    plain = home.drafts[declaration.name.text]
    chosen = {**draft.chosen, **chosen}
    settings = _differing(plain, values_of(parameters_of(home, declaration, chosen)))
    name = f"{declaration.name.text}{settings}"
    if name not in home.drafts:

        def compile_it() -> None:
            made = draft_task(home, declaration, chosen)
            home.drafts[name] = replace(made, settings=settings)
            home.tasks[name] = whole_task(home, home.drafts[name])

        _blaming(home, use, compile_it)
    adopt_task(compilation, home.drafts[name], use)
    return home.drafts[name]


def _model_instance(
    compilation: Compilation,
    draft: ModelDraft,
    declaration: syntax.ModelDeclaration,
    task: TaskDraft,
    use: syntax.Name,
) -> ModelDraft:
    home = draft.home
    settings = _differing(draft.task, values_of(task.parameters))
    name = f"{declaration.name.text}{settings}"
    if name not in home.models:

        def compile_it() -> None:
            home.models[name] = compile_model(home, declaration, task, settings)

        _blaming(home, use, compile_it)
    compilation.models[name] = seen_from(compilation, home.models[name])
    return compilation.models[name]


def _differing(plain: TaskDraft, values: Settings) -> str:
    """`(digits = 4)`: the values that are not those of a task as it is; nothing where all are."""
    declared = values_of(plain.parameters)
    texts = value_texts(values)
    changed = [f"{name} = {texts[name]}" for name in values if values[name] != declared.get(name)]
    return f"({', '.join(changed)})" if changed else ""


def _blaming(home: Compilation, use: syntax.Name, compile_it: Callable[[], None]) -> None:
    """Have what goes wrong with parameters point to where they are set, too."""
    found = home.diagnostics.found
    before = len(found)
    compile_it()
    where = Related(use.span, "with the parameters that are set here")
    found[before:] = [
        replace(diagnostic, related=(*diagnostic.related, where)) for diagnostic in found[before:]
    ]
