"""Mechanisms as typed trees over integer codes: the one language that every evaluator reads.

The front end lowers a spec's expressions to these nodes once, with scales made explicit, families
expanded, functions inlined and names resolved, so that an evaluator is a short match statement.
Truth values are the integers 0 and 1. Division and remainder floor, as in Python, and their
divisors are positive constants. A node that stands in two places may be one object: evaluators
that walk trees should remember results by `id` where sharing matters.

Evaluation is *partial*: `Undefined` has no value, nor has a reference to a variable without one,
and what reads such a value has none. Read are all operands but these: the branch that `Choose` does
not take, and, as in Kleene's logic, what can't change a conjunction that is false anyway or a
disjunction that is true.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
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
    """`then` where `condition` is 1, else `otherwise`. The other one is not read."""

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
    """`table[index]`: a table's column, a recoding of symbols. The index is within, since variables
    keep to their domains: evaluators take the nearest entry of what is computed in vain.
    """

    table: tuple[int, ...]
    index: Expression


@dataclass(frozen=True, slots=True)
class Undefined:
    """No value: `first(…)` of a condition that holds nowhere. `reason` is for messages."""

    reason: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Defined:
    """Whether the operand has a value: never undefined itself."""

    operand: Expression


Expression = (
    Constant | Reference | Arithmetic | AbsoluteValue | Compare | Not | All | Any | Choose | Within
    | Lookup | Undefined | Defined
)  # fmt: skip


def surely(condition: Expression) -> Expression:
    """Whether a condition is defined and true."""
    return All((Defined(condition), condition))


def kept_within(value: Expression, codes: range) -> Expression:
    """The value where it is one of the codes of a domain; undefined elsewhere."""
    inside = Within(value, codes[0], codes[-1], codes.step)
    return Choose(inside, value, Undefined("its value is outside the type"))


def apart(left: Expression, right: Expression) -> Expression:
    """Whether two values differ: both have one and not the same, or only one of them has any."""
    one_alone = Compare(ComparisonOperator.NOT_EQUAL, Defined(left), Defined(right))
    return surely(Any((one_alone, Compare(ComparisonOperator.NOT_EQUAL, left, right))))


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


def with_operands(node: Expression, operands: Mapping[int, Expression]) -> Expression:
    """The node with each direct subexpression replaced by the one that stands under its `id`."""
    match node:
        case Constant() | Reference() | Undefined():
            return node
        case All(parts) | Any(parts):
            return type(node)(tuple(operands[id(one)] for one in parts))
        case Arithmetic(left=left, right=right) | Compare(left=left, right=right):
            return replace(node, left=operands[id(left)], right=operands[id(right)])
        case AbsoluteValue(operand) | Not(operand) | Within(operand) | Defined(operand):
            return replace(node, operand=operands[id(operand)])
        case Choose(condition, then, otherwise):
            return Choose(operands[id(condition)], operands[id(then)], operands[id(otherwise)])
        case Lookup(index=index):
            return replace(node, index=operands[id(index)])


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
