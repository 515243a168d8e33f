"""What surely was meant by a token that cannot stand where it stands."""

from __future__ import annotations

from lark import Token

from causalspec.dsl.diagnostics import Fix, closest
from causalspec.dsl.foreign import WORDS
from causalspec.dsl.grammar import END
from causalspec.dsl.parse_state import ParseState
from causalspec.dsl.source import Span
from causalspec.dsl.spelling import only_word_meant
from causalspec.dsl.tokens import span_of
from causalspec.dsl.words import LEADING_WORDS, OPERATOR_WORDS, keywords

EQUALITIES = {
    "==": "compares",
    ">=": "compares",
    "=>": "leads to an arm's result",
    "=": "gives a value",
}


def repair(state: ParseState) -> list[Token] | None:
    """Report a mistake that has one certain repair; the tokens to put in the wrong one's place."""
    if state.token.type == END:
        return None
    for attempt in (
        _other_equality,
        _other_language,
        _foreign_comment,
        _bare_point,
        _misspelt_word,
        _misspelt_word_before,
        _reserved_name,
    ):
        tokens = attempt(state)
        if tokens is not None:
            return tokens
    return None


def repair_arrow(state: ParseState) -> bool:
    """`->` where `=>` can stand; elsewhere it may be an implication."""
    if state.token != "->" or not state.accepts(["ARROW"]):
        return False
    span = state.span(state.token)
    fix = Fix(span, "=>", "write `=>`")
    state.diagnostics.error("CS109", "`->` is written `=>`", span, fix=fix)
    state.tokens[state.index] = _in_place(state.token, "ARROW", "=>")
    return True


def _follows_a_missing_value(state: ParseState) -> bool:
    """Whether a line `name =` stands below a line that ends in `=`: there the value is missing."""
    before = state.tokens[max(0, state.index - 2) : state.index]
    if [str(state.token), *(token.type for token in before)] != ["=", "EQUALS", "NAME"]:
        return False
    return before[0].line != before[1].line


def _other_equality(state: ParseState) -> list[Token] | None:
    """`=` where `==` or `=>` is meant, and the other way round."""
    wrong = str(state.token)
    if wrong not in {"=", "==", "=>"} or _follows_a_missing_value(state):
        return None
    comparison = ">=" if wrong == "=>" else "=="
    for kind, right in (("COMPARISON", comparison), ("ARROW", "=>"), ("EQUALS", "=")):
        if right != wrong and state.fits(kind):
            fix = Fix(state.span(state.token), right, f"write `{right}`")
            advice = f"`{right}` {EQUALITIES[right]}, `{wrong}` {EQUALITIES[wrong]}"
            if (wrong, right) == ("=>", ">=") and state.after.type != "NUMBER":
                fix, advice = None, f"{advice}; that `b` follows from `a` is written `not a or b`"
            state.diagnostics.error(
                "CS110",
                f"expected `{right}`, found `{wrong}`",
                state.span(state.token),
                help=advice,
                fix=fix,
            )
            return [_in_place(state.token, kind, right)]
    return None


def _other_language(state: ParseState) -> list[Token] | None:
    """`elif` and `return`."""
    token, span, previous = state.token, state.span(state.token), state.previous
    if token == "elif" and state.fits("ELSE", "IF"):
        state.diagnostics.error(
            "CS109",
            "`elif` is written `else if`",
            span,
            fix=Fix(span, "else if", "write `else if`"),
        )
        return [_in_place(token, "ELSE", "else"), _in_place(token, "IF", "if")]
    if state.kept and state.kept[-1] is previous and previous == "return":
        below = len(state.kept) - 1
        if state.accepts([token.type], below):
            place = span_of(state.source, previous)
            gap = Span(state.source, place.start, span.start)
            state.diagnostics.error(
                "CS109",
                "an expression gives its value without `return`",
                place,
                fix=Fix(gap, "", "remove `return`"),
            )
            state.cut(below)
            return [token]
    return None


def _foreign_comment(state: ParseState) -> list[Token] | None:
    """`// words`, which reads as a division until the second word."""
    text, slashes, place = state.source.text, state.token, len(state.kept)
    line_start = text.rfind("\n", 0, slashes.start_pos) + 1
    while slashes != "//":
        place -= 1
        if place < 0 or (state.kept[place].start_pos or 0) < line_start:
            return None
        slashes = state.kept[place]
    # Behind a value, it may be a division with a mistake after it.
    leads = (
        slashes is state.token or not place or state.span(state.kept[place - 1]).end <= line_start
    )
    if slashes is not state.token and not (state.token[0].isalpha() and state.is_unfinished(place)):
        return None
    state.cut(place)
    start, line_end = slashes.start_pos or 0, text.find("\n", slashes.start_pos or 0)
    line_end = line_end if line_end >= 0 else len(text)
    rest = Span(state.source, start, start + len(text[start:line_end].rstrip()))
    fix = Fix(rest, f"#{rest.text[2:]}", "write `#`") if leads else None
    advice = None if leads else "`//` divides and rounds down"
    state.diagnostics.error("CS109", "a comment starts with `#`", rest, help=advice, fix=fix)
    while state.after.type != END and (state.after.start_pos or 0) < line_end:
        del state.tokens[state.index + 1]
    return []


def _bare_point(state: ParseState) -> list[Token] | None:
    """`.5` for `0.5`."""
    token, after = state.token, state.after
    if token != "." or after.type != "NUMBER" or token.end_pos != after.start_pos:
        return None
    if not state.accepts(["NUMBER"]):
        return None
    span = state.span(state.token).to(span_of(state.source, after))
    state.diagnostics.error(
        "CS116",
        f"a number starts with a digit: `{span.text}` is written `0{span.text}`",
        span,
        fix=Fix(span, f"0{span.text}", f"write `0{span.text}`"),
    )
    del state.tokens[state.index + 1]
    return [Token("NUMBER", f"0.{after}", span.start, 1, 1, 1, 1, span.end)]


def _misspelt_word(state: ParseState) -> list[Token] | None:
    """A name where a keyword is expected that is spelt much like it."""
    token = state.token
    if token.type != "NAME":
        return None
    kinds = state.expected()
    candidates = [text for text, kind in keywords().items() if kind in kinds and state.fits(kind)]
    meant = closest(str(token), candidates) or _lengthened(str(token), candidates)
    if meant is None:
        return None
    _report_misspelt(state, token, meant, candidates)
    return [_in_place(token, keywords()[meant], meant)]


def _misspelt_word_before(state: ParseState) -> list[Token] | None:
    """A name before the wrong token that is spelt much like a word which that may follow."""
    token, previous, below = state.token, state.previous, len(state.kept) - 1
    if previous is None or previous.type != "NAME" or state.kept[below:] != [previous]:
        return None
    candidates = [
        text for text, kind in keywords().items() if state.accepts([kind, token.type], below)
    ]
    meant = closest(str(previous), candidates)
    if meant is None:
        return None
    _report_misspelt(state, previous, meant, candidates)
    state.cut(below)
    state.push(_in_place(previous, keywords()[meant], meant))
    return [token]


def _report_misspelt(state: ParseState, token: Token, meant: str, candidates: list[str]) -> None:
    """Suggest a word, and put it in only where no other can have been meant."""
    span = span_of(state.source, token)
    only = only_word_meant(str(token), candidates) or _lengthened(str(token), candidates)
    certain = only == meant and not state.is_declared(token)
    certain = certain and meant not in OPERATOR_WORDS and token not in WORDS
    state.diagnostics.error(
        "CS105",
        f"unknown word `{span.text}`",
        span,
        help=f"did you mean `{meant}`?",
        fix=Fix(span, meant, f"write `{meant}`") if certain else None,
    )


def _lengthened(word: str, candidates: list[str]) -> str | None:
    """`variable` for `var`, `func` for `function`: one statement starts with the other."""
    begun = [
        candidate
        for candidate in candidates
        if candidate in LEADING_WORDS
        and min(len(word), len(candidate)) > 2
        and (word.startswith(candidate) or candidate.startswith(word))
    ]
    return begun[0] if len(begun) == 1 else None


def _reserved_name(state: ParseState) -> list[Token] | None:
    """A reserved word where a name is expected, on one line with it, with what follows a name."""
    token, span = state.token, state.span(state.token)
    word = str(token)
    starts_a_line = "\n" in state.source.text[state.previous_end : span.start]
    if word not in LEADING_WORDS or starts_a_line or not state.fits("NAME"):
        return None
    state.diagnostics.error(
        "CS115",
        f"`{word}` is a reserved word and cannot be a name",
        span,
        help=f"choose another name, `{word}_` for example",
    )
    return [_in_place(token, "NAME", word)]


def _in_place(token: Token, kind: str, text: str) -> Token:
    """A token of our making that stands where `token` stands."""
    return Token(kind, text, token.start_pos, 1, 1, 1, 1, token.end_pos)
