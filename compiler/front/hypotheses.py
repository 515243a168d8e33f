"""The tasks and models of one file, whether it is checked itself or imported."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from causalspec.compiler.front.derivations import derive_models
from causalspec.compiler.front.examples import compile_examples
from causalspec.compiler.front.instances import task_of, whole_task
from causalspec.compiler.front.models import (
    ModelDraft,
    compile_model,
    note_names,
    report_unused,
)
from causalspec.compiler.front.names import Compilation, NamedDeclaration, of_kind
from causalspec.compiler.front.parameters import setting_of
from causalspec.compiler.front.scopes import Environment
from causalspec.compiler.front.tasks import TaskDraft, draft_task
from causalspec.compiler.specification import Abstraction, Example
from causalspec.dsl import syntax

_Declaration = TypeVar("_Declaration", bound=NamedDeclaration)
_Built = TypeVar("_Built")


def built(
    file: syntax.File,
    compilation: Compilation,
    kind: type[_Declaration],
    build: Callable[[Compilation, _Declaration], _Built | None],
) -> dict[str, _Built]:
    """What every declaration of a kind comes to, by name; those that come to nothing left out, and
    later ones of the same name, which are reported already.
    """
    declared = compilation.declared
    results = [
        (declaration.name.text, build(compilation, declaration))
        for declaration in of_kind(file.declarations, kind)
        if declared.get(declaration.name.text) is declaration
    ]
    return {name: result for name, result in results if result is not None}


def draft_tasks(file: syntax.File, compilation: Compilation) -> list[TaskDraft]:
    """Declare the variables of every task of the file."""
    drafts = built(file, compilation, syntax.TaskDeclaration, draft_task)
    compilation.drafts |= drafts
    return list(drafts.values())


def compile_tasks(compilation: Compilation, drafts: list[TaskDraft]) -> None:
    """Compile every task of the file."""
    for draft in drafts:
        compilation.tasks[draft.name] = whole_task(compilation, draft)


def task_examples(compilation: Compilation, drafts: list[TaskDraft]) -> Iterator[Example]:
    """Compile the examples of every task of the file."""
    for draft in drafts:
        scope = Environment(compilation, draft.results.scope(draft.given.scope(draft.parameters)))
        if not _is_set_outside(compilation, draft):
            model = compilation.tasks[draft.name].model
            body = draft.declaration.body
            yield from compile_examples(scope, body, model, draft.variables)


def compile_models(file: syntax.File, compilation: Compilation) -> dict[str, Abstraction]:
    """Compile every model of the file, given or derived; what each derived one states."""
    models = built(file, compilation, syntax.ModelDeclaration, _model)
    compilation.models |= models
    return derive_models(file, compilation)


def model_examples(file: syntax.File, compilation: Compilation) -> Iterator[Example]:
    """Compile the examples of every model of the file."""
    for draft in list(compilation.models.values()):
        declaration = compilation.declared.get(draft.name)  # None of one with its own parameters
        if declaration is None or declaration.span.source is not file.source:
            continue
        if not _is_set_outside(compilation, draft.task):
            scope = Environment(compilation, draft.own.scope(draft.environment.scope))
            body = draft.declaration.body
            yield from compile_examples(scope, body, draft.model, draft.variables)


def _model(compilation: Compilation, declaration: syntax.ModelDeclaration) -> ModelDraft | None:
    task = task_of(compilation, declaration.task)
    if task is None:
        note_names(compilation, declaration)
        return None
    draft = compile_model(compilation, declaration, task)
    report_unused(compilation, draft.model)
    return draft


def _is_set_outside(compilation: Compilation, task: TaskDraft) -> bool:
    """Whether the command line changes a task: its examples are of what the file says."""
    return any(
        name not in task.chosen and setting_of(compilation, task.declaration, name) is not None
        for name in task.parameters.bindings
    )
