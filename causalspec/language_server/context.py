"""Where a cursor stands: what the grammar would accept there, inside which declaration, and in the
parentheses of which method or write.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lark import Token
from lsprotocol import types

from causalspec.compiler import Argument, Entry, argument_text
from causalspec.dsl.diagnostics import Diagnostics
from causalspec.dsl.recogniser import Recogniser
from causalspec.dsl.source import Source
from causalspec.dsl.tokens import tokenize
from causalspec.dsl.words import BLOCKS, DECLARATIONS, STATEMENTS, joining_words, spellings
from causalspec.language_server import built_in
from causalspec.language_server.analysis import Analysis

OPENERS, CLOSERS = frozenset("([{"), frozenset(")]}")


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
    accepted = _accepted(declaration)
    if accepted is None:  # an earlier statement is broken: leave it out
        header = _header(declaration)
        accepted = _accepted([*header, *(statement if statement is not declaration else [])])
    return Context(declaration, statement, accepted or frozenset())


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


def _accepted(tokens: list[Token]) -> frozenset[str] | None:
    """What could follow these tokens; None where they do not begin a file."""
    recogniser = Recogniser("start")
    stack = recogniser.bottom
    for token in tokens:
        reached = recogniser.after(stack, token.type)
        if reached is None:
            return None
        stack = reached
    return frozenset(recogniser.expected(stack))


# Arguments of a method or write -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Given:
    """A row of the vocabulary, and the argument that is written; None where there is none."""

    entry: Entry
    argument: Argument | None


def argument_at(context: Context) -> Given | None:
    """What the tokens of a placement lead to; None outside of parentheses of a method or write."""
    tokens = context.statement
    if context.block != "align":
        return None
    opened: list[int] = []
    for index, token in enumerate(tokens):
        if token in OPENERS:
            opened.append(index)
        elif token in CLOSERS and opened:
            opened.pop()
    opened = [index for index in opened if tokens[index] == "(" and index > 1]
    if not opened:
        return None
    entry = _entries(str(tokens[opened[0] - 2])).get(str(tokens[opened[0] - 1]))
    if entry is not None and len(opened) > 1:
        entry = built_in.known().bases.get(str(tokens[opened[1] - 1]))
    return None if entry is None else Given(entry, _argument(entry, tokens[opened[-1] + 1 :]))


def _entries(word: str) -> Mapping[str, Entry]:
    """What a word of a placement leads to."""
    match word:
        case "by":
            return built_in.known().methods
        case "writing":
            return built_in.known().writes
        case _:
            return {}


def _argument(entry: Entry, tokens: list[Token]) -> Argument | None:
    """The argument that comes after these tokens of an argument list."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        depth += (token in OPENERS) - (token in CLOSERS)
        if token == "," and depth == 0:
            parts.append([])
        else:
            parts[-1].append(token)
    if parts[-1][1:2] == ["="]:
        return next(
            (argument for argument in entry.arguments if argument.name == parts[-1][0]), None
        )
    place = len(parts) - 1
    return entry.arguments[place] if place < len(entry.arguments) else None


def signature(analysis: Analysis, offset: int) -> types.SignatureHelp | None:
    """The arguments that can be written here, the one that is being written marked."""
    given = argument_at(context_at(analysis.source, offset))
    if given is None or not given.entry.arguments:
        return None
    entry = given.entry
    shown = [argument_text(argument) for argument in entry.arguments]
    active = None if given.argument is None else entry.arguments.index(given.argument)
    parameters = [
        types.ParameterInformation(label=text, documentation=argument.help)
        for text, argument in zip(shown, entry.arguments, strict=True)
    ]
    label = f"{entry.name}({', '.join(shown)})"
    whole = types.SignatureInformation(label, entry.help, parameters)
    return types.SignatureHelp([whole], active_signature=0, active_parameter=active)
