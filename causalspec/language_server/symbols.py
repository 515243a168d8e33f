"""What the names of a file stand for: one index that every feature of the editor reads."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from causalspec.dsl import syntax
from causalspec.dsl.source import Span


class Kind(StrEnum):
    """What a name stands for, in the words that editors show."""

    TYPE = "type"
    TABLE = "table"
    FIELD = "field"
    ELEMENT = "value"
    FUNCTION = "function"
    PARAMETER = "parameter"
    INDEX = "index"
    TASK = "task"
    INPUT = "input"
    NOISE = "noise"
    ABBREVIATION = "abbreviation"
    VARIABLE = "variable"
    OUTPUT = "output"
    PROMPT = "prompt"
    SLOT = "slot"
    MODEL = "model"
    COUNTERFACTUALS = "counterfactuals"
    SIDE = "setting of a pair"
    SOURCE = "source"
    SPLIT = "split"
    ALIGNMENT = "alignment"
    CLAIM = "claim"
    ABSTRACTION = "abstraction"
    BUILT_IN = "built in"


@dataclass(slots=True, eq=False)
class Symbol:
    """One thing that has a name. Built-in ones have neither a node nor a place.

    `members` is what a dot leads to: a split, a column, a variable of a side of a pair.
    """

    name: str
    kind: Kind
    node: syntax.Node | None = None
    owner: str | None = None
    """The task or model that it belongs to."""
    members: Scope | None = None
    help: str = ""


@dataclass(slots=True)
class Scope:
    """Names with what they stand for, inside the names of an enclosing scope."""

    names: dict[str, Symbol] = field(default_factory=dict[str, Symbol])
    outer: Scope | None = None

    def find(self, name: str) -> Symbol | None:
        """What a name stands for, innermost first."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.outer
        return None

    def everything(self) -> Iterator[Symbol]:
        """Every symbol in reach, each name once."""
        seen: set[str] = set()
        scope: Scope | None = self
        while scope is not None:
            for name, symbol in scope.names.items():
                if name not in seen:
                    seen.add(name)
                    yield symbol
            scope = scope.outer


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A place where a symbol is declared or used. `model` is whose mechanisms hold there."""

    span: Span
    symbol: Symbol
    declares: bool
    model: str | None


@dataclass(slots=True)
class Index:
    """The symbols of one file."""

    occurrences: list[Occurrence]
    """In the order of the text."""
    file_scope: Scope
    regions: list[tuple[Span, Scope]]
    """Which names are in reach where; inner regions stand behind outer ones."""
    elements: dict[str, Symbol]
    documents: list[tuple[Span, str]]
    """Quoted names of files."""
    members: Callable[[syntax.Expression, Scope], Scope | None]
    """What a dot behind an expression leads to."""
    slots: dict[str, Scope]
    """The slots that alignments of a model can name."""

    def at(self, offset: int) -> Occurrence | None:
        """The occurrence that a cursor touches, the one behind it rather than the one before."""
        starts = [one.span.start for one in self.occurrences]
        last = bisect_right(starts, offset) - 1
        for one in (self.occurrences[i] for i in range(last, max(-1, last - 4), -1)):
            if one.span.start <= offset <= one.span.end:
                return one
        return None

    def of(self, symbol: Symbol) -> list[Occurrence]:
        """Every place of a symbol."""
        return [one for one in self.occurrences if one.symbol is symbol]

    def declarations(self, symbol: Symbol) -> list[Occurrence]:
        """Where a symbol is declared: a model's output is declared by its task, too."""
        return [one for one in self.of(symbol) if one.declares]

    def scope_at(self, offset: int) -> Scope:
        """The names in reach at an offset."""
        scope = self.file_scope
        for span, inner in self.regions:
            if span.start <= offset <= span.end:
                scope = inner
        return scope
