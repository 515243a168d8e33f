"""Mechanisms as typed trees over integer codes: the one language that every evaluator reads.

The front end lowers a spec's expressions to these nodes once, with scales made explicit, families
expanded, functions inlined and names resolved, so that an evaluator is a short match statement.
Truth values are the integers 0 and 1. Division and remainder floor, as in Python, and their
divisors are positive constants. A node that stands in two places may be one object: evaluators
that walk trees should remember results by `id` where sharing matters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from enum import StrEnum
from operator import attrgetter
from typing import cast, get_args


@dataclass(frozen=True, slots=True)
class Constant:
    value: int


@dataclass(frozen=True, slots=True)
class Reference:
    """The value of a variable of the model, by its full name (`carry[2]` for a family's member)."""

    name: str


class ArithmeticOperator(StrEnum):
    ADD = "+"
    SUBTRACT = "-"
    MULTIPLY = "*"
    FLOOR_DIVIDE = "//"
    REMAINDER = "%"
    MINIMUM = "min"
    MAXIMUM = "max"


@dataclass(frozen=True, slots=True)
class Arithmetic:
    operator: ArithmeticOperator
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class AbsoluteValue:
    operand: Expression


class ComparisonOperator(StrEnum):
    EQUAL = "=="
    NOT_EQUAL = "!="
    LESS = "<"
    LESS_OR_EQUAL = "<="


@dataclass(frozen=True, slots=True)
class Compare:
    operator: ComparisonOperator
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Not:
    operand: Expression


@dataclass(frozen=True, slots=True)
class All:
    """Conjunction; true when empty."""

    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """Disjunction; false when empty."""

    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Choose:
    """`then` where `condition` is 1, else `otherwise`. Both are total, so both may be computed."""

    condition: Expression
    then: Expression
    otherwise: Expression


@dataclass(frozen=True, slots=True)
class Within:
    """Whether the operand is in `low..high` and `operand - low` is a multiple of `step`."""

    operand: Expression
    low: int
    high: int
    step: int = 1


@dataclass(frozen=True, slots=True)
class Lookup:
    """`table[index]`: a table's column, a recoding of symbols. The index is within unless a
    variable left its domain, which is reported and no reason to stop: the nearest entry counts.
    """

    table: tuple[int, ...]
    index: Expression


Expression = (
    Constant | Reference | Arithmetic | AbsoluteValue | Compare | Not | All | Any | Choose | Within
    | Lookup
)  # fmt: skip


def _operands(kind: type) -> Callable[[object], tuple[Expression, ...]]:
    """What reads a node's direct subexpressions off it."""
    if kind in (All, Any):
        return attrgetter("operands")
    names = [one.name for one in fields(kind) if one.type == "Expression"]  # a text, not a type
    match names:
        case []:
            return lambda node: ()
        case [name]:
            read = attrgetter(name)  # no tuple, unlike that of several names
            return lambda node: (read(node),)
        case _:
            return attrgetter(*names)


# Walks of trees ask often, and `fields` is slow.
_OPERANDS = {kind: _operands(kind) for kind in get_args(Expression)}


def children(expression: Expression) -> tuple[Expression, ...]:
    """The direct subexpressions, left to right."""
    return _OPERANDS[type(expression)](expression)


def postorder(expression: Expression) -> tuple[Expression, ...]:
    """The nodes of an expression, each object once, left to right, operands before their node."""
    nodes: list[Expression] = []
    seen: set[int] = set()
    stack: list[Expression | None] = [expression]  # None: the operands of the next one are done
    while stack:
        node = stack.pop()
        if node is None:
            nodes.append(cast("Expression", stack.pop()))
        elif id(node) not in seen:
            seen.add(id(node))
            operands = children(node)
            if operands:
                stack += (node, None)
                stack += reversed(operands)
            else:
                nodes.append(node)
    return tuple(nodes)


def references(expression: Expression) -> tuple[str, ...]:
    """The names that an expression reads, each once, in order of first appearance."""
    names: dict[str, None] = {}
    seen: set[int] = set()
    stack = [expression]
    while stack:
        node = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, Reference):
            names[node.name] = None
        stack.extend(reversed(children(node)))
    return tuple(names)
