"""What the names of a file stand for: one index that every feature of the editor reads.

Which use means which declaration the compiler noted; what is declared is read off the tree, so that
a file shows its outline however broken it is.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import Any, cast

from causalspec.compiler import UNREAD, Domain, Entry, Meanings
from causalspec.dsl import syntax
from causalspec.dsl.source import Span
from causalspec.language_server import built_in
from causalspec.language_server.moving import nodes_in
from causalspec.language_server.symbols import Kind, Occurrence, Symbol

KINDS: dict[type[syntax.Node], Kind] = {
    syntax.ImportDeclaration: Kind.TYPE,
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
DECLARING: dict[type[syntax.Node], tuple[str, Kind]] = {
    syntax.Input: ("declarators", Kind.INPUT),
    syntax.Noise: ("declarators", Kind.NOISE),
    syntax.Let: ("declarator", Kind.ABBREVIATION),
    syntax.Variable: ("declarator", Kind.VARIABLE),
    syntax.Merge: ("name", Kind.VARIABLE),
    syntax.Output: ("declarator", Kind.OUTPUT),
    syntax.Prompt: ("name", Kind.PROMPT),
    syntax.Slot: ("alias", Kind.SLOT),
    syntax.Declarator: ("index", Kind.INDEX),
    syntax.Aggregate: ("index", Kind.INDEX),
    syntax.RightTexts: ("index", Kind.INDEX),
    syntax.TextLoop: ("index", Kind.INDEX),
    syntax.TaskDeclaration: ("parameters", Kind.PARAMETER),
    syntax.TypedName: ("name", Kind.FIELD),
    syntax.ColumnGroup: ("names", Kind.FIELD),
    syntax.TableDeclaration: ("key", Kind.FIELD),
    syntax.Tuple: ("fields", Kind.FIELD),
    syntax.SwapItem: ("source", Kind.SOURCE),
    syntax.DerivedSource: ("name", Kind.SOURCE),
    syntax.SplitPart: ("name", Kind.SPLIT),
}
"""Where a node has the names that it declares."""
NAMES_A_FILE = syntax.WordsSet | syntax.TableDeclaration | syntax.ImportDeclaration


@dataclass(eq=False)
class Index:
    """The symbols of one file. Of names that mean nothing it knows nothing."""

    file: syntax.File
    meanings: Meanings
    top: dict[str, Symbol] = field(default_factory=dict[str, Symbol])
    """What other declarations of the file can name."""
    owners: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Whose names are in reach inside a task or model, its own first."""
    documents: list[tuple[Span, str]] = field(default_factory=list[tuple[Span, str]])
    """Quoted names of files."""
    elsewhere: dict[Span, Symbol] = field(default_factory=dict[Span, Symbol])
    """The symbols of imported tasks, models and types that occur here, by their places in other
    files.
    """
    _declared: dict[Span, Symbol] = field(default_factory=dict[Span, Symbol])
    _sides: dict[tuple[str, str], Symbol] = field(default_factory=dict[tuple[str, str], Symbol])

    def __post_init__(self) -> None:
        for declaration in self.file.declarations:
            self._declare(declaration)
        for text, names in self.meanings.values.items():
            symbol = Symbol(text, Kind.ELEMENT, names[0], span=names[0].span)
            self._declared |= {name.span: symbol for name in names}

    def _declare(self, declaration: syntax.Declaration) -> None:
        kind = KINDS[type(declaration)]
        is_import = isinstance(declaration, syntax.ImportDeclaration)
        for name in declaration.names if is_import else (declaration.name,):
            origin = self.meanings.imported.get(name.span)
            if origin is not None:
                kind = Kind.MODEL if origin.kind == "derived model" else Kind(origin.kind)
            symbol = Symbol(name.text, kind, declaration, span=name.span)
            self._declared[name.span] = self.top.setdefault(name.text, symbol)
        owner = "" if is_import else declaration.name.text
        match declaration:
            case syntax.ModelDeclaration(task=other) | syntax.DeriveDeclaration(model=other):
                above = self.owners.get(other.text, (other.text,))
                self.owners.setdefault(owner, (owner, *above))
            case _:
                pass
        is_table = isinstance(declaration, syntax.TableDeclaration)
        for node in nodes_in(declaration):
            if isinstance(node, NAMES_A_FILE):
                self.documents.append((node.path.span, node.path.value))
            for name, kind in _declared_by(node, declaration):
                owned = is_table or kind not in (Kind.INDEX, Kind.FIELD)
                self._add(name, kind, node, owner if owned else None)

    def _add(self, name: syntax.Name, kind: Kind, node: syntax.Node, owner: str | None) -> None:
        symbol = Symbol(name.text, kind, node, owner, span=name.span)
        if kind is Kind.SLOT:  # of all prompts together
            slots = (slot for slot in self.of_owner(owner) if slot.kind is kind)
            symbol = next((slot for slot in slots if slot.name == name.text), symbol)
        self._declared[name.span] = symbol

    @cached_property
    def occurrences(self) -> list[Occurrence]:
        """Every place of a symbol, in the order of the text."""
        found: list[Occurrence] = []
        starts = [declaration.span.start for declaration in self.file.declarations]
        here = (use for use in self.meanings.uses if use.source is self.file.source)
        for span in dict.fromkeys(chain(self._declared, here)):
            place = bisect_right(starts, span.start) - 1
            about = _about(self.file.declarations[place]) if place >= 0 else ""
            symbol, own = self._meant(span, about), self._declared.get(span)
            if symbol is not None:
                declares = own is symbol or (own is not None and own.kind is Kind.OUTPUT)
                found.append(Occurrence(span, symbol, declares, about))
        for allowance in self.file.allowances:
            symbol = built_in.code_symbol(allowance.code.text)
            if symbol is not None:
                found.append(Occurrence(allowance.code.span, symbol, False, None))
        return sorted(found, key=lambda occurrence: (occurrence.span.start, occurrence.span.end))

    def _meant(self, span: Span, about: str) -> Symbol | None:
        """The symbol of a name, by way of all that it is noted to mean."""
        meaning = self.meanings.uses.get(span, span)
        while isinstance(meaning, Span):
            after = self.meanings.uses.get(meaning)
            if after is None or after == meaning:
                return self._declared.get(meaning) or self._elsewhere(meaning)
            meaning = after
        if isinstance(meaning, Entry):
            return built_in.row_symbol(meaning)
        if meaning == UNREAD:
            return next((symbol for symbol in self.reach(about) if symbol.name == span.text), None)
        if meaning == str(Kind.SIDE):
            side = Symbol(span.text, Kind.SIDE)
            return self._sides.setdefault((about, span.text), side)
        return built_in.WORDS[meaning].get(span.text)

    def _elsewhere(self, span: Span) -> Symbol | None:
        """The symbol of a name that comes along with an import, which its own file declares."""
        origin = self.meanings.imported.get(span)
        if origin is None:
            return None
        symbol = Symbol(span.text, Kind(origin.kind), owner=origin.owner, span=span)
        return self.elsewhere.setdefault(span, symbol)

    # What features ask ---------------------------------------------------------------------------

    def at(self, offset: int) -> Occurrence | None:
        """The occurrence that a cursor touches, the one behind it rather than the one before."""
        starts = [occurrence.span.start for occurrence in self.occurrences]
        last = bisect_right(starts, offset) - 1
        for occurrence in (self.occurrences[i] for i in range(last, max(-1, last - 4), -1)):
            if occurrence.span.start <= offset <= occurrence.span.end:
                return occurrence
        return None

    def of(self, symbol: Symbol) -> list[Occurrence]:
        """Every place of a symbol."""
        return [occurrence for occurrence in self.occurrences if occurrence.symbol is symbol]

    def declarations(self, symbol: Symbol) -> list[Occurrence]:
        """Where a symbol is declared: a model's output is declared by its task, too."""
        return [occurrence for occurrence in self.of(symbol) if occurrence.declares]

    def domain(self, symbol: Symbol) -> Domain | None:
        """What a type or variable can be."""
        return self.meanings.domains.get(symbol.span) if symbol.span is not None else None

    def of_owner(self, owner: str | None) -> Iterator[Symbol]:
        """What a declaration declares inside."""
        return (symbol for symbol in self._declared.values() if owner and symbol.owner == owner)

    def reach(self, name: str) -> Iterator[Symbol]:
        """The names in reach inside a declaration, its own first."""
        for owner in self.owners.get(name, (name,)):
            yield from self.of_owner(owner)
        yield from self.top.values()

    def elements(self) -> list[Symbol]:
        """Every named value, of this file and of what it imports."""
        own = [symbol for symbol in self._declared.values() if symbol.kind is Kind.ELEMENT]
        known = {symbol.name for symbol in own}
        imported = self.meanings.imported_values.items()
        return [
            *own,
            *(
                Symbol(word, Kind.ELEMENT, span=span)
                for word, span in imported
                if word not in known
            ),
        ]


def _declared_by(
    node: syntax.Node, inside: syntax.Declaration
) -> Iterator[tuple[syntax.Name, Kind]]:
    """The names that a node declares itself, with what each stands for."""
    if type(node) not in DECLARING:
        return
    field, kind = DECLARING[type(node)]
    if isinstance(node, syntax.TypedName) and isinstance(inside, syntax.FunctionDeclaration):
        kind = Kind.PARAMETER
    value: Any = getattr(node, field)
    parts = cast(tuple[Any, ...], value) if isinstance(value, tuple) else (value,)
    for part in parts:
        name = getattr(part, "target", getattr(part, "name", part))
        if isinstance(name, syntax.Name):
            yield name, kind


def _about(declaration: syntax.Declaration) -> str:
    """The declaration whose names are in reach inside of one."""
    match declaration:
        case syntax.CounterfactualsDeclaration(model=name) | syntax.AlignDeclaration(model=name):
            return name.text
        case syntax.ClaimDeclaration(body=body):
            return next(
                (statement.model.text for statement in body if isinstance(statement, syntax.Of)), ""
            )
        case syntax.AbstractionDeclaration(fine=name):
            return name.text
        case syntax.ImportDeclaration():
            return ""
        case _:
            return declaration.name.text
