"""How large a lowered expression may be: evaluators walk it as a tree."""

from __future__ import annotations

from causalspec.compiler.expressions import Expression, children
from causalspec.compiler.front.names import Compilation
from causalspec.compiler.front.values import POISONED, Value
from causalspec.dsl import syntax

MOST_NODES = 100_000
MOST_DEPTH = 400


def check_size(compilation: Compilation, value: Value, written: syntax.Node) -> Value:
    """The value, when the tree that it stands for is neither too large nor too deep."""
    nodes, depth = measure(value.node)
    if nodes > MOST_NODES:
        too_much(compilation, written)
        return POISONED
    if depth > MOST_DEPTH:
        compilation.error(
            "CS923",
            f"this expression nests more than {MOST_DEPTH} deep once functions are inlined",
            written.span,
            help="compute parts of it in a `let`; add many terms with `sum(… for i in …)`",
        )
        return POISONED
    return value


def too_much(compilation: Compilation, written: syntax.Node) -> None:
    """Report an expression that cannot be expanded within bounds."""
    compilation.error(
        "CS922",
        "this expression grows too large once functions and families are expanded",
        written.span,
        help="compute shared parts in a `let`, or shrink the family",
    )


def measure(expression: Expression) -> tuple[int, int]:
    """Nodes and depth of the tree, counting a shared node as often as it is reached."""
    known: dict[int, tuple[int, int]] = {}
    stack = [expression]
    while stack:
        node = stack[-1]
        if id(node) in known:
            stack.pop()
            continue
        parts = tuple(children(node))
        missing = [part for part in parts if id(part) not in known]
        if missing:
            stack.extend(missing)
            continue
        stack.pop()
        known[id(node)] = (
            1 + sum(known[id(part)][0] for part in parts),
            1 + max((known[id(part)][1] for part in parts), default=0),
        )
    return known[id(expression)]
