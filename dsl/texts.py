"""What stands between quotes: escapes, and the slots of templates."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

from lark import Token

from causalspec.dsl.diagnostics import Diagnostics, Fix
from causalspec.dsl.limits import MOST_MISTAKES
from causalspec.dsl.source import Source, Span
from causalspec.dsl.syntax import Expression, Name, Slot, Template, Text, Verbatim

ESCAPE = re.compile(r"\\(u\{([0-9A-Fa-f]{1,6})\}|.|\n)")
BRACES = re.compile(r"(?:[^\\{}]|\\u\{[0-9A-Fa-f]*\}|\\.|\\\n)*+(\{\{|\}\}|\{|\})")
"""The next brace that belongs to the template, past escapes: `\\u{1F600}` holds no slot."""
SIMPLE = {"n": "\n", "t": "\t", '"': '"', "\\": "\\"}

ParseSlot: TypeAlias = Callable[[int, int], tuple[Expression, Name | None] | None]
"""Parses the expression of a slot between two offsets of the source; None after a mistake."""


def text_of(source: Source, token: Token, diagnostics: Diagnostics) -> Text:
    """The text that a quoted token stands for."""
    start, body = _inside(token)
    span = Span(source, start - _quotes(token), token.end_pos or 0)
    return Text(span=span, value=unescape(source, start, body, diagnostics))


def template_of(
    source: Source, token: Token, parse_slot: ParseSlot, diagnostics: Diagnostics
) -> Template:
    """The parts of a quoted token, slots parsed; spans point into the token."""
    start, body = _inside(token)
    parts: list[Verbatim | Slot] = []
    verbatim = _Verbatim(source, start, diagnostics)
    position = 0
    readable = True
    while (found := BRACES.match(body, position)) is not None:
        if len(diagnostics.found) >= MOST_MISTAKES:
            break
        brace = found[1]
        verbatim.add(body[position : found.start(1)], start + position)
        position = found.end()
        span = Span(source, start + found.start(1), start + position)
        if len(brace) == 2:
            verbatim.add(brace[0], span.start, span.end)
            continue
        closing = body.find("}", position) if brace == "{" else -1
        if closing < 0:
            _report_brace(span, diagnostics, readable=readable)
            verbatim.add(brace, span.start)
            continue
        verbatim.flush(parts)
        slot = _slot(Span(source, span.start, start + closing + 1), parse_slot, diagnostics)
        if slot is not None:
            parts.append(slot)
        readable = readable and slot is not None
        position = closing + 1
        verbatim = _Verbatim(source, start + position, diagnostics)
    verbatim.add(body[position:], start + position)
    verbatim.flush(parts)
    whole = Span(source, start - _quotes(token), token.end_pos or 0)
    return Template(span=whole, parts=tuple(parts), triple=token.type == "LONG_TEXT")


def unescape(source: Source, start: int, body: str, diagnostics: Diagnostics) -> str:
    """Resolve the escapes of `body`, which stands at offset `start`."""

    def resolve(escape: re.Match[str]) -> str:
        if escape[1] in SIMPLE:
            return SIMPLE[escape[1]]
        if escape[2] is not None:
            code = int(escape[2], 16)
            if code < 0x110000 and not 0xD800 <= code < 0xE000:
                return chr(code)
        if len(diagnostics.found) >= MOST_MISTAKES:
            return escape[0]
        span = Span(source, start + escape.start(), start + escape.end())
        diagnostics.error(
            "CS103",
            f"unknown escape `{escape[0]}`",
            span,
            help=r"the escapes are `\n`, `\t`, `\"`, `\\` and `\u{1F600}`",
        )
        return escape[0]

    return ESCAPE.sub(resolve, body).replace("\r\n", "\n")


class _Verbatim:
    """Gathers text that stands for itself, across doubled braces."""

    def __init__(self, source: Source, start: int, diagnostics: Diagnostics) -> None:
        self._source = source
        self._start = start
        self._end = start
        self._diagnostics = diagnostics
        self._pieces: list[str] = []

    def add(self, body: str, start: int, end: int | None = None) -> None:
        self._pieces.append(unescape(self._source, start, body, self._diagnostics))
        self._end = start + len(body) if end is None else end

    def flush(self, parts: list[Verbatim | Slot]) -> None:
        if text := "".join(self._pieces):
            parts.append(Verbatim(span=Span(self._source, self._start, self._end), text=text))


def _slot(span: Span, parse_slot: ParseSlot, diagnostics: Diagnostics) -> Slot | None:
    """`span` covers the slot with its braces."""
    inside = span.text[1:-1]
    expression, colon, written = inside.partition(":")
    if not expression.strip():
        diagnostics.error(
            "CS114",
            "this slot is empty",
            span,
            help="a slot names what it shows, as in `{amount}`; a brace is written `{{` or `}}`",
        )
        return None
    parsed = parse_slot(span.start + 1, span.start + 1 + len(expression))
    if parsed is None:
        return None
    value, alias = parsed
    return Slot(span=span, value=value, alias=alias, format=written if colon else None)


def _report_brace(span: Span, diagnostics: Diagnostics, *, readable: bool) -> None:
    """Report a brace without its partner, which may belong to a slot that cannot be read."""
    what = "opens a slot that nothing closes" if span.text == "{" else "closes no slot"
    doubled = span.text * 2
    diagnostics.error(
        "CS114",
        f"`{span.text}` {what}",
        span,
        help=f"a brace that stands for itself is written `{doubled}`",
        fix=Fix(span, doubled, f"write `{doubled}`")
        if readable and not _meets_a_word(span)
        else None,
    )


def _meets_a_word(span: Span) -> bool:
    """Whether a brace stands beside what could be in a slot: its partner may be what is missing."""
    text = span.source.text
    beside = text[span.end : span.end + 1] if span.text == "{" else text[span.start - 1]
    return beside.isalnum() or beside in ("_", ")", "]")


def _quotes(token: Token) -> int:
    return 3 if token.type == "LONG_TEXT" else 1


def _inside(token: Token) -> tuple[int, str]:
    """Where the text between the quotes starts, and that text as written."""
    quotes = _quotes(token)
    return (token.start_pos or 0) + quotes, str(token)[quotes:-quotes]
