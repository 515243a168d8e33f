"""What stands between quotes: escapes, and the slots of templates."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

from lark import Token

from causalspec.dsl.diagnostics import Diagnostics, Fix
from causalspec.dsl.limits import MOST_MISTAKES
from causalspec.dsl.source import Source, Span
from causalspec.dsl.syntax import Expression, Name, Slot, Template, Text, TextLoop, Verbatim

PIECE = re.compile(r"\\u\{[0-9A-Fa-f]*\}|\\.|\\\n|\{\{|\}\}|[{}\\]|[^\\{}]+")
"""Of what stands between quotes: an escape (`\\u{1F600}` holds no slot), a brace, or other text."""
SIMPLE = {r"\n": "\n", r"\t": "\t", r"\"": '"', r"\\": "\\"}
UNICODE = re.compile(r"\\u\{([0-9A-Fa-f]{1,6})\}")

_DEEPEST = 2
"""So many texts may lie one in the other: a loop in a prompt, and a choice of words in the loop."""


def _text_pattern(depth: int) -> str:
    """A quoted text on one line, whose slots may hold texts. Nothing in it is tried twice."""
    slot = rf"|{_slot_pattern(depth, '')}" if depth else ""
    return rf'"(?!"")(?>[^"\\\n{{]+|\\.|\{{\{{{slot}|\{{)*"'


def _slot_pattern(depth: int, line_break: str = r"\n") -> str:
    """A slot up to its own brace: texts in it stand first in a loop, or where a word leads to one;
    quotes anywhere else end the text that the slot is in.
    """
    text = _text_pattern(depth - 1)
    led = rf"(?:=>|\bthen\b|\belse\b|\bby\b)\s*{text}"
    other = r'[^{}"\\]' if line_break else r'[^{}"\\\n]'
    braces = rf"\{{(?>{led}|{other})*\}}"
    return rf"\{{(?>\s*{text}(?=\s+for\b))?(?>{led}|{other}|{braces})*\}}"


TEXT = re.compile(_text_pattern(_DEEPEST))
SLOT = re.compile(_slot_pattern(_DEEPEST))
NESTED = re.compile(rf"{_text_pattern(_DEEPEST - 1)}|\{{[^{{}}]*\}}")
"""What a slot's format does not lie in."""

ParseSlot: TypeAlias = Callable[[int, int], tuple[Expression | TextLoop, Name | None] | None]
"""Parses the expression of a slot between two offsets of the source; None after a mistake."""


def text_of(source: Source, token: Token, diagnostics: Diagnostics) -> Text:
    """The text that a quoted token stands for."""
    whole, inside = _inside(source, token)
    pieces = [
        _resolved(
            Span(source, inside.start + piece.start(), inside.start + piece.end()), diagnostics
        )
        for piece in PIECE.finditer(inside.text)
    ]
    return Text(span=whole, value="".join(pieces).replace("\r\n", "\n"))


def template_of(
    source: Source, token: Token, parse_slot: ParseSlot, diagnostics: Diagnostics
) -> Template:
    """The parts of a quoted token, slots parsed; spans point into the token."""
    whole, inside = _inside(source, token)
    text = source.text
    parts: list[Verbatim | Slot] = []
    pieces: list[str] = []
    began = position = inside.start
    readable = True
    closed = whole.end - whole.start == len(token)  # else what it holds is not all its own

    def finish_verbatim() -> None:
        if verbatim := "".join(pieces).replace("\r\n", "\n"):
            parts.append(Verbatim(span=Span(source, began, position), text=verbatim))
        pieces.clear()

    while (piece := PIECE.match(text, position, inside.end)) is not None:
        if len(diagnostics.found) >= MOST_MISTAKES:
            break
        span = Span(source, *piece.span())
        opens = span.text == "{" and closed
        closing = _closing(text, position, inside.end) if opens else -1
        if closing >= 0:
            finish_verbatim()
            slot = _slot(Span(source, position, closing + 1), parse_slot, diagnostics)
            if slot is not None:
                parts.append(slot)
            readable = readable and slot is not None
            began = position = closing + 1
            continue
        if span.text in {"{", "}"} and closed:
            _report_brace(span, diagnostics, readable=readable)
        doubled = span.text in {"{{", "}}"}
        pieces.append(span.text[0] if doubled else _resolved(span, diagnostics))
        position = span.end
    finish_verbatim()
    return Template(span=whole, parts=tuple(parts), triple=token.type == "LONG_TEXT")


def _closing(text: str, start: int, end: int) -> int:
    """Where the slot that opens at `start` closes, -1 where nothing does."""
    whole = SLOT.match(text, start, end)
    # One that is not whole ends as soon as it can: what is wrong with it is then said of itself.
    return text.find("}", start, end) if whole is None else whole.end() - 1


def text_end(text: str, start: int, end: int) -> int | None:
    """Where a text in single quotes ends whose slots hold texts, None where it is none."""
    whole = TEXT.match(text, start, end)
    return None if whole is None else whole.end()


def _resolved(span: Span, diagnostics: Diagnostics) -> str:
    """What a piece stands for: an escape for another character, all else for itself."""
    written = span.text
    if written in SIMPLE:
        return SIMPLE[written]
    if (number := UNICODE.fullmatch(written)) is not None:
        code = int(number[1], 16)
        if code < 0x110000 and not 0xD800 <= code < 0xE000:
            return chr(code)
    if written[0] == "\\" and len(written) > 1 and len(diagnostics.found) < MOST_MISTAKES:
        shown = written if number is not None else written[:2]
        diagnostics.error(
            "CS103",
            f"unknown escape `{shown}`",
            Span(span.source, span.start, span.start + len(shown)),
            help=r"the escapes are `\n`, `\t`, `\"`, `\\` and `\u{1F600}`",
        )
    return written


def _slot(span: Span, parse_slot: ParseSlot, diagnostics: Diagnostics) -> Slot | None:
    """`span` covers the slot with its braces."""
    inside = span.text[1:-1]
    hidden = NESTED.sub(lambda nested: "_" * len(nested[0]), inside)
    stop = hidden.find(":")
    colon = stop >= 0
    expression, written = (inside[:stop], inside[stop + 1 :]) if colon else (inside, "")
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


def _inside(source: Source, token: Token) -> tuple[Span, Span]:
    """Where a quoted token stands, and what lies between its quotes."""
    quotes = 3 if token.type == "LONG_TEXT" else 1
    end = token.end_pos or 0
    begin = (token.start_pos or 0) + quotes
    return Span(source, begin - quotes, end), Span(source, begin, begin + len(token) - 2 * quotes)
