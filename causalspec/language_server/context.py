"""Where in the grammar a cursor stands: what the parser would accept there, and inside what."""

from __future__ import annotations

from dataclasses import dataclass

from lark import Token

from causalspec.dsl.diagnostics import Diagnostics
from causalspec.dsl.recogniser import Recogniser
from causalspec.dsl.source import Source
from causalspec.dsl.tokens import tokenize
from causalspec.dsl.words import BLOCKS, DECLARATIONS, STATEMENTS, joining_words, spellings


@dataclass(frozen=True, slots=True)
class Context:
    """What stands before the word that is being typed.

    `statement` are the tokens from the statement's first word on, `declaration` those from the
    declaration's first word on; `accepted` are the kinds of tokens that can come next.
    """

    declaration: list[Token]
    statement: list[Token]
    accepted: frozenset[str]

    @property
    def start(self) -> int:
        """Where the declaration starts."""
        return (self.declaration[0].start_pos or 0) if self.declaration else 0

    @property
    def block(self) -> str:
        """The word that starts the declaration; empty between declarations."""
        return str(self.declaration[0]) if self.declaration else ""

    @property
    def keywords(self) -> list[str]:
        """The words of the language that can come next."""
        words = {spellings()[kind] for kind in self.accepted if kind in spellings()}
        if "NAME" in self.accepted:
            words -= joining_words()  # accepted as names, which is not what they are for
        return sorted(word for word in words if word.isalpha())


def context_at(source: Source, offset: int) -> Context:
    """The context of the word that ends at an offset."""
    start = offset
    while start > 0 and (source.text[start - 1].isalnum() or source.text[start - 1] == "_"):
        start -= 1
    tokens = tokenize(source, 0, start, Diagnostics())
    declaration = _declaration(tokens)
    statement = _statement(declaration)
    # Without the statements in between: one of them may be broken, and none matters here.
    before = [] if statement is declaration else _header(declaration)
    return Context(declaration, statement, _accepted([*before, *statement]))


def _declaration(tokens: list[Token]) -> list[Token]:
    """The tokens from the start of the last declaration on, if it is still open."""
    start, depth = len(tokens), 0
    for index, token in enumerate(tokens):
        if token == "{":
            depth += 1
        elif token == "}":
            depth -= 1
            if depth <= 0 and str(tokens[min(start, index)]) in BLOCKS:
                start, depth = len(tokens), 0
        elif str(token) in DECLARATIONS and depth <= 0 and not _is_name(tokens, index):
            start, depth = index, 0
    return tokens[start:]


def _is_name(tokens: list[Token], index: int) -> bool:
    """Whether a keyword is used as a name, as in `city.language`."""
    return index > 0 and tokens[index - 1] == "."


def _header(declaration: list[Token]) -> list[Token]:
    """The tokens up to the first brace, with it."""
    for index, token in enumerate(declaration):
        if token == "{":
            return declaration[: index + 1]
    return declaration


def _statement(declaration: list[Token]) -> list[Token]:
    """The tokens from the last statement's first word on."""
    depth = 0
    start = 0
    words = STATEMENTS | {"columns"}
    for index, token in enumerate(declaration):
        if token == "{":
            depth += 1
        elif token == "}":
            depth -= 1
        elif depth == 1 and str(token) in words and not _is_name(declaration, index):
            start = index
    return declaration[start:] if start else declaration


def _accepted(tokens: list[Token]) -> frozenset[str]:
    """What could follow these tokens; nothing where they do not begin a file."""
    recogniser = Recogniser("start")
    stack = recogniser.bottom
    for token in tokens:
        reached = recogniser.after(stack, token.type)
        if reached is None:
            return frozenset()
        stack = reached
    return frozenset(recogniser.expected(stack))
