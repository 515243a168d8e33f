"""How compiling one expression asks for another.

The forms of expressions stand in modules that need not know one another: each asks here, and
`elaborate` says which function compiles which form. They call each other as deep as a file nests
and its functions inline: calls of Python functions lie on the heap, and `deep_calls` lets them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from threading import Lock
from typing import Any

from causalspec.compiler.front.arithmetic import TooLargeError
from causalspec.compiler.front.names import MOST_STEPS, Compilation
from causalspec.compiler.front.scopes import Environment
from causalspec.compiler.front.values import POISONED, Expected, Value
from causalspec.dsl import syntax

FORMS: dict[type[syntax.Node], Callable[[Environment, Any, Expected], Value]] = {}
"""What compiles each form of expression."""


DEEP = 10 * MOST_STEPS
"""How many calls lie above one another at most, with all steps of a file in one another."""
_lock = Lock()


@contextmanager
def deep_calls() -> Generator[None]:
    """Let Python's functions nest as deep as the steps of one file reach.

    The limit is that of all threads, and an editor's compile at once: each adds to it and takes off
    what it added.
    """
    with _lock:
        sys.setrecursionlimit(sys.getrecursionlimit() + DEEP)
    try:
        yield
    finally:
        with _lock:
            sys.setrecursionlimit(sys.getrecursionlimit() - DEEP)


def value_of(
    environment: Environment, written: syntax.Expression, expected: Expected = None
) -> Value:
    """What an expression comes to, a part of another one; poisoned when the file's steps end."""
    compilation = environment.compilation
    if compilation.steps_left <= 0:
        if compilation.steps_left == 0:
            compilation.steps_left = -1
            too_much(compilation, compilation.whole or written)
        # Reported where it happened; what was not reached is neither right nor wrong.
        return POISONED
    compilation.steps_left -= 1
    try:
        return FORMS[type(written)](environment, written, expected)
    except TooLargeError:
        return too_large(environment, written)


def too_large(environment: Environment, written: syntax.Node) -> Value:
    """Report a number that evaluators could not compute in 64 bits."""
    return environment.compilation.refuse(
        "CS921",
        written,
        "could leave ±2^62",
        help="use smaller ranges, coarser steps, or fewer factors",
    )


def too_much(compilation: Compilation, written: syntax.Node) -> None:
    """Report an expression that cannot be expanded within bounds."""
    compilation.error(
        "CS922",
        "this expression grows too large once functions and families are expanded",
        written.span,
        help="compute shared parts in a `let`, or shrink the family",
    )
