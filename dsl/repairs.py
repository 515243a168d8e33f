"""What to say about a token that cannot stand where it stands, and what surely was meant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lark import Token

from .automaton import END, Automaton
from .diagnostics import Diagnostics, Fix, closest
from .source import Source, Span
from .tokens import span_of
from .words import BLOCKS, DECLARATIONS, STATEMENTS, expected, found, keywords, reserved, spellings


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
        return self.tokens[self.index]

    @property
    def span(self) -> Span:
        return span_of(self.source, self.token)

    @property
    def previous(self) -> Token | None:
        return self.tokens[self.index - 1] if self.index else None

    def fits(self, *kinds: str) -> bool:
        """Whether these tokens in the place of the wrong one let the one after it be read."""
        return self.automaton.accepts([*kinds, self.tokens[self.index + 1].type])


def repair(mistake: Mistake, diagnostics: Diagnostics) -> list[Token] | None:
    """Report a mistake that has one certain repair; the tokens to put in the wrong one's place."""
    if mistake.token.type == END:
        return None
    for attempt in (_other_equality, _other_language, _misspelt_word, _reserved_name):
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
    previous = mistake.previous
    after = f" after {found(previous)}" if previous is not None else ""
    if complete and {"PLUS", "TIMES"} <= kinds:
        diagnostics.error(
            "CS104",
            f"unexpected {found(token)}{after}",
            span,
            help="the statement is complete before it; an operator may be missing",
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


def _other_equality(mistake: Mistake, diagnostics: Diagnostics) -> list[Token] | None:
    """`=` where `==` or `=>` is meant, and the other way round."""
    wrong = str(mistake.token)
    if wrong not in {"=", "==", "=>"}:
        return None
    for kind, right in (("COMPARISON", "=="), ("ARROW", "=>"), ("EQUALS", "=")):
        if right != wrong and mistake.fits(kind):
            use = {"==": "compares", "=>": "leads to an arm's result", "=": "gives a value"}
            diagnostics.error(
                "CS110",
                f"expected `{right}`, found `{wrong}`",
                mistake.span,
                help=f"`{right}` {use[right]}, `{wrong}` {use[wrong]}",
                fix=Fix(mistake.span, right, f"write `{right}`"),
            )
            return [_in_place(mistake.token, kind, right)]
    return None


def _other_language(mistake: Mistake, diagnostics: Diagnostics) -> list[Token] | None:
    token, span = mistake.token, mistake.span
    if token == "elif" and mistake.fits("ELSE", "IF"):
        diagnostics.error(
            "CS109",
            "`elif` is written `else if`",
            span,
            fix=Fix(span, "else if", "write `else if`"),
        )
        return [_in_place(token, "ELSE", "else"), _in_place(token, "IF", "if")]
    return None


def _misspelt_word(mistake: Mistake, diagnostics: Diagnostics) -> list[Token] | None:
    """A name where a keyword is expected that is spelt much like it."""
    token, span = mistake.token, mistake.span
    if token.type != "NAME":
        return None
    kinds = mistake.automaton.expected()
    candidates = [text for text, kind in keywords().items() if kind in kinds and mistake.fits(kind)]
    meant = closest(str(token), candidates)
    if meant is None:
        return None
    diagnostics.error(
        "CS105",
        f"unknown word `{token}`",
        span,
        help=f"did you mean `{meant}`?",
        fix=Fix(span, meant, f"write `{meant}`"),
    )
    return [_in_place(token, keywords()[meant], meant)]


def _reserved_name(mistake: Mistake, diagnostics: Diagnostics) -> list[Token] | None:
    """A reserved word where a name is expected, and the text goes on as after a name."""
    token, span = mistake.token, mistake.span
    word = str(token)
    if not reserved(word) or not mistake.fits("NAME"):
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
    words = STATEMENTS | set(DECLARATIONS)
    return {kind for kind in kinds if kind == END or spellings().get(kind) in words}


def _in_place(token: Token, kind: str, text: str) -> Token:
    """A token of our making that stands where `token` stands."""
    return Token(kind, text, token.start_pos, 1, 1, 1, 1, token.end_pos)


def _a(block: str | None) -> str:
    noun = {"align": "alignment", "derive": "derived model", None: "declaration"}.get(block, block)
    return f"{'an' if str(noun)[0] in 'aeiou' else 'a'} {noun}"


def _listed(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
