"""The names in what is made of models: counterfactuals, alignments, claims, relations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from causalspec.dsl import syntax
from causalspec.dsl.source import Span
from causalspec.language_server.built_in import MEAN, rows
from causalspec.language_server.declarations import Declarations
from causalspec.language_server.symbols import Kind, Scope, Symbol
from causalspec.language_server.uses import Place, Recorder


class Relations:
    """Notes names whose scope is that of another declaration: a model, its task."""

    def __init__(
        self, recorder: Recorder, declared: Declarations, regions: list[tuple[Span, Scope]]
    ) -> None:
        self._recorder = recorder
        self._declared = declared
        self._regions = regions
        self._top = Place(recorder.file_scope, None)

    def _region(self, node: syntax.Node, scope: Scope) -> None:
        self._regions.append((node.span, scope))

    def _about(self, name: syntax.Name) -> Place:
        """Inside a declaration about a model."""
        self._recorder.use(name, self._recorder.file_scope, self._top)
        return Place(self._declared.model_scope(name.text), name.text)

    def counterfactuals(self, node: syntax.CounterfactualsDeclaration) -> None:
        """Note the names of a `counterfactuals` declaration."""
        recorder = self._recorder
        place = self._about(node.model)
        swaps = [one for one in node.body if isinstance(one, syntax.Swap)]
        items = [item for swap in swaps for item in _every_item(swap.items)]
        sources = {
            one.source.text: Symbol(one.source.text, Kind.SOURCE, one, members=place.scope)
            for one in reversed(items)
            if one.source is not None
        }
        sides = ("base", "result", *(() if sources else ("source",)))
        pair = Scope(
            {name: Symbol(name, Kind.SIDE, members=place.scope) for name in sides} | sources,
            self._recorder.file_scope,
        )
        self._region(node, pair)
        settings = replace(place, scope=pair)
        covered = replace(place, scope=Scope(pair.names, place.scope))
        symbol = recorder.file_scope.names[node.name.text]
        for item in items:
            recorder.expression(item.variable, place)
            if item.source is not None:
                source = sources[item.source.text]
                recorder.record(item.source, source, place, declares=source.node is item)
        for statement in node.body:
            match statement:
                case syntax.Keep(condition=condition):
                    recorder.expression(condition, settings)
                case syntax.Balance(value=value):
                    recorder.expression(value, settings)
                case syntax.Cover(values=values):
                    for value in values:
                        recorder.expression(value, covered)
                case syntax.Distinguish(models=models):
                    for name in models:
                        recorder.use(name, recorder.file_scope, place)
                case syntax.Split():
                    for part in statement.parts:
                        found = (symbol.members or Scope()).find(part.name.text)
                        recorder.record(part.name, found, place, declares=True)
                    recorder.expressions(statement.disjoint, place)
                case _:
                    pass

    def alignment(self, node: syntax.AlignDeclaration) -> None:
        """Note the names of an `align` declaration."""
        recorder = self._recorder
        place = self._about(node.model)
        self._region(node, place.scope)
        task = self._declared.task_of_model(node.model.text)
        slots = replace(place, scope=Scope(task.slots.names, place.scope) if task else place.scope)
        for placement in node.body:
            recorder.expressions(placement.variables, place)
            for site in (placement.site, placement.receiver):
                if site is not None:
                    recorder.use(site.name, rows().sites, place)
            self._method(placement.method, rows().methods, place)
            if placement.write is not None:
                self._method(placement.write, rows().writes, place)
            for token in placement.tokens:
                recorder.use(token.anchor, rows().anchors, place)
                if token.argument is not None:
                    recorder.expression(token.argument, slots)

    def _method(self, node: syntax.Method, known: Scope, place: Place) -> None:
        """A method or a write, whose arguments may name what it is over, data or values."""
        self._recorder.use(node.name, known, place)
        bases = Scope(rows().bases.names, place.scope)
        for setting in node.settings:
            match setting.value:
                case syntax.Call(function=name, arguments=arguments):
                    self._recorder.use(name, bases, place)
                    self._recorder.expressions([one.value for one in arguments], place)
                case syntax.Name() as name if name.text in rows().bases.names:
                    self._recorder.use(name, bases, place)
                case syntax.ElementSet():
                    pass
                case value:
                    self._recorder.expression(value, place)

    def claim(self, node: syntax.ClaimDeclaration) -> None:
        """Note the names of a claim."""
        recorder, top = self._recorder, self._top
        about = next((one.model.text for one in node.body if isinstance(one, syntax.Of)), None)
        reach = recorder.file_scope if about is None else self._declared.model_scope(about)
        known = rows()
        words = {**known.controls.names, **known.metrics.names, **known.bounds.names}
        metrics = replace(top, scope=Scope({**words, MEAN.name: MEAN}, reach))
        self._region(node, metrics.scope)
        for statement in node.body:
            if isinstance(statement, syntax.Expect):
                self._metric(statement.condition, metrics)
                continue
            place = self._about(statement.model)
            task = self._declared.task_of_model(statement.model.text)
            prompts = task.prompts if task is not None else Scope()
            self._metric(statement.data, metrics)
            recorder.use(statement.alignment, recorder.file_scope, place)
            recorder.use(statement.prompt, prompts, place)
            recorder.use(statement.fitted_on, prompts, place)

    def _metric(self, node: syntax.Expression, place: Place) -> None:
        """An expression whose calls are metrics, not functions."""
        match node:
            case syntax.Call():
                self._recorder.use(node.function, place.scope, place)
                for argument in node.arguments:
                    self._metric(argument.value, place)
            case syntax.Comparison():
                for one in node.operands:
                    self._metric(one, place)
            case syntax.Binary():
                self._metric(node.left, place)
                self._metric(node.right, place)
            case _:
                self._recorder.expression(node, place)

    def abstraction(self, node: syntax.AbstractionDeclaration) -> None:
        """Note the names of an abstraction."""
        fine, coarse = self._about(node.fine), self._about(node.coarse)
        self._region(node, fine.scope)
        for one in node.body:
            self._recorder.expression(one.target, coarse)
            self._recorder.expression(one.value, fine)

    def derived(self, node: syntax.DeriveDeclaration) -> None:
        """Note the names of a derivation."""
        recorder = self._recorder
        place = self._about(node.model)
        own = Place(self._declared.model_scope(node.name.text), node.name.text)
        self._region(node, own.scope)
        for statement in node.body:
            match statement:
                case syntax.Marginalize(variables=variables):
                    recorder.expressions(variables, own)
                case syntax.Merge(variables=variables, name=name):
                    recorder.expressions(variables, own)
                    recorder.record(name, own.scope.find(name.text), place, declares=True)
                case syntax.Collapse():
                    recorder.expression(statement.variable, own)
                    for arm in statement.arms:
                        for pattern in arm.patterns:
                            if isinstance(pattern, syntax.RangeSet):
                                recorder.values(pattern, own)
                            else:
                                recorder.expression(pattern, own)
                        if isinstance(arm.result, syntax.Name):
                            recorder.element(arm.result, own)


def _every_item(items: Iterable[syntax.SwapItem]) -> Iterator[syntax.SwapItem]:
    """The items of a swap, with those inside the runs of its sources."""
    for item in items:
        yield item
        yield from _every_item(item.within)
