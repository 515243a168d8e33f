"""Parts of a file that have mistakes of syntax: nothing is concluded from what they say or lack.

A statement with a mistake is left out whole, for half of it may mean something else. Whoever then
misses a name that stands in it stays silent, and so does whoever misses a statement beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeAlias, TypeVar

from causalspec.dsl import syntax
from causalspec.dsl.source import Span

Statement = TypeVar("Statement", bound=syntax.Node)
Block: TypeAlias = (
    syntax.TaskDeclaration | syntax.ModelDeclaration | syntax.CounterfactualsDeclaration
    | syntax.AlignDeclaration | syntax.ClaimDeclaration | syntax.AbstractionDeclaration
    | syntax.DeriveDeclaration
)  # fmt: skip

WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
LED_BY = re.compile(r"([a-z]+)\b(?!\s*[A-Za-z_])")
WITHOUT_VALUES = re.compile(r"type\s+\w+\s*=?\s*")
VARIABLES = frozenset({"name", "variable", "output", "input", "family"})
DECLARED_BY = {
    **dict.fromkeys(("input", "let", "var", "noise", "output", "merge"), VARIABLES),
    **dict.fromkeys(("type", "table"), frozenset({"type", "name", "column"})),
    **dict.fromkeys(("model", "derive"), frozenset({"model", "control or rival"})),
    "function": frozenset({"function"}),
    "task": frozenset({"task"}),
    "prompt": frozenset({"prompt", "slot"}),
    "counterfactuals": frozenset({"counterfactuals"}),
    "align": frozenset({"alignment"}),
    "split": frozenset({"split"}),
}
"""What is declared by a statement that this word leads, as messages about unknown names say it."""


@dataclass(frozen=True, slots=True)
class Unread:
    """What the parser could not read of a file."""

    spans: tuple[Span, ...] = ()
    names: frozenset[str] = frozenset()
    """The words of it: any of them may have been declared there."""
    nameless: frozenset[str] = frozenset()
    """What was to be declared there, where not even its name is written (of a type, its values)."""

    def may_declare(self, name: str) -> bool:
        """Whether a name that nothing declares stands in what was not read."""
        return not name or name in self.names

    def is_inside(self, node: syntax.Node) -> bool:
        """Whether a part of this node was not read, so that nothing is known to be missing."""
        spans = (span for span in self.spans if span.source is node.span.source)
        return any(_touch(span, node.span) for span in spans)


def set_aside(file: syntax.File) -> tuple[syntax.File, Unread]:
    """The file without its unread statements, and what these may have said."""
    if not file.unread:
        return file, Unread()
    dropped = [*file.unread]

    def whole(nodes: Iterable[Statement]) -> tuple[Statement, ...]:
        kept: list[Statement] = []
        for node in nodes:
            if isinstance(node, Block) or not any(_touch(span, node.span) for span in file.unread):
                kept.append(node)
            else:
                dropped.append(node.span)
        return tuple(kept)

    declarations = tuple(
        replace(node, body=whole(node.body)) if isinstance(node, Block) else node
        for node in whole(file.declarations)
    )
    texts = [span.text for span in dropped]
    places = [node.span for node in file.declarations if isinstance(node, syntax.AlignDeclaration)]
    declaring = [span.text for span in dropped if not any(_touch(span, place) for place in places)]
    unread = Unread(
        spans=tuple(dropped),
        names=frozenset(word for text in texts for word in WORD.findall(text)),
        nameless=frozenset[str]().union(*map(_nameless, declaring)),
    )
    return replace(file, declarations=declarations), unread


def _nameless(text: str) -> frozenset[str]:
    if WITHOUT_VALUES.fullmatch(text):
        return frozenset({"name"})
    led = LED_BY.match(text)
    return DECLARED_BY.get(led[1], frozenset()) if led is not None else frozenset()


def _touch(span: Span, other: Span) -> bool:
    return span.start < other.end and other.start < max(span.end, span.start + 1)
