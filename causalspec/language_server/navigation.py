"""Where names are declared and used, in this file and in those that share them."""

from __future__ import annotations

from lsprotocol import types
from pygls import uris

from causalspec.language_server.analysis import Analysis
from causalspec.language_server.outline import declared
from causalspec.language_server.symbols import Occurrence
from causalspec.language_server.workspace import Workspace

START = types.Range(types.Position(0, 0), types.Position(0, 0))


def definition(workspace: Workspace, analysis: Analysis, offset: int) -> list[types.Location]:
    """Where the name under the cursor is declared, or the file that a quoted name means."""
    for span, name in analysis.index.documents:
        if span.start <= offset <= span.end:
            place = analysis.beside(name)
            return [types.Location(uris.from_fs_path(str(place)) or "", START)] if place else []
    found = analysis.index.at(offset)
    if found is None:
        return []
    home = workspace.sharing(analysis, found.symbol)[0]
    declaring = home.analysis.index.declarations(home.symbol)
    # A model's output is its task's: from a model, both places are worth seeing.
    return [_location(home.analysis, occurrence) for occurrence in declaring]


def references(
    workspace: Workspace, analysis: Analysis, offset: int, *, all: bool
) -> list[types.Location]:
    """Every use of the name under the cursor, with its declarations where `all` are wanted."""
    found = analysis.index.at(offset)
    if found is None:
        return []
    return [
        _location(shared.analysis, occurrence)
        for shared in workspace.sharing(analysis, found.symbol)
        for occurrence in shared.analysis.index.of(shared.symbol)
        if all or not occurrence.declares
    ]


def highlights(analysis: Analysis, offset: int) -> list[types.DocumentHighlight]:
    """Every place in this file of the name under the cursor."""
    found = analysis.index.at(offset)
    kinds = types.DocumentHighlightKind
    return [
        types.DocumentHighlight(
            analysis.positions.range(occurrence.span),
            kinds.Write if occurrence.declares else kinds.Read,
        )
        for occurrence in (analysis.index.of(found.symbol) if found is not None else [])
    ]


def workspace_symbols(
    workspace: Workspace, near: Analysis | None, query: str
) -> list[types.WorkspaceSymbol]:
    """What all specs of the workspace declare, where the query's letters occur in this order."""
    encoding = near.encoding if near is not None else "utf-16"
    folder = near.path.parent if near is not None and near.path is not None else None
    symbols: list[types.WorkspaceSymbol] = []
    for analysis in workspace.specs(folder, encoding):
        for _, top, inside in declared(analysis):
            for occurrence in (top, *inside):
                if _matches(query.lower(), occurrence.symbol.name.lower()):
                    owner = None if occurrence is top else top.symbol.name
                    kind = occurrence.symbol.kind.sign or types.SymbolKind.Null
                    place = _location(analysis, occurrence)
                    symbols.append(
                        types.WorkspaceSymbol(
                            place, occurrence.symbol.name, kind, container_name=owner
                        )
                    )
    return symbols


def _matches(query: str, name: str) -> bool:
    letters = iter(name)
    return all(letter in letters for letter in query)


def _location(analysis: Analysis, occurrence: Occurrence) -> types.Location:
    return types.Location(analysis.uri, analysis.positions.range(occurrence.span))
