"""What a name can stand for, how editors show each of these, and the places where it does."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lsprotocol.types import CompletionItemKind as Item
from lsprotocol.types import SymbolKind as Sign

from causalspec.dsl import syntax
from causalspec.dsl.source import Span


class Kind(StrEnum):
    """What a name stands for, in the words that editors show: with its colour among the semantic
    tokens, its sign in the outline (None for what is not worth a line of it), and that of a
    proposal.
    """

    TYPE = "type", "type", Sign.Enum, Item.Struct
    TABLE = "table", "type", Sign.Struct, Item.Struct
    FIELD = "field", "property", Sign.Field, Item.Field
    ELEMENT = "value", "enumMember", Sign.EnumMember, Item.EnumMember
    FUNCTION = "function", "function", Sign.Function, Item.Function
    PARAMETER = "parameter", "parameter"
    INDEX = "index", "parameter"
    TASK = "task", "class", Sign.Interface, Item.Module
    INPUT = "input", "variable", Sign.Constant
    NOISE = "noise", "variable", Sign.Constant
    ABBREVIATION = "abbreviation", "variable", Sign.Variable
    VARIABLE = "variable", "variable", Sign.Variable
    OUTPUT = "output", "variable", Sign.Property
    PROMPT = "prompt", "variable", Sign.String
    SLOT = "slot", "variable"
    MODEL = "model", "class", Sign.Class, Item.Class
    COUNTERFACTUALS = "counterfactuals", "namespace", Sign.Array
    SIDE = "setting of a pair", "variable"
    SOURCE = "source", "variable"
    SPLIT = "split", "property", Sign.Field
    ALIGNMENT = "alignment", "namespace", Sign.Key
    CLAIM = "claim", "namespace", Sign.Event
    ABSTRACTION = "abstraction", "namespace", Sign.Operator
    BUILT_IN = "built in", "function", None, Item.Constant

    colour: str
    sign: Sign | None
    item: Item

    def __new__(
        cls, word: str, colour: str, sign: Sign | None = None, item: Item = Item.Variable
    ) -> Kind:
        kind = str.__new__(cls, word)
        kind._value_, kind.colour, kind.sign, kind.item = word, colour, sign, item
        return kind


VALUED = (Kind.INPUT, Kind.NOISE, Kind.ABBREVIATION, Kind.VARIABLE, Kind.OUTPUT)
"""What has a value in a run."""


@dataclass(slots=True, eq=False)
class Symbol:
    """One thing that has a name. Built-in ones have neither a node nor a place."""

    name: str
    kind: Kind
    node: syntax.Node | None = None
    owner: str | None = None
    """The declaration that it belongs to."""
    help: str = ""
    span: Span | None = None
    """The name that declares it."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A place where a symbol is declared or used. `model` is whose mechanisms hold there."""

    span: Span
    symbol: Symbol
    declares: bool
    model: str | None
