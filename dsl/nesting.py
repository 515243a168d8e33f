"""How deep a tree is. What walks one may recurse, so trees handed out are shallow enough."""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from typing import Any, cast

from causalspec.dsl.limits import DEEPEST_NESTING
from causalspec.dsl.syntax import Node


def too_deep(declaration: Node) -> Node | None:
    """The first node that stands more than `DEEPEST_NESTING` nodes below the declaration."""
    pending: list[tuple[Any, int]] = [(declaration, 0)]
    while pending:
        value, depth = pending.pop()
        if isinstance(value, Node):
            if depth > DEEPEST_NESTING:
                return value
            pending.extend((getattr(value, name), depth + 1) for name in _parts(type(value)))
        elif isinstance(value, tuple):
            pending.extend((item, depth) for item in cast("tuple[Any, ...]", value))
    return None


@cache
def _parts(node: type[Node]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(node) if field.name != "span")
