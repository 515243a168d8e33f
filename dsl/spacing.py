"""Which tokens of a parsed file stand close together, and where its items start.

The formatter works on tokens, so that whatever an author may write, parentheses included, comes
back. What tokens alone do not tell (a minus that is a sign, a brace around a set) the tree does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

from lark import Token

from causalspec.dsl import syntax

CLOSE_AFTER = frozenset({"(", "[", ".", ".."})
CLOSE_BEFORE = frozenset({")", "]", ",", ".", "..", "["})

_Item: TypeAlias = (
    syntax.Arm | syntax.Assignment | syntax.TypedName | syntax.ColumnGroup | syntax.Argument
    | syntax.Setting | syntax.EncodeGroup | syntax.TaskStatement | syntax.ModelStatement
    | syntax.CounterfactualsStatement | syntax.Placement | syntax.Of | syntax.Expect
    | syntax.Draw | syntax.Turn | syntax.Marginalize | syntax.Merge | syntax.Collapse
)  # fmt: skip


@dataclass(slots=True)
class Places:
    """Offsets of a file at which something starts or ends that spacing depends on."""

    declarations: set[int] = field(default_factory=set[int])
    items: set[int] = field(default_factory=set[int])
    names: set[int] = field(default_factory=set[int])
    """Where names end: a parenthesis after one opens its arguments."""
    signs: set[int] = field(default_factory=set[int])
    sets: set[int] = field(default_factory=set[int])
    """Where a set's braces start or end."""
    token_ranges: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    """The gaps between the two ends of a range of tokens."""


def places_of(file: syntax.File) -> Places:
    """Walk the tree once; its depth is bounded, but a stack needs no bound."""
    places = Places()
    if file.language is not None:
        places.declarations.add(file.source.text.rindex("language", 0, file.language.span.start))
    pending: list[Any] = [*file.declarations, *file.allowances]
    places.declarations.update(declaration.span.start for declaration in pending)
    while pending:
        value = pending.pop()
        if isinstance(value, tuple):
            pending.extend(value)  # pyright: ignore[reportUnknownArgumentType]
        elif isinstance(value, syntax.Node):
            _note(value, places)
            pending.extend(getattr(value, name) for name in syntax.field_names(type(value)))
    places.items |= places.declarations
    return places


def _note(node: syntax.Node, places: Places) -> None:
    match node:
        case syntax.Name():
            places.names.add(node.span.end)
        case syntax.Unary(operator="-"):
            places.signs.add(node.span.start)
        case syntax.ElementSet():
            places.sets |= {node.span.start, node.span.end - 1}
            places.items.update(element.span.start for element in node.elements)
        case syntax.ImportDeclaration():
            places.items.update(name.span.start for name in node.names)
        case _ if isinstance(node, _Item):
            places.items.add(node.span.start)
            if isinstance(node, syntax.Placement) and len(node.tokens) == 2:
                first, last = node.tokens
                places.token_ranges.append((first.span.end, last.span.start))
        case _:
            pass


def gap(left: Token, right: Token, places: Places) -> str:
    """What stands between two tokens of one line."""
    start, end = right.start_pos or 0, left.end_pos or 0
    if left == "{" and right == "}":
        return ""
    if (left == "{" and left.start_pos in places.sets) or (right == "}" and start in places.sets):
        return ""
    if ".." in (left, right) and any(low <= start <= high for low, high in places.token_ranges):
        return " "
    if left in CLOSE_AFTER or right in CLOSE_BEFORE or left.start_pos in places.signs:
        return ""
    if right == "(" and end in places.names:
        return ""
    if start in places.items and left != "," and left != "{":
        return "  "
    return " "
