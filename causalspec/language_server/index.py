"""From a syntax tree to the index of its symbols: what is declared first, then what is used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from causalspec.dsl import syntax
from causalspec.dsl.source import Span
from causalspec.language_server.built_in import CODINGS, DISTRIBUTIONS, FORMS, code_symbol
from causalspec.language_server.declarations import Declarations, TaskScopes
from causalspec.language_server.relations import Relations
from causalspec.language_server.symbols import Index, Kind, Scope, Symbol
from causalspec.language_server.uses import Place, Recorder


def build_index(file: syntax.File) -> Index:
    """The symbols of a file, however broken; a name that means nothing has no entry."""
    recorder = Recorder()
    declarations = Declarations(recorder)
    declarations.declare(file)
    visitor = _Visitor(recorder, declarations)
    for declaration in file.declarations:
        visitor.visit(declaration)
    for allowance in file.allowances:
        recorder.record(allowance.code, code_symbol(allowance.code.text), visitor.top)
    return Index(
        occurrences=sorted(recorder.occurrences, key=lambda one: (one.span.start, one.span.end)),
        file_scope=recorder.file_scope,
        regions=visitor.regions,
        elements=recorder.elements,
        documents=recorder.documents,
        members=recorder.members,
        slots={name: declarations.slots_of_model(name) for name in declarations.models},
    )


class _Visitor:
    """Notes every name of a file where it stands."""

    def __init__(self, recorder: Recorder, declarations: Declarations) -> None:
        self._recorder = recorder
        self._declared = declarations
        self.top = Place(recorder.file_scope, None)
        self.regions: list[tuple[Span, Scope]] = []
        self._relations = Relations(recorder, declarations, self.regions)

    def visit(self, node: syntax.Declaration) -> None:
        """Note every name in a declaration."""
        recorder, top = self._recorder, self.top
        if isinstance(node, syntax.ImportDeclaration):
            recorder.documents.append((node.path.span, node.path.value))
            for name in node.names:
                recorder.record(name, recorder.file_scope.names.get(name.text), top, declares=True)
            return
        symbol = recorder.file_scope.names.get(node.name.text)
        recorder.record(node.name, symbol, top, declares=True)
        match node:
            case syntax.TypeDeclaration():
                pass  # its elements had to be known first
            case syntax.TableDeclaration():
                self._table(node)
            case syntax.FunctionDeclaration():
                self._function(node)
            case syntax.TaskDeclaration():
                self._task(node)
            case syntax.ModelDeclaration():
                self._model(node)
            case syntax.CounterfactualsDeclaration():
                self._relations.counterfactuals(node)
            case syntax.AlignDeclaration():
                self._relations.alignment(node)
            case syntax.ClaimDeclaration():
                self._relations.claim(node)
            case syntax.AbstractionDeclaration():
                self._relations.abstraction(node)
            case syntax.DeriveDeclaration():
                self._relations.derived(node)

    def _region(self, node: syntax.Node, scope: Scope) -> None:
        self.regions.append((node.span, scope))

    def _table(self, node: syntax.TableDeclaration) -> None:
        recorder, top = self._recorder, self.top
        recorder.documents.append((node.path.span, node.path.value))
        symbol = recorder.file_scope.names.get(node.name.text)
        columns = (symbol.members if symbol is not None else None) or Scope()
        in_columns = node.key.text in {one.name.text for one in node.columns}
        recorder.record(node.key, columns.find(node.key.text), top, declares=not in_columns)
        for one in node.columns:
            recorder.record(one.name, recorder.field_symbol(one), top, declares=True)
            recorder.values(one.type, top, declares=True)

    def _function(self, node: syntax.FunctionDeclaration) -> None:
        place = self.top
        for one in node.parameters:
            self._recorder.values(one.type, place)
            symbol = Symbol(one.name.text, Kind.PARAMETER, one, node.name.text)
            self._recorder.record(one.name, symbol, place, declares=True)
            place = place.inner(symbol)
        self._region(node, place.scope)
        self._recorder.expression(node.body, place)

    # Tasks and models ----------------------------------------------------------------------------

    def _task(self, node: syntax.TaskDeclaration) -> None:
        recorder, scopes = self._recorder, self._declared.tasks[node.name.text]
        place = Place(scopes.given, node.name.text)
        everything = Place(Scope(scopes.outputs.names, scopes.given), node.name.text)
        self._region(node, everything.scope)
        for one in node.parameters:
            recorder.expression(one.value, self.top)
            if one.name is not None:
                symbol = scopes.parameters.find(one.name.text)
                recorder.record(one.name, symbol, place, declares=True)
        for statement in node.body:
            match statement:
                case syntax.Require(condition=condition):
                    recorder.expression(condition, place)
                case syntax.Prompt():
                    self._prompt(statement, scopes, place)
                case syntax.Say():
                    recorder.expression(statement.output, everything)
                    self._body(statement.body, everything)
                case syntax.Encode():
                    recorder.use(statement.form, FORMS, place)
                    for group in statement.groups:
                        recorder.expressions(group.inputs, place)
                        recorder.use(group.coding.function, CODINGS, place)
                        recorder.arguments(group.coding, place)
                case _:
                    self._statement(statement, place, everything)

    def _model(self, node: syntax.ModelDeclaration) -> None:
        recorder = self._recorder
        recorder.use(node.task, recorder.file_scope, self.top)
        place = Place(self._declared.model_scope(node.name.text), node.name.text)
        self._region(node, place.scope)
        for statement in node.body:
            self._statement(statement, place, place)

    def _statement(
        self,
        node: syntax.TaskStatement | syntax.ModelStatement,
        place: Place,
        everything: Place,
    ) -> None:
        """A statement that tasks and models share."""
        recorder = self._recorder
        match node:
            case syntax.Input() | syntax.Noise():
                recorder.values(node.type, place, declares=True)
                inside = self._declarators(node.declarators, everything)
                if node.distribution is not None:
                    recorder.use(node.distribution.name, DISTRIBUTIONS, place)
                    for argument in node.distribution.arguments:
                        recorder.expression(argument.value, inside)
                    recorder.arms(node.distribution.arms, inside)
            case syntax.Let():
                recorder.record(
                    node.name, everything.scope.find(node.name.text), place, declares=True
                )
                recorder.expression(node.value, place)
            case syntax.Variable() | syntax.Output():
                if node.type is not None:
                    recorder.values(node.type, place, declares=True)
                inside = self._declarators((node.declarator,), everything)
                reach = Scope(
                    {k: v for k, v in inside.scope.names.items() if v.kind is Kind.INDEX},
                    place.scope,
                )
                recorder.expression(node.mechanism, replace(place, scope=reach))
            case syntax.Example():
                for part in (node.inputs, node.interventions, node.expected):
                    recorder.assignments(part, everything, everything.scope)
            case _:
                pass

    def _declarators(self, nodes: Sequence[syntax.Declarator], place: Place) -> Place:
        """Note declarators; the place inside them, where their indices are known."""
        inside = place
        for one in nodes:
            symbol = place.scope.find(one.name.text)
            self._recorder.record(one.name, symbol, place, declares=True)
            if one.index is not None:
                index = Symbol(one.index.text, Kind.INDEX, one)
                self._recorder.record(one.index, index, place, declares=True)
                inside = inside.inner(index)
            if one.range is not None:
                self._recorder.values(one.range, place)
        return inside

    def _prompt(self, node: syntax.Prompt, scopes: TaskScopes, place: Place) -> None:
        self._recorder.record(node.name, scopes.prompts.find(node.name.text), place, declares=True)
        self._body(node.body, place, scopes.slots)

    def _body(
        self,
        body: syntax.Template | syntax.TemplateMatch,
        place: Place,
        slots: Scope | None = None,
    ) -> None:
        templates = [body] if isinstance(body, syntax.Template) else []
        if isinstance(body, syntax.TemplateMatch):
            self._recorder.expression(body.subject, place)
            self._recorder.arms(body.arms, place)
            results = [arm.result for arm in body.arms]
            templates += [one for one in results if isinstance(one, syntax.Template)]
        else:
            self._recorder.template(body, place)
        for part in (part for one in templates for part in one.parts):
            if slots is not None and isinstance(part, syntax.Slot) and part.alias is not None:
                symbol = slots.find(part.alias.text)
                self._recorder.record(part.alias, symbol, place, declares=True)
