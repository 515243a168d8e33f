"""Expressions with their references replaced."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import cast

from ..expressions import Expression, Reference, children


def with_references(expression: Expression, replacement: Callable[[str], Expression]) -> Expression:
    """The same expression with every reference replaced. What is shared stays shared."""
    known: dict[int, Expression] = {}
    stack = [expression]
    while stack:
        node = stack[-1]
        missing = [part for part in children(node) if id(part) not in known]
        if id(node) in known or missing:
            stack.extend(missing) if id(node) not in known else stack.pop()
            continue
        stack.pop()
        known[id(node)] = _rebuilt(node, known, replacement)
    return known[id(expression)]


def _rebuilt(
    node: Expression, known: dict[int, Expression], replacement: Callable[[str], Expression]
) -> Expression:
    if isinstance(node, Reference):
        return replacement(node.name)
    changed: dict[str, object] = {}
    for one in fields(node):
        value: object = getattr(node, one.name)
        if isinstance(value, Expression):
            changed[one.name] = known[id(value)]
        elif isinstance(value, tuple):
            items = cast("tuple[object, ...]", value)
            changed[one.name] = tuple(
                known[id(item)] if isinstance(item, Expression) else item for item in items
            )
    return replace(node, **changed) if changed else node  # pyright: ignore[reportArgumentType]
