"""What surely was meant by a token that cannot stand where it stands."""

from __future__ import annotations

from lark import Token

from causalspec.dsl.automaton import END
from causalspec.dsl.diagnostics import Diagnostics, Fix, closest
from causalspec.dsl.foreign import WORDS
from causalspec.dsl.mistake import Mistake
from causalspec.dsl.source import Source, Span
from causalspec.dsl.spelling import only_word_meant
from causalspec.dsl.tokens import span_of
from causalspec.dsl.words import LEADING_WORDS, OPERATOR_WORDS, keywords

EQUALITIES = {
    "==": "compares",
    ">=": "compares",
    "=>": "leads to an arm's result",
    "=": "gives a value",
}


def repair(mistake: Mistake, diagnostics: Diagnostics) -> list[Token] | None:
    """Report a mistake that has one certain repair; the tokens to put in the wrong one's place."""
    if mistake.token.type == END:
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
        tokens = attempt(mistake, diagnostics)
        if tokens is not None:
            return tokens
    return None


def _follows_a_missing_value(mistake: Mistake) -> bool:
    """Whether a line `name =` stands below a line that ends in `=`: there the value is missing."""
    before = mistake.tokens[max(0, mistake.index - 2) : mistake.index]
    if [str(mistake.token), *(one.type for one in before)] != ["=", "EQUALS", "NAME"]:
        return False
    return before[0].line != before[1].line


def _other_equality(mistake: Mistake, diagnostics: Diagnostics) -> list[Token] | None:
    """`=` where `==` or `=>` is meant, and the other way round."""
    wrong = str(mistake.token)
    if wrong not in {"=", "==", "=>"} or _follows_a_missing_value(mistake):
        return None
    comparison = ">=" if wrong == "=>" else "=="
    for kind, right in (("COMPARISON", comparison), ("ARROW", "=>"), ("EQUALS", "=")):
        if right != wrong and mistake.fits(kind):
            fix = Fix(mistake.span, right, f"write `{right}`")
            advice = f"`{right}` {EQUALITIES[right]}, `{wrong}` {EQUALITIES[wrong]}"
            if (wrong, right) == ("=>", ">=") and mistake.after.type != "NUMBER":
                fix, advice = None, f"{advice}; that `b` follows from `a` is written `not a or b`"
            diagnostics.error(
                "CS110",
                f"expected `{right}`, found `{wrong}`",
                mistake.span,
                help=advice,
                fix=fix,
            )
            return [_in_place(mistake.token, kind, right)]
    return None


def _other_language(mistake: Mistake, diagnostics: Diagnostics) -> list[Token] | None:
    """`elif` and `return`."""
    token, span, previous = mistake.token, mistake.span, mistake.previous
    if token == "elif" and mistake.fits("ELSE", "IF"):
        diagnostics.error(
            "CS109",
            "`elif` is written `else if`",
            span,
            fix=Fix(span, "else if", "write `else if`"),
        )
        return [_in_place(token, "ELSE", "else"), _in_place(token, "IF", "if")]
    if previous is not None and previous.type == "NAME" and previous == "return":
        # Nothing was made of the name yet: it is the last that was read.
        below = mistake.automaton.height - 1
        if mistake.automaton.accepts([token.type], below):
            place = span_of(mistake.source, previous)
            gap = Span(mistake.source, place.start, span.start)
            diagnostics.error(
                "CS109",
                "an expression gives its value without `return`",
                place,
                fix=Fix(gap, "", "remove `return`"),
            )
            mistake.automaton.cut(below)
            return [token]
    return None


def _foreign_comment(mistake: Mistake, diagnostics: Diagnostics) -> list[Token] | None:
    """`// words`, which reads as a division until the second word."""
    source, tokens, index = mistake.source, mistake.tokens, mistake.index
    line = source.position(mistake.span.start)[0]
    slashes = next(
        (
            place
            for place in range(index, -1, -1)
            if source.position(tokens[place].start_pos or 0)[0] != line or tokens[place] == "//"
        ),
        -1,
    )
    if (
        slashes < 0
        or tokens[slashes] != "//"
        or source.position(tokens[slashes].start_pos or 0)[0] != line
        or not (mistake.token[0].isalpha() or slashes == index)
    ):
        return None
    if slashes < index:
        height = mistake.automaton.height_before(tokens[slashes])
        if height is None:
            return None
        mistake.automaton.cut(height)
    span = span_of(source, tokens[slashes])
    rest = Span(source, span.start, _line_end(source, span.start))
    # Behind a value, it may be a division with a mistake after it.
    leads = slashes == index or span_of(source, tokens[slashes - 1]).end <= _line_start(
        source, span
    )
    fix = Fix(rest, f"#{rest.text[2:]}", "write `#`") if leads else None
    advice = None if leads else "`//` divides and rounds down"
    diagnostics.error("CS109", "a comment starts with `#`", rest, help=advice, fix=fix)
    while (after := tokens[index + 1]).type != END and (
        source.position(after.start_pos or 0)[0] == line
    ):
        del tokens[index + 1]
    return []


def _line_start(source: Source, span: Span) -> int:
    return source.text.rfind("\n", 0, span.start) + 1


def _line_end(source: Source, offset: int) -> int:
    end = source.text.find("\n", offset)
    return len(source.text[: end if end >= 0 else None].rstrip())


def _bare_point(mistake: Mistake, diagnostics: Diagnostics) -> list[Token] | None:
    """`.5` for `0.5`."""
    token, after = mistake.token, mistake.tokens[mistake.index + 1]
    if token != "." or after.type != "NUMBER" or token.end_pos != after.start_pos:
        return None
    if not mistake.automaton.accepts(["NUMBER"]):
        return None
    span = mistake.span.to(span_of(mistake.source, after))
    diagnostics.error(
        "CS116",
        f"a number starts with a digit: `{span.text}` is written `0{span.text}`",
        span,
        fix=Fix(span, f"0{span.text}", f"write `0{span.text}`"),
    )
    del mistake.tokens[mistake.index + 1]
    return [Token("NUMBER", f"0.{after}", span.start, 1, 1, 1, 1, span.end)]


def _misspelt_word(mistake: Mistake, diagnostics: Diagnostics) -> list[Token] | None:
    """A name where a keyword is expected that is spelt much like it."""
    token = mistake.token
    if token.type != "NAME":
        return None
    kinds = mistake.automaton.expected()
    candidates = [text for text, kind in keywords().items() if kind in kinds and mistake.fits(kind)]
    meant = closest(str(token), candidates) or _lengthened(str(token), candidates)
    if meant is None:
        return None
    _report_misspelt(mistake, token, meant, candidates, diagnostics)
    return [_in_place(token, keywords()[meant], meant)]


def _misspelt_word_before(mistake: Mistake, diagnostics: Diagnostics) -> list[Token] | None:
    """A name before the wrong token that is spelt much like a word which that may follow."""
    token, previous, automaton = mistake.token, mistake.previous, mistake.automaton
    if previous is None or previous.type != "NAME":
        return None
    # If nothing was made of the name yet, it is the last that was read.
    below = automaton.height - 1
    candidates = [
        text for text, kind in keywords().items() if automaton.accepts([kind, token.type], below)
    ]
    meant = closest(str(previous), candidates)
    if meant is None or automaton.height_before(previous) != below:
        return None
    _report_misspelt(mistake, previous, meant, candidates, diagnostics)
    automaton.cut(below)
    automaton.push(_in_place(previous, keywords()[meant], meant))
    return [token]


def _report_misspelt(
    mistake: Mistake, token: Token, meant: str, candidates: list[str], diagnostics: Diagnostics
) -> None:
    """Suggest a word, and put it in only where no other can have been meant."""
    span = span_of(mistake.source, token)
    only = only_word_meant(str(token), candidates) or _lengthened(str(token), candidates)
    certain = only == meant and not mistake.is_declared(token)
    certain = certain and meant not in OPERATOR_WORDS and token not in WORDS
    diagnostics.error(
        "CS105",
        f"unknown word `{span.text}`",
        span,
        help=f"did you mean `{meant}`?",
        fix=Fix(span, meant, f"write `{meant}`") if certain else None,
    )


def _lengthened(word: str, candidates: list[str]) -> str | None:
    """`variable` for `var`, `func` for `function`: one statement starts with the other."""
    begun = [
        one
        for one in candidates
        if one in LEADING_WORDS
        and min(len(word), len(one)) > 2
        and (word.startswith(one) or one.startswith(word))
    ]
    return begun[0] if len(begun) == 1 else None


def _reserved_name(mistake: Mistake, diagnostics: Diagnostics) -> list[Token] | None:
    """A reserved word where a name is expected, on one line with it, with what follows a name."""
    token, span = mistake.token, mistake.span
    word = str(token)
    starts_a_line = "\n" in mistake.source.text[mistake.previous_end : span.start]
    if word not in LEADING_WORDS or starts_a_line or not mistake.fits("NAME"):
        return None
    diagnostics.error(
        "CS115",
        f"`{word}` is a reserved word and cannot be a name",
        span,
        help=f"choose another name, `{word}_` for example",
    )
    return [_in_place(token, "NAME", word)]


def _in_place(token: Token, kind: str, text: str) -> Token:
    """A token of our making that stands where `token` stands."""
    return Token(kind, text, token.start_pos, 1, 1, 1, 1, token.end_pos)
