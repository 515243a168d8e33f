"""What a name can stand for, and the places where it does."""

from __future__ import annotations

from dataclasses import dataclass
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
