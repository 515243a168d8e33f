"""Diagnostics for people, with the lines that they speak of, and as plain data for programs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

from causalspec.dsl.diagnostics import Diagnostic, Severity
from causalspec.dsl.display import visible, width
from causalspec.dsl.source import Span

RESET, BOLD = "\x1b[0m", "\x1b[1m"
COLORS = {Severity.ERROR: "\x1b[1;31m", Severity.WARNING: "\x1b[1;33m"}
BLUE, CYAN = "\x1b[1;34m", "\x1b[1;36m"
Paint: TypeAlias = Callable[[str, str], str]
"""Shows a text in a style, or leaves it alone."""

NARROWEST = 40
"""Columns that a quoted line gets, however narrow the terminal is."""


def render_text(diagnostics: Iterable[Diagnostic], *, color: bool, width: int) -> str:
    """All diagnostics, a blank line between two; `width` is that of the terminal in columns."""
    paint = _painted if color else _plain
    return "\n".join(
        "".join(f"{line}\n" for line in _diagnostic(found, paint, width)) for found in diagnostics
    )


def _painted(text: str, style: str) -> str:
    return f"{style}{text}{RESET}"


def _plain(text: str, _style: str) -> str:
    return text


def _diagnostic(diagnostic: Diagnostic, paint: Paint, columns: int) -> Iterator[str]:
    places = [diagnostic.span, *(related.span for related in diagnostic.related)]
    gutter = max(len(str(_last_line(span))) for span in places)
    accent = COLORS[diagnostic.severity]
    title = paint(f"{diagnostic.severity}[{diagnostic.code}]", accent)
    yield f"{title}{paint(f': {visible(diagnostic.message)}', BOLD)}"
    yield from _quote(diagnostic.span, gutter, accent, paint, columns)
    for related in diagnostic.related:
        yield f"{paint('note', BLUE)}: {visible(related.message)}"
        yield from _quote(related.span, gutter, BLUE, paint, columns)
    if diagnostic.help is not None:
        yield f"{' ' * gutter} {paint('=', BLUE)} {paint('help', CYAN)}: {visible(diagnostic.help)}"
    if diagnostic.fix is not None:
        title = visible(diagnostic.fix.title)
        yield f"{' ' * gutter} {paint('=', BLUE)} {paint('fix', CYAN)}: {title}"


def _last_line(span: Span) -> int:
    return span.source.position(_last(span))[0]


def _last(span: Span) -> int:
    """The offset of the last character, or of an empty span itself."""
    return max(span.start, span.end - 1)


def _quote(span: Span, gutter: int, accent: str, paint: Paint, columns: int) -> Iterator[str]:
    """The place of a span and its first line; its last one too where it has several."""
    line, column = span.source.position(span.start)
    bar = paint("|", BLUE)
    yield f"{' ' * gutter}{paint('-->', BLUE)} {visible(span.source.name)}:{line}:{column}"
    yield f"{' ' * gutter} {bar}"
    last, last_column = span.source.position(_last(span))
    marks = [(line, column, last_column if last == line else None)]
    if last != line:
        text = span.source.line(last)
        marks.append((last, len(text) - len(text.lstrip()) + 1, last_column))
    for index, (number, start, end) in enumerate(marks):
        if index and last > line + 1:
            yield paint("...", BLUE)
        text = span.source.line(number)
        end = max(start, len(text)) if end is None else max(start, end)
        shown, indent, length = _window(text, start, end, max(NARROWEST, columns - gutter - 3))
        yield f"{paint(f'{number:>{gutter}}', BLUE)} {bar} {shown}".rstrip()
        yield f"{' ' * gutter} {bar} {' ' * indent}{paint('^' * length, accent)}"


def _window(text: str, start: int, end: int, columns: int) -> tuple[str, int, int]:
    """The part of a line to show, and where in it, and how long, the underline is.

    `start` and `end` are the first and the last column underlined, from 1.
    """
    first = 0
    if end > 2 * columns or width(text[:end]) > columns:
        first = max(0, start - 1 - columns // 3)
    head = "…" if first else ""
    room = columns - len(head)
    stop, used = first, 0
    while stop < len(text) and used + width(text[stop]) < room:
        used += width(text[stop])
        stop += 1
    tail = "…" if stop < len(text) else ""
    indent = len(head) + width(text[first : start - 1])
    under = width(text[start - 1 : min(end, stop)])
    return f"{head}{visible(text[first:stop])}{tail}", indent, max(1, under)


# Plain data ------------------------------------------------------------------------------------


def to_json(diagnostics: Iterable[Diagnostic]) -> list[dict[str, Any]]:
    """One dictionary a diagnostic, ready for `json.dumps`.

    Lines and columns count from 1, offsets from 0, all in code points; ends are exclusive.
    """
    return [
        {
            "code": str(diagnostic.code),
            "severity": str(diagnostic.severity),
            "message": diagnostic.message,
            **_place(diagnostic.span),
            "help": diagnostic.help,
            "related": [
                {"message": related.message, **_place(related.span)}
                for related in diagnostic.related
            ],
            "fix": None
            if diagnostic.fix is None
            else {
                "title": diagnostic.fix.title,
                "replacement": diagnostic.fix.replacement,
                **_place(diagnostic.fix.span),
            },
        }
        for diagnostic in diagnostics
    ]


def _place(span: Span) -> dict[str, Any]:
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(span.end)
    return {
        "file": span.source.name,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
        "start": span.start,
        "end": span.end,
    }
