"""Mechanisms as typed trees over integer codes: the one language that every evaluator reads.

The front end lowers a spec's expressions to these nodes once, with scales made explicit, families
expanded, functions inlined and names resolved, so that an evaluator is a `fold` of one short match.
Truth values are the integers 0 and 1. Division and remainder floor, as in Python, and their
divisors are positive constants. A node that stands in two places may be one object: `fold` meets it
once.

Evaluation is *partial*: `Undefined` has no value, nor has a reference to a variable without one,
and what reads such a value has none. Read are all operands but these: the branch that `Choose` does
not take, and, as in Kleene's logic, what can't change a conjunction that is false anyway or a
disjunction that is true.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from operator import attrgetter, is_
from typing import TypeVar, cast, get_args


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
class Distinct:
    """Whether no two operands have the same value."""

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
    Constant | Reference | Arithmetic | AbsoluteValue | Compare | Not | All | Any | Distinct
    | Choose | Within | Lookup | Undefined | Defined
)  # fmt: skip


def conjuncts(condition: Expression | None) -> Iterator[Expression]:
    """What must hold together, one by one; nothing where there is no condition."""
    waiting = [] if condition is None else [condition]
    while waiting:
        part = waiting.pop()
        if isinstance(part, All):
            waiting += reversed(part.operands)
        else:
            yield part


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


_SEVERAL = "tuple[Expression, ...]"


def _operand_names(kind: type) -> tuple[str, ...]:
    """The fields of a node that hold its direct subexpressions, left to right."""
    return tuple(
        operand.name for operand in fields(kind) if operand.type == "Expression"
    )  # a text, no type


# Walks of trees ask often, and `fields` is slow.
_OPERAND_NAMES = {kind: _operand_names(kind) for kind in get_args(Expression)}


def _reader(names: Sequence[str]) -> Callable[[object], tuple[Expression, ...]]:
    """What reads fields off a node."""
    match names:
        case []:
            return lambda node: ()
        case [name]:
            read = attrgetter(name)  # no tuple, unlike that of several names
            return lambda node: (read(node),)
        case _:
            return attrgetter(*names)


_OPERANDS = {
    **{kind: _reader(names) for kind, names in _OPERAND_NAMES.items()},
    All: attrgetter("operands"),
    Any: attrgetter("operands"),
    Distinct: attrgetter("operands"),
}


def children(expression: Expression) -> tuple[Expression, ...]:
    """The direct subexpressions, left to right."""
    return _OPERANDS[type(expression)](expression)


def rebuild(node: Expression, operands: Sequence[Expression]) -> Expression:
    """The node over other operands, which stand in the order of `children`."""
    if isinstance(node, All | Any | Distinct):
        return type(node)(tuple(operands))
    names = _OPERAND_NAMES[type(node)]
    return replace(node, **dict(zip(names, operands, strict=True))) if names else node


def postorder(expression: Expression) -> tuple[Expression, ...]:
    """The nodes of an expression, each object once, left to right, operands before their node. No
    depth of nesting overflows Python's stack.
    """
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


_Result = TypeVar("_Result")


def fold(
    expression: Expression,
    combine: Callable[[Expression, tuple[_Result, ...]], _Result],
    memory: dict[int, _Result] | None = None,
) -> _Result:
    """What `combine` makes of the expression: of each node, and of what it made of the node's
    operands before. `memory` keeps results by `id` from one expression to others, while they live.
    """
    results: dict[int, _Result] = {} if memory is None else memory
    for node in postorder(expression):
        if id(node) not in results:
            read = tuple([results[id(child)] for child in children(node)])
            results[id(node)] = combine(node, read)
    return results[id(expression)]


_OWN_NAMES = {
    kind: [part.name for part in fields(kind) if part.type not in ("Expression", _SEVERAL)]
    for kind in get_args(Expression)
}
"""The fields of a node that hold no subexpressions."""


def shared(expression: Expression, known: dict[tuple[object, ...], Expression]) -> Expression:
    """The same expression, in which nodes that are alike are one object, also those that are in
    `known` already: what goes through a family of families says the same thing often.
    """

    def combine(node: Expression, operands: tuple[Expression, ...]) -> Expression:
        own = (getattr(node, name) for name in _OWN_NAMES[type(node)])
        key = (type(node), *map(id, operands), *own)
        if key not in known:
            same = all(map(is_, operands, children(node)))
            known[key] = node if same else rebuild(node, operands)
        return known[key]

    return fold(expression, combine)


def references(expression: Expression) -> tuple[str, ...]:
    """The names that an expression reads, each once, in order of first appearance."""
    read = (node.name for node in postorder(expression) if isinstance(node, Reference))
    return tuple(dict.fromkeys(read))


def substituted(
    expression: Expression,
    replacement: Callable[[str], Expression],
    memory: dict[int, Expression] | None = None,
) -> Expression:
    """The expression with every reference replaced; nodes that were shared stay shared."""

    def combine(node: Expression, operands: tuple[Expression, ...]) -> Expression:
        return replacement(node.name) if isinstance(node, Reference) else rebuild(node, operands)

    return fold(expression, combine, memory)


def renamed(
    expression: Expression,
    name_of: Callable[[str], str],
    memory: dict[int, Expression] | None = None,
) -> Expression:
    """The expression with other names for what it reads; nodes that were shared stay shared."""
    return substituted(expression, lambda name: Reference(name_of(name)), memory)


def measure(expression: Expression) -> tuple[int, int]:
    """Nodes and depth of the tree, counting a shared node as often as it is reached."""
    return fold(expression, _measured)


def _measured(_: Expression, operands: tuple[tuple[int, int], ...]) -> tuple[int, int]:
    nodes = sum(nodes for nodes, _ in operands)
    return 1 + nodes, 1 + max((depth for _, depth in operands), default=0)
