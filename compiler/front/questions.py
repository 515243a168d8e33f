"""How compiling one expression asks for another.

Handlers are generators that yield the questions whose answers they need, and `answer` keeps their
stack on the heap: however deep a file nests or its functions inline, Python's own stack stays
shallow. Questions are data, so the handlers need not know one another.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from causalspec.compiler.domains import Domain
from causalspec.compiler.front.names import Compilation
from causalspec.compiler.front.scopes import Declared, Environment
from causalspec.compiler.front.values import Value
from causalspec.dsl import syntax

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class PlainWords:
    """The expected type `words`: symbols of any set, and sets may unite."""


Expected = Domain | PlainWords | None
"""What the place of an expression expects: it decides which set a symbol's name belongs to."""


@dataclass(frozen=True, slots=True)
class Compile:
    """What is the value of this expression, here?"""

    environment: Environment
    expression: syntax.Expression
    expected: Expected = None


@dataclass(frozen=True, slots=True)
class Settle:
    """Compile this variable's mechanism, unless that is done: what is a reference to it?"""

    variable: Declared


Question = Compile | Settle
Pending: TypeAlias = Generator[Question, Value, Value]
Helper: TypeAlias = Generator[Question, Value, Result]
"""A part of a handler, for `yield from`, that comes to something else than a value."""


class OutOfWorkError(Exception):
    """The file takes more steps than any honest one."""


def answer(
    question: Question, handler: Callable[[Question], Pending], compilation: Compilation
) -> Value:
    """The answer to a question, by way of all that it asks; `OutOfWorkError` when the file has
    used up its steps.
    """
    stack = [handler(question)]
    value: Value | None = None
    while compilation.steps_left > 0:
        compilation.steps_left -= 1
        try:
            # A generator is started by None, which its type has no room for.
            asked = next(stack[-1]) if value is None else stack[-1].send(value)
        except StopIteration as end:
            stack.pop()
            value = end.value
            if not stack:
                assert value is not None
                return value
        else:
            stack.append(handler(asked))
            value = None
    raise OutOfWorkError
