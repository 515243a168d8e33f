"""What the declarations of a file declare, before any use of it is looked at."""

from __future__ import annotations

from dataclasses import dataclass

from causalspec.dsl import syntax
from causalspec.language_server.symbols import Kind, Scope, Symbol
from causalspec.language_server.uses import Place, Recorder

KINDS: dict[type[syntax.Node], Kind] = {
    syntax.TypeDeclaration: Kind.TYPE,
    syntax.TableDeclaration: Kind.TABLE,
    syntax.FunctionDeclaration: Kind.FUNCTION,
    syntax.TaskDeclaration: Kind.TASK,
    syntax.ModelDeclaration: Kind.MODEL,
    syntax.DeriveDeclaration: Kind.MODEL,
    syntax.CounterfactualsDeclaration: Kind.COUNTERFACTUALS,
    syntax.AlignDeclaration: Kind.ALIGNMENT,
    syntax.ClaimDeclaration: Kind.CLAIM,
    syntax.AbstractionDeclaration: Kind.ABSTRACTION,
}


@dataclass(frozen=True, slots=True)
class TaskScopes:
    """What a task declares. `given` is what its models can read."""

    parameters: Scope
    given: Scope
    outputs: Scope
    prompts: Scope
    slots: Scope


class Declarations:
    """The scopes of a file's tasks and models, and its top-level names."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.tasks: dict[str, TaskScopes] = {}
        self.models: dict[str, Scope] = {}
        self.task_of: dict[str, str] = {}
        self.top = Place(self.recorder.file_scope, None)

    def declare(self, file: syntax.File) -> None:
        """Give every declaration its symbol, so that uses may stand before it."""
        names = self.recorder.file_scope.names
        for one in file.declarations:
            if isinstance(one, syntax.ImportDeclaration):
                for name in one.names:
                    names.setdefault(name.text, Symbol(name.text, Kind.TYPE, one))
                continue
            symbol = names.setdefault(one.name.text, Symbol(one.name.text, KINDS[type(one)], one))
            if isinstance(one, syntax.TableDeclaration):
                symbol.members = self._columns(one)
        declarations = sorted(file.declarations, key=_order)
        for one in declarations:
            match one:
                case syntax.TypeDeclaration():
                    self.recorder.values(one.type, self.top, declares=True)
                case syntax.TaskDeclaration() if one.name.text not in self.tasks:
                    self.tasks[one.name.text] = self._task_scopes(one)
                case syntax.ModelDeclaration() if one.name.text not in self.models:
                    self.models[one.name.text] = self._model_scope(one)
                case syntax.DeriveDeclaration():
                    self._declare_derived(one)
                case syntax.CounterfactualsDeclaration():
                    parts = [
                        part
                        for split in one.body
                        if isinstance(split, syntax.Split)
                        for part in split.parts
                    ]
                    symbol = names[one.name.text]
                    symbol.members = Scope(
                        {p.name.text: Symbol(p.name.text, Kind.SPLIT, p) for p in parts}
                    )
                case _:
                    pass

    def _columns(self, table: syntax.TableDeclaration) -> Scope:
        columns = Scope({one.name.text: self.recorder.field_symbol(one) for one in table.columns})
        for column in columns.names.values():
            column.owner = table.name.text
        key = Symbol(table.key.text, Kind.FIELD, table, table.name.text)
        columns.names.setdefault(table.key.text, key)
        return columns

    def _task_scopes(self, task: syntax.TaskDeclaration) -> TaskScopes:
        owner = task.name.text
        parameters = Scope(outer=self.recorder.file_scope)
        for one in task.parameters:
            if one.name is not None:
                symbol = Symbol(one.name.text, Kind.PARAMETER, one, owner)
                parameters.names[one.name.text] = symbol
        given, outputs = Scope(outer=parameters), Scope()
        prompts, slots = Scope(), Scope()
        for statement in task.body:
            match statement:
                case syntax.Input(declarators=declarators):
                    for one in declarators:
                        _add(given, one.name, Kind.INPUT, statement, owner)
                case syntax.Let(name=name):
                    _add(given, name, Kind.ABBREVIATION, statement, owner)
                case syntax.Output(declarator=one):
                    _add(outputs, one.name, Kind.OUTPUT, statement, owner)
                case syntax.Prompt(name=name):
                    _add(prompts, name, Kind.PROMPT, statement, owner)
                    for slot in slots_of(statement.body):
                        if slot.alias is not None:
                            _add(slots, slot.alias, Kind.SLOT, slot, owner)
                case _:
                    pass
        return TaskScopes(parameters, given, outputs, prompts, slots)

    def _model_scope(self, model: syntax.ModelDeclaration) -> Scope:
        owner = model.name.text
        self.task_of[owner] = model.task.text
        task = self.tasks.get(model.task.text)
        scope = Scope(outer=task.given if task is not None else self.recorder.file_scope)
        for statement in model.body:
            match statement:
                case syntax.Variable(declarator=one):
                    _add(scope, one.name, Kind.VARIABLE, statement, owner)
                case syntax.Noise(declarators=declarators):
                    for one in declarators:
                        _add(scope, one.name, Kind.NOISE, statement, owner)
                case syntax.Let(name=name):
                    _add(scope, name, Kind.ABBREVIATION, statement, owner)
                case syntax.Output(declarator=one):
                    # A model's outputs are its task's: one symbol, so that both are renamed.
                    shared = task.outputs.names.get(one.name.text) if task is not None else None
                    if shared is not None:
                        scope.names.setdefault(one.name.text, shared)
                    else:
                        _add(scope, one.name, Kind.OUTPUT, statement, owner)
                case syntax.Example():
                    pass
        return scope

    def _declare_derived(self, derived: syntax.DeriveDeclaration) -> None:
        base = self.models.get(derived.model.text)
        self.task_of[derived.name.text] = self.task_of.get(derived.model.text, "")
        scope = Scope(outer=base or self.recorder.file_scope)
        for statement in derived.body:
            if isinstance(statement, syntax.Merge):
                _add(scope, statement.name, Kind.VARIABLE, statement, derived.name.text)
        self.models.setdefault(derived.name.text, scope)

    def model_scope(self, name: str) -> Scope:
        """The names of a model; those of the file where there is no such model."""
        return self.models.get(name, self.recorder.file_scope)

    def task_of_model(self, name: str) -> TaskScopes | None:
        """The scopes of the task that a model is about."""
        return self.tasks.get(self.task_of.get(name, ""))

    def slots_of_model(self, name: str) -> Scope:
        """The names that alignments of a model can give to `slot(…)`."""
        task = self.task_of_model(name)
        return Scope(task.slots.names, task.given) if task is not None else Scope()


def _order(declaration: syntax.Declaration) -> int:
    """Types and tables before tasks, tasks before models, models before what is made of them."""
    match declaration:
        case syntax.TaskDeclaration():
            return 1
        case syntax.ModelDeclaration():
            return 2
        case syntax.DeriveDeclaration():
            return 3
        case _:
            return 0


def _add(scope: Scope, name: syntax.Name, kind: Kind, node: syntax.Node, owner: str) -> None:
    scope.names.setdefault(name.text, Symbol(name.text, kind, node, owner))


def slots_of(body: syntax.Template | syntax.TemplateMatch) -> list[syntax.Slot]:
    """Every slot of a prompt."""
    templates = (
        [body]
        if isinstance(body, syntax.Template)
        else [arm.result for arm in body.arms if isinstance(arm.result, syntax.Template)]
    )
    return [part for one in templates for part in one.parts if isinstance(part, syntax.Slot)]
