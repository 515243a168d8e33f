"""How large a lowered expression may be: evaluators walk it as a tree."""

from __future__ import annotations

from causalspec.compiler.expressions import measure
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
        return compilation.refuse(
            "CS923",
            f"this expression nests more than {MOST_DEPTH} deep once functions are inlined",
            written.span,
            help="compute parts of it in a `let`; add many terms with `sum(… for i in …)`",
        )
    return value


def too_much(compilation: Compilation, written: syntax.Node) -> None:
    """Report an expression that cannot be expanded within bounds."""
    compilation.error(
        "CS922",
        "this expression grows too large once functions and families are expanded",
        written.span,
        help="compute shared parts in a `let`, or shrink the family",
    )
