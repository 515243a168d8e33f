"""What to say about a token that cannot stand where it stands, and what surely was meant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lark import Token

from .automaton import END, Automaton
from .diagnostics import Diagnostics, Fix, closest
from .source import Source, Span
from .tokens import span_of
from .words import BLOCKS, DECLARATIONS, STATEMENTS, expected, found, keywords, spellings

LEADING_WORDS = STATEMENTS | set(DECLARATIONS)
EQUALITIES = {
    "==": "compares",
    ">=": "compares",
    "=>": "leads to an arm's result",
    "=": "gives a value",
}


@dataclass(frozen=True, slots=True)
class Mistake:
    """The token at `index` is not accepted. `block` is the declaration whose block it is in."""

    source: Source
    automaton: Automaton
    tokens: list[Token]
    index: int
    block: str | None

    @property
    def token(self) -> Token:
        """The wrong one."""
        return self.tokens[self.index]

    @property
    def span(self) -> Span:
        """Where it stands."""
        return span_of(self.source, self.token)

    @property
    def previous(self) -> Token | None:
        """The last that was right."""
        return self.tokens[self.index - 1] if self.index else None

    @property
    def previous_end(self) -> int:
        """Where the last that was right ends."""
        return span_of(self.source, self.previous).end if self.previous is not None else 0

    def fits(self, *kinds: str) -> bool:
        """Whether these tokens in the place of the wrong one let the one after it be read."""
        return self.automaton.accepts([*kinds, self.tokens[self.index + 1].type])


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


def report(mistake: Mistake, diagnostics: Diagnostics) -> None:
    """Report a mistake that has no certain repair."""
    token, span = mistake.token, mistake.span
    word = spellings().get(token.type)
    kinds = mistake.automaton.expected()
    complete = bool(kinds & {"RBRACE", END}) and bool(_leading(kinds))
    if word in STATEMENTS and complete and word not in BLOCKS.get(mistake.block or "", ()):
        _report_misplaced(word, mistake, diagnostics)
        return
    previous = mistake.previous if {"PLUS", "TIMES"} <= kinds or not complete else None
    after = f" after {found(previous)}" if previous is not None else ""
    block = bool(_leading(kinds) - {END})
    if complete and {"PLUS", "TIMES"} <= kinds:
        diagnostics.error(
            "CS104",
            f"unexpected {found(token)}{after}",
            span,
            help="the statement is complete before it: is an operator missing?" if block else None,
        )
        return
    diagnostics.error("CS104", f"expected {expected(kinds)}{after}, found {found(token)}", span)


def report_nested(mistake: Mistake, diagnostics: Diagnostics) -> None:
    """Report a declaration inside another one."""
    word = str(mistake.token)
    diagnostics.error(
        "CS108",
        f"`{word}` cannot stand inside {_a(mistake.block)}",
        mistake.span,
        help="declarations stand side by side in a file, outside all braces",
    )


def _report_misplaced(word: str, mistake: Mistake, diagnostics: Diagnostics) -> None:
    homes = [block for block, words in BLOCKS.items() if word in words]
    home = f"`{word}` belongs inside {' or '.join(_a(block) for block in homes)}"
    if mistake.block is None:
        diagnostics.error(
            "CS108", f"`{word}` stands outside all declarations", mistake.span, help=home
        )
        return
    holds = _listed(f"`{one}`" for one in BLOCKS[mistake.block])
    diagnostics.error(
        "CS108",
        f"`{word}` cannot stand in {_a(mistake.block)}",
        mistake.span,
        help=f"{home}; {_a(mistake.block)} holds {holds}",
    )


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
            diagnostics.error(
                "CS110",
                f"expected `{right}`, found `{wrong}`",
                mistake.span,
                help=f"`{right}` {EQUALITIES[right]}, `{wrong}` {EQUALITIES[wrong]}",
                fix=Fix(mistake.span, right, f"write `{right}`"),
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
    diagnostics.error("CS109", "a comment starts with `#`", span, fix=Fix(span, "#", "write `#`"))
    while (after := tokens[index + 1]).type != END and (
        source.position(after.start_pos or 0)[0] == line
    ):
        del tokens[index + 1]
    return []


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
    token, span = mistake.token, mistake.span
    if token.type != "NAME":
        return None
    kinds = mistake.automaton.expected()
    candidates = [text for text, kind in keywords().items() if kind in kinds and mistake.fits(kind)]
    meant = closest(str(token), candidates) or _lengthened(str(token), candidates)
    if meant is None:
        return None
    _report_misspelt(span, meant, diagnostics)
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
    _report_misspelt(span_of(mistake.source, previous), meant, diagnostics)
    automaton.cut(below)
    automaton.push(_in_place(previous, keywords()[meant], meant))
    return [token]


def _report_misspelt(span: Span, meant: str, diagnostics: Diagnostics) -> None:
    diagnostics.error(
        "CS105",
        f"unknown word `{span.text}`",
        span,
        help=f"did you mean `{meant}`?",
        fix=Fix(span, meant, f"write `{meant}`"),
    )


def _lengthened(word: str, candidates: list[str]) -> str | None:
    """`variable` for `var`, `func` for `function`: one starts with the other."""
    for candidate in candidates:
        if min(len(word), len(candidate)) > 2 and (
            word.startswith(candidate) or candidate.startswith(word)
        ):
            return candidate
    return None


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


def _leading(kinds: Iterable[str]) -> set[str]:
    """The tokens among `kinds` that start a statement or a declaration, or end the file."""
    return {kind for kind in kinds if kind == END or spellings().get(kind) in LEADING_WORDS}


def _in_place(token: Token, kind: str, text: str) -> Token:
    """A token of our making that stands where `token` stands."""
    return Token(kind, text, token.start_pos, 1, 1, 1, 1, token.end_pos)


def _a(block: str | None) -> str:
    noun = {"align": "alignment", "derive": "derived model", None: "declaration"}.get(block, block)
    return f"{'an' if str(noun)[0] in 'aeiou' else 'a'} {noun}"


def _listed(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
