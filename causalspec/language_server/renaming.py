"""Renaming: every place of a symbol at once, in every file that shares
it, and only where they mean the same afterwards."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from lsprotocol import types

from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Diagnostic, Severity
from causalspec.dsl.source import Source
from causalspec.dsl.words import joining_words, keywords
from causalspec.language_server.analysis import Analysis
from causalspec.language_server.symbols import Kind, Occurrence
from causalspec.language_server.workspace import Shared, Workspace, mentions

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
FIXED = {Kind.BUILT_IN: "the language's own", Kind.SIDE: "the language's own"}

SEEN_THROUGH_TYPES = (Kind.ELEMENT, Kind.FIELD)
"""What files can name that import a type or a table, though the name itself is not imported."""


class CannotRenameError(Exception):
    """Why a name stays as it is, as a sentence for the person who asked."""


def prepare(analysis: Analysis, offset: int) -> Occurrence:
    """The name that renaming at an offset is about. Raises `CannotRenameError`."""
    found = analysis.index.at(offset)
    if found is None:
        raise CannotRenameError("there is no name that can be renamed here")
    symbol = found.symbol
    if symbol.kind in FIXED:
        raise CannotRenameError(f"`{symbol.name}` is {FIXED[symbol.kind]} name")
    if symbol.kind is Kind.FIELD and symbol.owner is not None:
        raise CannotRenameError(f"`{symbol.name}` is a column of the file behind `{symbol.owner}`")
    return found


def rename(
    workspace: Workspace, analysis: Analysis, offset: int, name: str
) -> dict[str, Sequence[types.TextEdit]]:
    """The edits that rename, by file. Raises `CannotRenameError` where the meaning would change."""
    symbol = prepare(analysis, offset).symbol
    if not NAME.fullmatch(name) or name in set(keywords()) - joining_words():
        raise CannotRenameError(f"`{name}` is not a name")
    shared = workspace.sharing(analysis, symbol)
    home = shared[0]
    if isinstance(home.symbol.node, syntax.ImportDeclaration):
        raise CannotRenameError(f"`{symbol.name}` is declared in a file that cannot be read")
    reader = _reader(workspace, shared)
    if reader is not None:
        raise CannotRenameError(
            f"`{symbol.name}` of {_file_name(home.analysis)} also stands in "
            f"{_file_name(reader)}, which imports from it"
        )
    changes: dict[str, Sequence[types.TextEdit]] = {}
    for known in shared:
        places = known.analysis.index.of(known.symbol)
        # Whoever imports the name looks into a file where it has not changed yet.
        if not _means_the_same(known.analysis, places, name, alone=known is home):
            raise CannotRenameError(f"`{name}` means something else here already")
        changes[known.analysis.uri] = [
            types.TextEdit(known.analysis.positions.range(place.span), name) for place in places
        ]
    return changes


def _reader(workspace: Workspace, shared: Sequence[Shared]) -> Analysis | None:
    """Another file than the symbol's home where it stands though it is not imported by its name,
    or may stand; None where there is none.
    """
    home = shared[0]
    seen_through = home.symbol.kind in SEEN_THROUGH_TYPES
    if len(shared) > 1 and (seen_through or home.symbol.owner is not None):
        return shared[1].analysis
    readers = workspace.readers(home.analysis) if seen_through else ()
    return next((reader for reader in readers if mentions(reader, home.symbol.name)), None)


def _file_name(analysis: Analysis) -> str:
    return Path(analysis.source.name).name


def _means_the_same(
    analysis: Analysis, places: Sequence[Occurrence], name: str, *, alone: bool
) -> bool:
    """Whether the same places, and no others, are of one symbol afterwards, and nothing new is
    wrong: with names and types where the file stands `alone`, else with its syntax.
    """
    text = _renamed(analysis.source.text, places, name)
    source = Source(analysis.source.name, text)
    renamed = replace(analysis, source=source, before=None)
    worse = (
        _errors(renamed.diagnostics) > _errors(analysis.diagnostics)
        if alone
        else len(renamed.reading.mistakes) > len(analysis.reading.mistakes)
    )
    growth = len(name) - len(places[0].symbol.name)
    expected = [place.span.start + index * growth for index, place in enumerate(places)]
    found = renamed.index.at(expected[0])
    after = renamed.index.of(found.symbol) if found is not None else []
    return not worse and [place.span.start for place in after] == expected


def _renamed(text: str, places: Sequence[Occurrence], name: str) -> str:
    pieces: list[str] = []
    position = 0
    for place in places:
        pieces += [text[position : place.span.start], name]
        position = place.span.end
    return "".join([*pieces, text[position:]])


def _errors(found: Sequence[Diagnostic]) -> int:
    return sum(diagnostic.severity is Severity.ERROR for diagnostic in found)
