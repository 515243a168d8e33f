"""Which symbol each name inside an expression, a set of values or a template means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from causalspec.dsl import syntax
from causalspec.dsl.source import Span
from causalspec.language_server.built_in import FUNCTIONS, TYPES
from causalspec.language_server.symbols import Kind, Occurrence, Scope, Symbol

DEEPEST_TYPE = 16
"""How many names deep a type is followed: the names of a broken file may lead in circles."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an expression stands: the names in reach, and whose mechanisms they have."""

    scope: Scope
    model: str | None

    def inner(self, *symbols: Symbol) -> Place:
        """The same place with more names in reach."""
        return replace(self, scope=Scope({one.name: one for one in symbols}, self.scope))


@dataclass(slots=True)
class Recorder:
    """Gathers occurrences while a file is walked through."""

    file_scope: Scope = field(default_factory=Scope)
    occurrences: list[Occurrence] = field(default_factory=list[Occurrence])
    elements: dict[str, Symbol] = field(default_factory=dict[str, Symbol])
    documents: list[tuple[Span, str]] = field(default_factory=list[tuple[Span, str]])

    def record(
        self, name: syntax.Name, symbol: Symbol | None, place: Place, *, declares: bool = False
    ) -> None:
        """Note where a symbol occurs; a name that means nothing is left out."""
        if symbol is not None:
            self.occurrences.append(Occurrence(name.span, symbol, declares, place.model))

    def use(self, name: syntax.Name | None, kind: Scope, place: Place) -> None:
        """Note a name that is sought in one scope alone."""
        if name is not None:
            self.record(name, kind.find(name.text), place)

    # Expressions ---------------------------------------------------------------------------------

    def expressions(self, nodes: Sequence[syntax.Expression], place: Place) -> None:
        """Note the names of several expressions."""
        for node in nodes:
            self.expression(node, place)

    def expression(self, node: syntax.Expression, place: Place) -> None:
        """Note the names of an expression."""
        match node:
            case syntax.Name():
                found = place.scope.find(node.text) or self.elements.get(node.text)
                self.record(node, found, place)
            case syntax.Field():
                self.expression(node.value, place)
                members = self.members(node.value, place.scope)
                if members is not None:
                    self.use(node.name, members, place)
            case syntax.Member():
                self.expressions((node.family, node.index), place)
            case syntax.Call():
                self._call(node, place)
            case syntax.Aggregate():
                self.use(node.function, FUNCTIONS, place)
                self.values(node.range, place)
                index = Symbol(node.index.text, Kind.INDEX, node)
                self.record(node.index, index, place, declares=True)
                self.expression(node.body, place.inner(index))
            case syntax.Unary():
                self.expression(node.operand, place)
            case syntax.Binary():
                self.expressions((node.left, node.right), place)
            case syntax.Logical() | syntax.Comparison():
                self.expressions(node.operands, place)
            case syntax.Membership():
                self.expression(node.operand, place)
                self.values(node.values, place)
            case syntax.Conditional():
                self.expressions((node.condition, node.then, node.otherwise), place)
            case syntax.Match():
                self.expression(node.subject, place)
                self.arms(node.arms, place)
            case syntax.Tuple():
                self._tuple(node, place)
            case syntax.Number() | syntax.Text() | syntax.Truth():
                pass

    def _call(self, node: syntax.Call, place: Place) -> None:
        declared = self.file_scope.names.get(node.function.text)
        self.record(node.function, declared or FUNCTIONS.find(node.function.text), place)
        self.arguments(node, place)

    def arguments(self, node: syntax.Call, place: Place) -> None:
        """Note the names in a call's arguments."""
        for argument in node.arguments:
            self.expression(argument.value, place)

    def _tuple(self, node: syntax.Tuple, place: Place) -> None:
        """A tuple's fields are those of a declared type, or else its own."""
        declared = {s.name: s for s in self.fields.values() if isinstance(s.node, syntax.TypedName)}
        for one in node.fields:
            if isinstance(one.target, syntax.Name):
                shared = declared.get(one.target.text)
                symbol = shared or self._field_of(one)
                self.record(one.target, symbol, place, declares=shared is None)
            self.expression(one.value, place)

    def assignments(
        self, assignments: Sequence[syntax.Assignment], place: Place, targets: Scope
    ) -> None:
        """Note assignments whose targets are sought in a scope of their own."""
        for one in assignments:
            self.expression(one.target, replace(place, scope=targets))
            self.expression(one.value, place)

    def arms(self, arms: Sequence[syntax.Arm], place: Place) -> None:
        """Note the patterns and the results of arms."""
        for arm in arms:
            for pattern in arm.patterns:
                if isinstance(pattern, syntax.RangeSet):
                    self.values(pattern, place)
                else:
                    self.expression(pattern, place)
            if isinstance(arm.result, syntax.Template):
                self.template(arm.result, place)
            else:
                self.expression(arm.result, place)

    def template(self, template: syntax.Template, place: Place) -> None:
        """Note the names in a template's slots."""
        for part in template.parts:
            if isinstance(part, syntax.Slot):
                self.expression(part.value, place)

    def values(self, node: syntax.ValueSet, place: Place, *, declares: bool = False) -> None:
        """Note the names of a set of values; the names of a type's elements are declared there."""
        match node:
            case syntax.NamedSet():
                declared = self.file_scope.names.get(node.name.text)
                self.record(node.name, declared or TYPES.find(node.name.text), place)
            case syntax.RangeSet():
                ends = (node.low, node.high, node.step)
                self.expressions([end for end in ends if end is not None], place)
            case syntax.ElementSet():
                for element in node.elements:
                    if declares and isinstance(element, syntax.Name):
                        self.element(element, place)
                    else:
                        self.expression(element, place)
            case syntax.TupleSet():
                for one in node.fields:
                    self.record(one.name, self.field_symbol(one), place, declares=True)
                    self.values(one.type, place, declares=declares)
            case syntax.WordsSet():
                self.documents.append((node.path.span, node.path.value))

    def element(self, name: syntax.Name, place: Place) -> None:
        """Note a named value where a type declares it. One word is one symbol in every type."""
        symbol = self.elements.setdefault(name.text, Symbol(name.text, Kind.ELEMENT, name))
        self.record(name, symbol, place, declares=True)

    # Fields --------------------------------------------------------------------------------------

    fields: dict[int, Symbol] = field(default_factory=dict[int, Symbol])

    def field_symbol(self, node: syntax.TypedName) -> Symbol:
        """The one symbol of a column or of a field of a tuple's type."""
        return self.fields.setdefault(
            node.name.span.start, Symbol(node.name.text, Kind.FIELD, node)
        )

    def members(self, node: syntax.Expression, scope: Scope, depth: int = 0) -> Scope | None:
        """What a dot behind an expression leads to."""
        if depth > DEEPEST_TYPE:
            return None
        match node:
            case syntax.Name():
                symbol = scope.find(node.text)
                return None if symbol is None else self._members_of(symbol, scope, depth)
            case syntax.Field():
                outer = self.members(node.value, scope, depth + 1)
                symbol = outer.find(node.name.text) if outer is not None else None
                return None if symbol is None else self._members_of(symbol, scope, depth)
            case syntax.Member():
                return self.members(node.family, scope, depth + 1)
            case syntax.Conditional():
                return self.members(node.then, scope, depth + 1)
            case syntax.Tuple():
                names = [one for one in node.fields if isinstance(one.target, syntax.Name)]
                return Scope({one.target.span.text: self._field_of(one) for one in names})
            case _:
                return None

    def _field_of(self, node: syntax.Assignment) -> Symbol:
        start, name = node.target.span.start, node.target.span.text
        return self.fields.setdefault(start, Symbol(name, Kind.FIELD, node))

    def _members_of(self, symbol: Symbol, scope: Scope, depth: int) -> Scope | None:
        if symbol.members is not None:
            return symbol.members
        match symbol.node:
            case syntax.Input(type=values) | syntax.Noise(type=values):
                return self._fields_of(values, depth)
            case syntax.TypedName(type=values):
                return self._fields_of(values, depth)
            case syntax.Variable() | syntax.Output() as one:
                if one.type is not None:
                    return self._fields_of(one.type, depth)
                return self.members(one.mechanism, scope, depth + 1)
            case syntax.Let(value=value):
                return self.members(value, scope, depth + 1)
            case _:
                return None

    def _fields_of(self, values: syntax.ValueSet, depth: int) -> Scope | None:
        match values:
            case syntax.TupleSet(fields=fields):
                return Scope({one.name.text: self.field_symbol(one) for one in fields})
            case syntax.NamedSet(name=name):
                declared = self.file_scope.names.get(name.text)
                if declared is None or depth > DEEPEST_TYPE:
                    return None
                if isinstance(declared.node, syntax.TypeDeclaration):
                    return self._fields_of(declared.node.type, depth + 1)
                return declared.members if declared.kind is Kind.TABLE else None
            case _:
                return None
