"""What a condition can still be when only some of its inputs have values.

Every expression has a least and a greatest value over the inputs that are missing. Both are written
as expressions over those that are given, so that the columns' evaluator computes them: interval
arithmetic (Moore, "Interval Analysis", 1966) of a whole column at a time.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import reduce

from causalspec.compiler.expressions import (
    AbsoluteValue,
    All,
    Any,
    Arithmetic,
    ArithmeticOperator,
    Choose,
    Compare,
    ComparisonOperator,
    Constant,
    Defined,
    Expression,
    Lookup,
    Not,
    Reference,
    Undefined,
    Within,
    children,
    postorder,
    references,
)
from causalspec.compiler.model import CausalModel

_Bounds = tuple[Expression, Expression]
_Operator = ArithmeticOperator
_ZERO = _FALSE = Constant(0)
_TRUE = Constant(1)


def may_hold(
    condition: Expression,
    model: CausalModel,
    given: Collection[str],
    ends: Mapping[str, tuple[int, int]],
) -> Expression:
    """An expression over the given inputs that is true wherever the condition holds for some values
    of the others, and perhaps elsewhere. `ends` are the least and the greatest code of each input.
    """
    named: dict[str, _Bounds | None] = {}
    needed = model.ancestors(references(condition))
    for variable in model.variables:
        name = variable.name
        if name not in needed:
            continue
        if variable.mechanism is not None:
            found = _bounds(variable.nodes, named)
            is_exact = found is not None and found[0] is found[1]
            named[name] = _same(Reference(name)) if is_exact else found
        elif name in given:
            named[name] = _same(Reference(name))
        else:
            named[name] = Constant(ends[name][0]), Constant(ends[name][1])
    found = _bounds(postorder(condition), named)
    return _TRUE if found is None else found[1]


def _same(value: Expression) -> _Bounds:
    return value, value


def _bounds(nodes: Sequence[Expression], named: Mapping[str, _Bounds | None]) -> _Bounds | None:
    """The bounds of the last of some nodes in postorder: twice the node itself where it reads only
    what is given, None where nothing is known.
    """
    known: dict[int, _Bounds | None] = {}
    for node in nodes:
        if isinstance(node, Reference):
            known[id(node)] = named.get(node.name)
            continue
        if isinstance(node, Undefined):  # no condition holds that reads it
            known[id(node)] = None
            continue
        every = [known[id(one)] for one in _readable(node)]
        operands = [one for one in every if one is not None]
        if all(low is high for low, high in operands) and len(operands) == len(every):
            known[id(node)] = _same(node)
        elif len(operands) == len(every):
            known[id(node)] = _bounds_of(node, operands)
        else:
            is_truth = isinstance(node, Compare | Within | Not | All | Any | Defined)
            known[id(node)] = (_FALSE, _TRUE) if is_truth else None
    return known[id(nodes[-1])]


def _readable(node: Expression) -> tuple[Expression, ...]:
    """The operands; of a choice whose other branch is undefined, the one branch in both places."""
    match node:
        case Choose(condition, then, Undefined()):
            return condition, then, then
        case Choose(condition, Undefined(), otherwise):
            return condition, otherwise, otherwise
        case _:
            return children(node)


def _bounds_of(node: Expression, operands: Sequence[_Bounds]) -> _Bounds | None:
    lows, highs = tuple(low for low, _ in operands), tuple(high for _, high in operands)
    match node:
        case Arithmetic(operator, _, right):
            return _arithmetic(operator, right, *operands)
        case AbsoluteValue():
            above = Arithmetic(_Operator.SUBTRACT, _ZERO, lows[0])
            below = Arithmetic(_Operator.SUBTRACT, _ZERO, highs[0])
            return _most(_ZERO, _most(lows[0], below)), _most(highs[0], above)
        case Compare(operator, _, _):
            return _comparison(operator, *operands)
        case Not():
            return Not(highs[0]), Not(lows[0])
        case All():
            return All(lows), All(highs)
        case Any():
            return Any(lows), Any(highs)
        case Choose():
            return _choice(*operands)
        case Within(_, low, high, step):
            inside = Within(lows[0], low, high), Within(highs[0], low, high)
            meets = _up_to(Constant(low), highs[0]), _up_to(lows[0], Constant(high))
            return All(inside) if step == 1 else _FALSE, All(meets)
        case Lookup(table, _):
            return Constant(min(table)), Constant(max(table))
        case _:
            return None


def _arithmetic(
    operator: ArithmeticOperator, right: Expression, one: _Bounds, other: _Bounds
) -> _Bounds | None:
    match operator:
        case _Operator.ADD | _Operator.MINIMUM | _Operator.MAXIMUM:
            return _each(operator, one, other)
        case _Operator.SUBTRACT:
            return _each(operator, one, (other[1], other[0]))
        case _Operator.MULTIPLY:
            corners = [Arithmetic(operator, a, b) for a in one for b in other]
            return reduce(_least, corners), reduce(_most, corners)
        case _Operator.FLOOR_DIVIDE if isinstance(right, Constant) and right.value > 0:
            return _each(operator, one, other)
        case _Operator.REMAINDER if isinstance(right, Constant) and right.value > 0:
            return _ZERO, Constant(right.value - 1)
        case _:
            return None


def _comparison(operator: ComparisonOperator, one: _Bounds, other: _Bounds) -> _Bounds:
    match operator:
        case ComparisonOperator.LESS | ComparisonOperator.LESS_OR_EQUAL:
            return Compare(operator, one[1], other[0]), Compare(operator, one[0], other[1])
        case ComparisonOperator.EQUAL:
            surely = All((_up_to(one[1], other[0]), _up_to(other[1], one[0])))
            return surely, All((_up_to(one[0], other[1]), _up_to(other[0], one[1])))
        case ComparisonOperator.NOT_EQUAL:
            surely, perhaps = _comparison(ComparisonOperator.EQUAL, one, other)
            return Not(perhaps), Not(surely)


def _choice(condition: _Bounds, then: _Bounds, otherwise: _Bounds) -> _Bounds:
    surely, perhaps = condition
    low, high = _least(then[0], otherwise[0]), _most(then[1], otherwise[1])
    return (
        Choose(surely, then[0], Choose(perhaps, low, otherwise[0])),
        Choose(surely, then[1], Choose(perhaps, high, otherwise[1])),
    )


def _each(operator: ArithmeticOperator, one: _Bounds, other: _Bounds) -> _Bounds:
    low, high = (Arithmetic(operator, *pair) for pair in zip(one, other, strict=True))
    return low, high


def _least(one: Expression, other: Expression) -> Expression:
    return Arithmetic(_Operator.MINIMUM, one, other)


def _most(one: Expression, other: Expression) -> Expression:
    return Arithmetic(_Operator.MAXIMUM, one, other)


def _up_to(one: Expression, other: Expression) -> Expression:
    return Compare(ComparisonOperator.LESS_OR_EQUAL, one, other)
