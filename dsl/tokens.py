"""Text to tokens, past every mistake: what cannot be read is reported and stepped over.

The grammar's own lexer does the reading. Here lies only what it cannot know: how to go on after
characters that start no token, and what people write who come from another language.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import islice

from lark import Token
from lark.exceptions import UnexpectedCharacters
from lark.lexer import LexerState, LineCounter
from lark.utils import TextSlice

from causalspec.dsl.diagnostics import Diagnostics, Fix, Related
from causalspec.dsl.foreign import block_comment_at, sign_at, space_at
from causalspec.dsl.grammar import interactive
from causalspec.dsl.limits import MOST_MISTAKES, MOST_TOKENS
from causalspec.dsl.source import Source, Span
from causalspec.dsl.syntax import Comment
from causalspec.dsl.texts import text_end

COMMENT = re.compile(r"#[^\n]*")
LINE_BREAK = re.compile(r"[\r\v\f\x85\u2028\u2029]")
UNREADABLE = re.compile(r"[^A-Za-z0-9_\"#\s{}()\[\],.:=<>+\-*/%~!&|;'‘’“”]+")
CURLY_TEXT = re.compile(r"[“”]([^“”\"\\\n]*)[“”\"]|['‘’]([^'‘’\"\\\n]*)['‘’]")
TRIPLE_TEXT = re.compile(r"'''([^'\"\\\\]*)'''")
PREFIXES = frozenset({"f", "r", "b", "u", "rf", "fr", "F", "R"})
"""What other languages write right before a text's quotes."""

FOREIGN_OPERATOR = re.compile(r"/\*|<=>|(?:->|:=|===|!==)(?![=>])|(?:<>|=<)(?!=)")
"""What starts with a token of ours, and is none."""

TRUTHS = {"True": "TRUE", "False": "FALSE"}


def span_of(source: Source, token: Token) -> Span:
    """Where a token stands."""
    start = token.start_pos or 0
    return Span(source, start, start + len(token) if token.end_pos is None else token.end_pos)


def tokenize(source: Source, start: int, end: int, diagnostics: Diagnostics) -> list[Token]:
    """The tokens between two offsets; what starts none of them is reported.

    Ends early after one token more than a file may have, or more mistakes than anyone would read.
    """
    return list(islice(_read(source, start, end, diagnostics), MOST_TOKENS + 1))


def comments_between(source: Source, tokens: list[Token]) -> tuple[Comment, ...]:
    """The comments: all that starts with `#` in the gaps between tokens."""
    gaps: list[tuple[int, int]] = []
    position = 0
    for token in tokens:
        span = span_of(source, token)
        gaps.append((position, span.start))
        position = span.end
    gaps.append((position, len(source.text)))
    return tuple(
        Comment(span=Span(source, *found.span()), text=found[0].rstrip())
        for low, high in gaps
        if low < high
        for found in COMMENT.finditer(source.text, low, high)
    )


def report_hidden_lines(comments: Iterable[Comment], diagnostics: Diagnostics) -> None:
    """Report text that looks like a line of its own and is part of a comment: lines end with a line
    feed alone, and editors break them at other characters, too.
    """
    for comment in comments:
        text = comment.span.text.rstrip()  # blanks behind it hide nothing
        found = LINE_BREAK.search(text)
        if found is not None:
            low, high = comment.span.start + found.start(), comment.span.start + len(text)
            code = ord(found[0])
            diagnostics.error(
                "CS119",
                f"U+{code:04X} ends no line, so that what follows is part of the comment before it",
                Span(comment.span.source, low, high),
                help="end the line with a line feed",
            )


def _read(source: Source, start: int, end: int, diagnostics: Diagnostics) -> Iterator[Token]:
    lexer = interactive("", "start").lexer_thread.lexer
    place = LineCounter("\n")
    place.char_pos = start
    state = LexerState(TextSlice(source.text, start, end), place)
    seen: set[str] = set()
    last: Token | None = None
    while len(diagnostics.found) < MOST_MISTAKES:
        try:
            read: Token = lexer.next_token(state)
        except EOFError:
            break
        except UnexpectedCharacters:
            token, at = None, place.char_pos
        else:
            token, at = read, read.start_pos or 0
        if token is not None and token.type == "SHORT_TEXT" and "{" in token:
            token = _with_slots(source, token, end)
            place.char_pos = token.end_pos or end
        after = place.char_pos
        in_a_name = token is None or token[0].isidentifier()
        if in_a_name and after < end and _is_letter(source.text[after]):
            token = _other_letters(source, at, end, seen, diagnostics)
            place.char_pos = token.end_pos or end
        elif token is None or FOREIGN_OPERATOR.match(source.text, at, end):
            place.char_pos, token = _step_over(source, at, end, diagnostics)
        if token is not None and last is not None and last.end_pos == token.start_pos:
            token, last = _apart(source, last, token, diagnostics)
        if token is not None and token.type == "NAME" and token in TRUTHS:
            token = _truth(source, last, token, diagnostics)
        if token is not None:
            if last is not None:
                yield last
            last = token
    if last is not None:
        yield last


def _with_slots(source: Source, token: Token, end: int) -> Token:
    """The whole of a text whose slots hold texts, which the grammar's lexer ends in them."""
    start = token.start_pos or 0
    stop = text_end(source.text, start, end)
    if stop is None or stop == token.end_pos:
        return token
    return _token(token.type, source.text[start:stop], Span(source, start, stop))


def _is_letter(character: str) -> bool:
    """Whether a character is a letter, or an accent on one."""
    return unicodedata.category(character)[0] in "LM"


def _other_letters(
    source: Source, start: int, end: int, seen: set[str], diagnostics: Diagnostics
) -> Token:
    """A name with letters beyond a to z is read as one, and reported where it comes first."""
    stop = start
    while stop < end and (
        source.text[stop].isalnum() or _is_letter(source.text[stop]) or source.text[stop] == "_"
    ):
        stop += 1
    span = Span(source, start, stop)
    if span.text not in seen:
        seen.add(span.text)
        diagnostics.error(
            "CS118",
            f"`{span.text}` has letters that names cannot have",
            span,
            help="names are of the letters a to z, digits and `_`; a symbol may be any text in "
            'quotes, as in `{"Köln", Bonn}`',
        )
    return _token("NAME", span.text, span)


def _step_over(
    source: Source, start: int, end: int, diagnostics: Diagnostics
) -> tuple[int, Token | None]:
    """Report what starts no token at `start`; where to go on, and a token in its place."""
    text = source.text
    if text.startswith("/*", start, end):
        return block_comment_at(source, start, end, diagnostics), None
    if text[start] == '"':
        return _unterminated(source, start, end, diagnostics)
    if (triple := TRIPLE_TEXT.match(text, start, end)) is not None:
        span = Span(source, *triple.span())
        told, written = 'texts of several lines stand between `"""`', f'"""{triple[1]}"""'
        fix = Fix(span, written, 'write `"""`')
        diagnostics.error("CS109", told, span, fix=fix)
        return span.end, _token("LONG_TEXT", written, span)
    if (curly := CURLY_TEXT.match(text, start, end)) is not None:
        span = Span(source, *curly.span())
        straight = f'"{curly[1] if curly[1] is not None else curly[2]}"'
        diagnostics.error(
            "CS109",
            f"texts are written between straight double quotes, not `{curly[0][0]}`",
            span,
            fix=Fix(span, straight, f"write `{straight}`"),
        )
        return span.end, _token("SHORT_TEXT", straight, span)
    if (sign := sign_at(source, start, end, diagnostics)) is not None:
        span = Span(source, start, start + len(sign.written))
        return span.end, _token(sign.kind, sign.here, span) if sign.kind else None
    if space_at(source, start, diagnostics):
        return start + 1, None
    if text[start] == ";":
        span = Span(source, start, start + 1)
        between = "" if text[span.end : span.end + 1].isspace() or span.end == end else " "
        diagnostics.error(
            "CS109",
            "statements need no `;` at their end",
            span,
            fix=Fix(span, between, "remove `;`"),
        )
        return span.end, None
    unreadable = UNREADABLE.match(text, start, end)
    span = Span(source, start, unreadable.end() if unreadable else start + 1)
    noun = "character" if span.end - span.start == 1 else "characters"
    diagnostics.error("CS101", f"unknown {noun} `{span.text}`", span)
    return span.end, None


def _unterminated(
    source: Source, start: int, end: int, diagnostics: Diagnostics
) -> tuple[int, Token]:
    """A text without its closing quotes runs to the end of its line, a triple one of the file."""
    text = source.text
    quotes = '"""' if text.startswith('"""', start, end) else '"'
    stop = end if quotes == '"""' else text.find("\n", start, end)
    stop = end if stop < 0 else stop
    last = Span(source, stop, stop)
    diagnostics.error(
        "CS102",
        f"this text has no closing `{quotes}`",
        Span(source, start, start + len(quotes)),
        related=[Related(last, "the text runs to here")],
    )
    kind = "LONG_TEXT" if quotes == '"""' else "SHORT_TEXT"
    token = _token(kind, text[start:stop] + quotes, Span(source, start, stop))
    return stop, token


def _truth(source: Source, before: Token | None, token: Token, diagnostics: Diagnostics) -> Token:
    """`True` and `False`, which among other elements of a set may be meant as symbols."""
    span, written = span_of(source, token), token.lower()
    listed = before is not None and before in {"{", ","}
    element = listed and re.compile(r"\s*[,}]").match(source.text, span.end) is not None
    diagnostics.error(
        "CS109",
        f"`{token}` is written `{written}`",
        span,
        help="the set of truth values is the type `bool`" if element else None,
        fix=None if element else Fix(span, written, f"write `{written}`"),
    )
    return _token(TRUTHS[token], written, span)


def _apart(
    source: Source, left: Token, right: Token, diagnostics: Diagnostics
) -> tuple[Token | None, Token | None]:
    """The second and the first of two tokens without a space between them; one of them is None
    where it should not stand there.
    """
    span = span_of(source, left)
    if (left.type, right.type) == ("NUMBER", "NAME"):
        whole = span.to(span_of(source, right))
        advice = "a number is digits, as in `10_000`, and a product has its sign, as in `3 * x`"
        diagnostics.error("CS116", f"`{whole.text}` is not a number", whole, help=advice)
        return None, left
    if left.type == "NAME" and left in PREFIXES and right.type in {"SHORT_TEXT", "LONG_TEXT"}:
        told = f"texts need no `{left}` before them: `{{…}}` is a slot in every prompt"
        diagnostics.error("CS109", told, span)
        return right, None
    return right, left


def _token(kind: str, text: str, span: Span) -> Token:
    """A token of our making in the place of `span`. Lark reads no lines or columns here."""
    return Token(kind, text, span.start, 1, 1, 1, 1, span.end)
