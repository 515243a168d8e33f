"""The method or write whose parentheses a cursor stands in, and which argument is written there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lark import Token
from lsprotocol import types

from causalspec.compiler import Argument, Entry, argument_text
from causalspec.language_server import built_in
from causalspec.language_server.analysis import Analysis
from causalspec.language_server.context import Context, context_at

OPENERS, CLOSERS = frozenset("([{"), frozenset(")]}")


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
