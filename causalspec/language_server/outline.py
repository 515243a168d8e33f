"""What a file holds, as editors list and fold it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from lsprotocol import types

from causalspec.dsl import syntax
from causalspec.dsl.source import Span
from causalspec.language_server.analysis import Analysis
from causalspec.language_server.moving import statements_of
from causalspec.language_server.symbols import Occurrence


def outline(analysis: Analysis) -> list[types.DocumentSymbol]:
    """Every declaration with what it declares."""
    return [
        _symbol(analysis, top, declaration.span, list(_members(analysis, inside, declaration)))
        for declaration, top, inside in declared(analysis)
    ]


def declared(
    analysis: Analysis,
) -> Iterator[tuple[syntax.Declaration, Occurrence, list[Occurrence]]]:
    """Each declaration with its own name and those declared in it that the outline shows."""
    names = [name for name in analysis.index.occurrences if name.declares]
    for declaration in analysis.file.declarations:
        if isinstance(declaration, syntax.ImportDeclaration):
            continue
        low, high = declaration.span.start, declaration.span.end
        mine = [name for name in names if low <= name.span.start < high]
        top = next((name for name in mine if name.span == declaration.name.span), None)
        if top is not None:
            inside = [
                name for name in mine if name is not top and name.symbol.kind.sign is not None
            ]
            yield declaration, top, inside


def _members(
    analysis: Analysis, names: Sequence[Occurrence], declaration: syntax.Declaration
) -> Iterator[types.DocumentSymbol]:
    for name in names:
        around = (
            node.span
            for node in statements_of(declaration)
            if node.span.start <= name.span.start < node.span.end
        )
        yield _symbol(analysis, name, next(around, name.span), [])


def _symbol(
    analysis: Analysis, name: Occurrence, whole: Span, members: list[types.DocumentSymbol]
) -> types.DocumentSymbol:
    return types.DocumentSymbol(
        name=name.symbol.name,
        detail=str(name.symbol.kind),
        kind=name.symbol.kind.sign or types.SymbolKind.Null,
        range=analysis.positions.range(whole),
        selection_range=analysis.positions.range(name.span),
        children=members,
    )


def folding(analysis: Analysis) -> list[types.FoldingRange]:
    """What can be folded away: declarations, long statements, and comments of several lines."""
    return [fold for fold in _folds(analysis) if fold.start_line < fold.end_line]


def _folds(analysis: Analysis) -> Iterator[types.FoldingRange]:
    for declaration in analysis.file.declarations:
        imports = isinstance(declaration, syntax.ImportDeclaration)
        yield _fold(analysis, declaration, types.FoldingRangeKind.Imports if imports else None)
        for statement in statements_of(declaration):
            yield _fold(analysis, statement, None)
    lines = [
        (analysis.positions.position(comment.span.start), comment)
        for comment in analysis.file.comments
    ]
    text = analysis.source.text
    alone = [
        place.line
        for place, comment in lines
        if not text[text.rfind("\n", 0, comment.span.start) + 1 : comment.span.start].strip()
    ]
    start = alone[0] if alone else 0
    for line, after in pairwise([*alone, -1]):
        if after != line + 1:
            yield types.FoldingRange(start, line, kind=types.FoldingRangeKind.Comment)
            start = after


def _fold(
    analysis: Analysis, node: syntax.Node, kind: types.FoldingRangeKind | None
) -> types.FoldingRange:
    """The lines of a node; a brace that closes it at the start of a line stays to be seen."""
    where = analysis.positions.range(node.span)
    closed = node.span.text.endswith("}")
    line_start = node.span.source.text.rfind("\n", 0, node.span.end) + 1
    alone = node.span.source.text[line_start : node.span.end].strip() == "}"
    end = where.end.line - 1 if closed and alone else where.end.line
    return types.FoldingRange(where.start.line, end, kind=kind)
