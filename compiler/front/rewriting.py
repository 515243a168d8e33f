"""Expressions with their references replaced."""

from __future__ import annotations

from collections.abc import Callable

from causalspec.compiler.expressions import Expression, Reference, children, with_operands


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
        known[id(node)] = (
            replacement(node.name) if isinstance(node, Reference) else with_operands(node, known)
        )
    return known[id(expression)]
