"""Semantic tokens: each name coloured as what it stands for."""

from __future__ import annotations

from collections.abc import Iterator

from lsprotocol import types

from causalspec.dsl.diagnostics import Diagnostics
from causalspec.dsl.tokens import comments_between, span_of, tokenize
from causalspec.dsl.words import keywords
from causalspec.language_server.analysis import Analysis
from causalspec.language_server.symbols import Kind, Occurrence

TYPES = (
    "keyword", "string", "number", "comment", "operator", "type", "property", "enumMember",
    "function", "parameter", "variable", "class", "namespace",
)  # fmt: skip
MODIFIERS = ("declaration", "readonly", "defaultLibrary")
LEGEND = types.SemanticTokensLegend(list(TYPES), list(MODIFIERS))


def semantic_tokens(analysis: Analysis) -> list[int]:
    """The tokens of a file as the protocol encodes them: each relative to the one before."""
    positions = analysis.positions
    data: list[int] = []
    last_line = last_column = 0
    for start, end, kind, modifiers in sorted(_stretches(analysis)):
        for low, high in positions.pieces(start, end):
            place = positions.position(low)
            same = place.line == last_line
            data += [
                place.line - last_line,
                place.character - last_column if same else place.character,
                positions.units(analysis.source.text[low:high]),
                TYPES.index(kind),
                modifiers,
            ]
            last_line, last_column = place.line, place.character
    return data


def _stretches(analysis: Analysis) -> Iterator[tuple[int, int, str, int]]:
    """Start, end, type and modifiers of everything that gets a colour; nothing overlaps."""
    source = analysis.source
    start = 1 if source.text.startswith("\ufeff") else 0
    tokens = tokenize(source, start, len(source.text), Diagnostics())
    names = {name.span.start: name for name in analysis.index.occurrences}
    for name in names.values():
        yield name.span.start, name.span.end, *_look(name)
    for comment in comments_between(source, tokens):
        yield comment.span.start, comment.span.end, "comment", 0
    words = set(keywords().values())
    ordered = sorted(names)
    for token in tokens:
        span = span_of(source, token)
        if span.start in names:
            continue
        if token.type in ("SHORT_TEXT", "LONG_TEXT"):
            yield from _around(span.start, span.end, ordered, names)
        elif token.type in words:
            yield span.start, span.end, "keyword", 0
        elif token.type == "NUMBER":
            yield span.start, span.end, "number", 0
        elif token.type != "NAME" and not set(token) & set("(){}[],.:"):
            yield span.start, span.end, "operator", 0


def _around(
    start: int, end: int, ordered: list[int], names: dict[int, Occurrence]
) -> Iterator[tuple[int, int, str, int]]:
    """The parts of a text between the names in its slots."""
    position = start
    for place in ordered:
        if start <= place < end:
            if position < place:
                yield position, place, "string", 0
            position = names[place].span.end
    if position < end:
        yield position, end, "string", 0


def _look(occurrence: Occurrence) -> tuple[str, int]:
    kind = occurrence.symbol.kind
    modifiers = 1 if occurrence.declares else 0
    if kind in (Kind.INPUT, Kind.NOISE):
        modifiers |= 2
    if kind is Kind.BUILT_IN:
        modifiers |= 4
    return kind.colour, modifiers
