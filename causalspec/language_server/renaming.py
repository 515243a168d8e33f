"""Renaming: every place of a symbol at once, and only where the file means the same afterwards."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lsprotocol import types

from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Severity
from causalspec.dsl.source import Source, Span
from causalspec.dsl.words import joining_words, keywords

from .analysis import Analysis
from .symbols import Kind, Occurrence, Symbol

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
FIXED = {Kind.BUILT_IN: "the language's own", Kind.SIDE: "the language's own"}


class CannotRenameError(Exception):
    """Why a name stays as it is, as a sentence for the person who asked."""


@dataclass(frozen=True, slots=True)
class Renaming:
    """The name under a cursor, and all the places that have to change with it."""

    chosen: Occurrence
    places: list[Occurrence]


def prepare(analysis: Analysis, offset: int) -> Renaming:
    """What renaming at an offset is about. Raises `CannotRenameError`."""
    found = analysis.index.at(offset)
    if found is None:
        raise CannotRenameError("there is no name that can be renamed here")
    symbol = found.symbol
    if symbol.kind in FIXED:
        raise CannotRenameError(f"`{symbol.name}` is {FIXED[symbol.kind]} name")
    if isinstance(symbol.node, syntax.ImportDeclaration):
        raise CannotRenameError(f"`{symbol.name}` is declared in another file")
    if symbol.kind is Kind.FIELD and symbol.owner is not None:
        raise CannotRenameError(f"`{symbol.name}` is a column of the file behind `{symbol.owner}`")
    return Renaming(found, analysis.index.of(symbol))


def rename(analysis: Analysis, offset: int, name: str) -> list[types.TextEdit]:
    """The edits that rename. Raises `CannotRenameError` where the meaning would change."""
    renaming = prepare(analysis, offset)
    if not NAME.fullmatch(name) or name in set(keywords()) - joining_words():
        raise CannotRenameError(f"`{name}` is not a name")
    renamed = Analysis(
        Source(analysis.source.name, _renamed(analysis.source.text, renaming, name)),
        analysis.folder,
        analysis.encoding,
    )
    if _errors(renamed) > _errors(analysis) or _places(renamed, renaming, name) != _expected(
        renaming, name
    ):
        raise CannotRenameError(f"`{name}` means something else here already")
    return [types.TextEdit(analysis.positions.range(one.span), name) for one in renaming.places]


def _renamed(text: str, renaming: Renaming, name: str) -> str:
    pieces: list[str] = []
    position = 0
    for one in renaming.places:
        pieces += [text[position : one.span.start], name]
        position = one.span.end
    return "".join([*pieces, text[position:]])


def _errors(analysis: Analysis) -> int:
    return sum(one.severity is Severity.ERROR for one in analysis.diagnostics)


def _expected(renaming: Renaming, name: str) -> list[int]:
    """Where the places of the symbol will start."""
    growth = len(name) - len(renaming.chosen.symbol.name)
    return [one.span.start + index * growth for index, one in enumerate(renaming.places)]


def _places(renamed: Analysis, renaming: Renaming, name: str) -> list[int]:
    """Where the places of the symbol do start, once the text is read again."""
    number = renaming.places.index(renaming.chosen)
    found = renamed.index.at(_expected(renaming, name)[number])
    symbol: Symbol | None = found.symbol if found is not None else None
    spans: list[Span] = [one.span for one in renamed.index.of(symbol)] if symbol else []
    return [span.start for span in spans]
