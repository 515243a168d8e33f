"""One-letter slips in the words of sound programs, and whether the right word is suggested."""

from __future__ import annotations

import random
import string
from dataclasses import dataclass

from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Diagnostic, Diagnostics
from causalspec.dsl.parser import parse
from causalspec.dsl.source import Source
from causalspec.dsl.syntax import Node
from causalspec.dsl.tokens import tokenize
from causalspec.dsl.words import keywords
from tests.helpers.generated.planted import Program, nodes_of

SHORTEST = 3
"""What a shorter word was meant to be, its letters do not tell."""

DECLARING = {
    **dict.fromkeys(("Declarator", "TypedName", "Prompt", "SplitPart", "Merge"), "name"),
    **dict.fromkeys(("TaskDeclaration", "ModelDeclaration", "ClaimDeclaration"), "name"),
    **dict.fromkeys(("CounterfactualsDeclaration", "AlignDeclaration"), "name"),
    **dict.fromkeys(("AbstractionDeclaration", "DeriveDeclaration"), "name"),
    **dict.fromkeys(("TypeDeclaration", "FunctionDeclaration"), "name"),
    "TableDeclaration": "name key",
    "ImportDeclaration": "names",
    "ColumnGroup": "names",
    "Aggregate": "index",
    "SwapItem": "source",
    "Slot": "alias",
    "ElementSet": "elements",
    "Allow": "code",
}
"""The fields that declare a name, or choose one freely, by the class of the node they are of."""


@dataclass(frozen=True)
class Typo:
    """A program's text with one word misspelt, and all that is reported of it."""

    program: Program
    word: str
    written: str
    start: int
    is_keyword: bool

    def errors(self) -> list[Diagnostic]:
        before, after = self.program.text[: self.start], self.program.text[self.start :]
        return self.program.errors(before + self.written + after[len(self.word) :])

    def is_understood(self, errors: list[Diagnostic]) -> bool:
        """Whether some report of the word suggests what was meant."""
        return any(
            error.span.start <= self.start <= error.span.end
            and (
                f"did you mean `{self.word}`?" == error.help
                or (error.fix is not None and error.fix.replacement.strip() == self.word)
            )
            for error in errors
        )


def typo(program: Program, chance: random.Random) -> Typo | None:
    """One letter too many, too few, wrong, or swapped with the next, in a word that is used.

    None for a slip that makes another word of the program or of the language: what is then meant,
    nobody could tell.
    """
    start, word, is_keyword = chance.choice(_used_words(program))
    letter, place = chance.choice(string.ascii_lowercase), chance.randrange(len(word))
    match chance.randrange(4):
        case 0:
            written = word[:place] + letter + word[place:]
        case 1:
            written = word[:place] + word[place + 1 :]
        case 2:
            written = word[:place] + letter + word[place + 1 :]
        case _:
            place = min(place, len(word) - 2)
            written = word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    if written == word or written in _words(program.text) or written in keywords():
        return None
    return Typo(program, word, written, start, is_keyword)


def declared_names(file: syntax.File) -> set[str]:
    """Every name that a file declares or chooses freely."""
    return {
        node.text
        for root in file.declarations
        for node, parent, field in nodes_of(root)
        if isinstance(node, syntax.Name)
        and (field in DECLARING.get(type(parent).__name__, "").split() or _is_free(node, parent))
    }


def _words(text: str) -> set[str]:
    return set(
        "".join(letter if letter.isalnum() or letter == "_" else " " for letter in text).split()
    )


def _used_words(program: Program) -> list[tuple[int, str, bool]]:
    """Where each word stands that names or says something declared elsewhere; whether it is one
    of the language's own.
    """
    source = Source(program.name, program.text)
    file = parse(source, Diagnostics())
    declared: set[int] = set()
    for root in (*file.declarations, *file.allowances):
        for node, parent, field in nodes_of(root):
            if field in DECLARING.get(type(parent).__name__, "").split() or _is_free(node, parent):
                declared.add(node.span.start)
            if isinstance(parent, syntax.Collapse) and isinstance(node, syntax.Arm):
                declared.add(node.result.span.start)
    return [
        (token.start_pos or 0, str(token), token.type != "NAME")
        for token in tokenize(source, 0, len(program.text), Diagnostics())
        if (token[0].isalpha() or token[0] == "_")
        and len(token) >= SHORTEST
        and token.start_pos not in declared
    ]


def _is_free(node: Node, parent: Node | None) -> bool:
    """Whether a node starts with a name that its place may choose: a tuple's field, a task's
    parameter.
    """
    return (isinstance(parent, syntax.Tuple) and isinstance(node, syntax.Assignment)) or (
        isinstance(parent, syntax.TaskDeclaration) and isinstance(node, syntax.Argument)
    )
