"""The canonical layout of a file.

Where lines break is the author's choice; how far they are indented, what stands between tokens and
how many blank lines follow each other is not. Columns that an author has aligned stay aligned.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from lark import Token

from causalspec.dsl import syntax
from causalspec.dsl.alignment import Row, aligned
from causalspec.dsl.diagnostics import Diagnostics, InternalError, SpecError
from causalspec.dsl.parser import parse
from causalspec.dsl.source import Source
from causalspec.dsl.spacing import Places, gap, places_of
from causalspec.dsl.tokens import tokenize

INDENT = "  "
ANCHORS = frozenset({"=", ":", "=>", "at"})
OPENERS, CLOSERS = frozenset("([{"), frozenset(")]}")


@dataclass(frozen=True, slots=True)
class Line:
    """One line to be: tokens, a comment, or both; with neither it is blank."""

    tokens: tuple[Token, ...]
    comment: syntax.Comment | None


def format_source(source: Source) -> str:
    """The text of a file in its canonical layout. Where all its lines end in CRLF, they still do;
    where some do, none does.

    Raises `SpecError` for a file that does not parse: what is not understood is not rewritten.
    """
    diagnostics = Diagnostics()
    file = parse(source, diagnostics)
    if diagnostics.has_errors:
        raise SpecError(diagnostics)
    places = places_of(file)
    formatted = _text(source, _lines(source, file, places), places)
    formatted = formatted.replace("\n", source.line_break)
    _ensure_same(file, Source(source.name, formatted))
    return formatted


def _ensure_same(file: syntax.File, formatted: Source) -> None:
    diagnostics = Diagnostics()
    again = parse(formatted, diagnostics)
    comments = [comment.text for comment in file.comments]
    if (
        diagnostics.has_errors
        or again != file
        or comments != [comment.text for comment in again.comments]
    ):
        raise InternalError(f"formatting {formatted.name} would have changed what it says")


# Lines ----------------------------------------------------------------------------------------


def _lines(source: Source, file: syntax.File, places: Places) -> list[Line]:
    """The author's lines, with the breaks that the layout asks for."""
    start = 1 if source.text.startswith("\ufeff") else 0
    tokens = tokenize(source, start, len(source.text), Diagnostics())
    breaks = _forced_breaks(source, tokens, places)
    lines: list[Line] = []
    held: list[Token] = []
    position = start
    for piece in sorted((*tokens, *file.comments), key=lambda piece: _place(piece)[0]):
        begin, end = _place(piece)
        newlines = source.text.count("\n", position, begin)
        if held and (newlines or begin in breaks):
            lines.append(Line(tuple(held), None))
            held = []
        if newlines > 1 and lines:
            lines.append(Line((), None))
        if isinstance(piece, syntax.Comment):
            lines.append(Line(tuple(held), piece))
            held = []
        else:
            held.append(piece)
        position = end
    if held:
        lines.append(Line(tuple(held), None))
    return _without_idle_blanks(lines)


def _place(piece: Token | syntax.Comment) -> tuple[int, int]:
    """Where a token or a comment starts and ends."""
    if isinstance(piece, Token):
        return piece.start_pos or 0, piece.end_pos or 0
    return piece.span.start, piece.span.end


def _without_idle_blanks(lines: list[Line]) -> list[Line]:
    """No blank line at either end of the file or of what stands between brackets."""
    kept: list[Line] = []
    for line in lines:
        if line == Line((), None) and (not kept or _ends_open(kept[-1])):
            continue
        if line.tokens and line.tokens[0] in CLOSERS:
            while kept and kept[-1] == Line((), None):
                kept.pop()
        kept.append(line)
    while kept and kept[-1] == Line((), None):
        kept.pop()
    return kept


def _ends_open(line: Line) -> bool:
    return bool(line.tokens) and line.tokens[-1] in OPENERS


def _forced_breaks(source: Source, tokens: list[Token], places: Places) -> set[int]:
    """Offsets of tokens that start a line, whatever the author wrote.

    Declarations do; and where what stands between braces takes more than one line, so do its first
    token and the closing brace.
    """
    breaks = set(places.declarations)
    opened: list[tuple[int, int]] = []
    line = 0
    for index, token in enumerate(tokens):
        before = tokens[index - 1].end_pos or 0 if index else 0
        line += source.text.count("\n", before, token.start_pos or 0)
        if token in OPENERS:
            opened.append((index, line))
        elif token in CLOSERS:
            opening, opening_line = opened.pop()
            if token == "}" and line > opening_line:
                breaks |= {tokens[opening + 1].start_pos or 0, token.start_pos or 0}
    return breaks


# Text -----------------------------------------------------------------------------------------


def _text(source: Source, lines: list[Line], places: Places) -> str:
    """Indent the lines: below open brackets, and below the start of an unfinished item."""
    opened: list[tuple[Token, int]] = []
    previous: Token | None = None
    rows: list[Row] = []
    for line in lines:
        closing = 0
        while closing < len(line.tokens) and line.tokens[closing] in CLOSERS:
            closing += 1
        if closing:
            level = opened[-closing][1]
        else:
            level = opened[-1][1] + 1 if opened else 0
            if line.tokens and _continues(previous, line.tokens[0], opened, places):
                level += 1
        rows.append(_row(source, line, level, places))
        for token in line.tokens:
            if token in OPENERS:
                opened.append((token, level))
            elif token in CLOSERS:
                opened.pop()
            previous = token
    return "".join(f"{line}\n" for line in aligned(rows))


def _continues(
    previous: Token | None, first: Token, opened: list[tuple[Token, int]], places: Places
) -> bool:
    """Whether a line goes on with what the line before it began."""
    if previous is None or previous in OPENERS or first.start_pos in places.items:
        return False
    return not (previous == "," and bool(opened) and opened[-1][0] != "{")


def _row(source: Source, line: Line, level: int, places: Places) -> Row:
    tokens = line.tokens
    anchor = _anchor(tokens, places)
    comment = line.comment
    return Row(
        indent=INDENT * level,
        head=_joined(tokens[:anchor], places),
        tail=_joined(tokens[anchor:], places),
        anchor_column=_column(source, tokens[anchor].start_pos or 0)
        if anchor < len(tokens)
        else None,
        comment=comment.text if comment else "",
        comment_column=_column(source, comment.span.start) if comment else 0,
        comment_gap=comment.span.start - (tokens[-1].end_pos or 0) if comment and tokens else 0,
    )


def _anchor(tokens: tuple[Token, ...], places: Places) -> int:
    """Which token of a line may be aligned with those of its neighbours; past the end if none."""
    depth = 0
    if tokens and tokens[0].start_pos in places.items:
        for index, token in enumerate(tokens[1:], 1):
            depth += (token in OPENERS) - (token in CLOSERS)
            if depth == 0 and token in ANCHORS:
                return index
    return len(tokens)


def _column(source: Source, offset: int) -> int:
    return source.position(offset)[1]


def _joined(tokens: tuple[Token, ...], places: Places) -> str:
    pieces = [str(token).replace("\r\n", "\n") for token in tokens[:1]]
    for left, right in itertools.pairwise(tokens):
        pieces += [gap(left, right, places), str(right).replace("\r\n", "\n")]
    return "".join(pieces)
