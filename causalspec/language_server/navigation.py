"""Where names are declared and used, in this file and in those that it names."""

from __future__ import annotations

from pathlib import Path

from lsprotocol import types
from pygls import uris

from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Diagnostics, ToolFailure
from causalspec.dsl.parser import parse
from causalspec.dsl.reading import read_source

from .analysis import Analysis
from .positions import Positions
from .symbols import Occurrence

START = types.Range(types.Position(0, 0), types.Position(0, 0))


def definition(analysis: Analysis, uri: str, offset: int) -> list[types.Location]:
    """Where the name under the cursor is declared, or the file that a quoted name means."""
    for span, name in analysis.index.documents:
        if span.start <= offset <= span.end:
            place = beside(analysis, name)
            return [types.Location(uris.from_fs_path(str(place)) or "", START)] if place else []
    found = analysis.index.at(offset)
    if found is None:
        return []
    if isinstance(found.symbol.node, syntax.ImportDeclaration):
        return _imported(analysis, found.symbol.node, found.symbol.name)
    declared = analysis.index.declarations(found.symbol)
    # A model's output is its task's: from a model, both places are worth seeing.
    return [types.Location(uri, analysis.positions.range(one.span)) for one in declared]


def references(analysis: Analysis, uri: str, offset: int, *, all: bool) -> list[types.Location]:
    """Every use of the name under the cursor, with its declarations where `all` are wanted."""
    return [
        types.Location(uri, analysis.positions.range(one.span))
        for one in occurrences(analysis, offset)
        if all or not one.declares
    ]


def occurrences(analysis: Analysis, offset: int) -> list[Occurrence]:
    """Every place of the symbol under the cursor in this file."""
    found = analysis.index.at(offset)
    return analysis.index.of(found.symbol) if found is not None else []


def beside(analysis: Analysis, name: str) -> Path | None:
    """A file in the spec's folder; None for anything outside it."""
    if analysis.folder is None:
        return None
    folder = analysis.folder.resolve()
    try:
        place = (folder / name).resolve()
        return place if place.is_relative_to(folder) and place.is_file() else None
    except (OSError, RuntimeError, ValueError):
        return None


def _imported(
    analysis: Analysis, node: syntax.ImportDeclaration, name: str
) -> list[types.Location]:
    place = beside(analysis, node.path.value)
    if place is None:
        return []
    try:
        source = read_source(place, str(place), Diagnostics())
    except ToolFailure:
        return []
    if source is None:
        return []
    positions = Positions(source.text, analysis.encoding)
    return [
        types.Location(uris.from_fs_path(str(place)) or "", positions.range(one.name.span))
        for one in parse(source, Diagnostics()).declarations
        if not isinstance(one, syntax.ImportDeclaration) and one.name.text == name
    ]
