"""Mechanisms with one operator changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from causalspec.compiler import expressions as nodes
from causalspec.compiler.expressions import ArithmeticOperator, ComparisonOperator, Expression
from causalspec.compiler.model import CausalModel

ARITHMETIC = {
    ArithmeticOperator.ADD: ArithmeticOperator.SUBTRACT,
    ArithmeticOperator.SUBTRACT: ArithmeticOperator.ADD,
    ArithmeticOperator.MULTIPLY: ArithmeticOperator.ADD,
    ArithmeticOperator.MINIMUM: ArithmeticOperator.MAXIMUM,
    ArithmeticOperator.MAXIMUM: ArithmeticOperator.MINIMUM,
    ArithmeticOperator.FLOOR_DIVIDE: ArithmeticOperator.REMAINDER,
    ArithmeticOperator.REMAINDER: ArithmeticOperator.FLOOR_DIVIDE,
}
COMPARISON = {
    ComparisonOperator.EQUAL: ComparisonOperator.NOT_EQUAL,
    ComparisonOperator.NOT_EQUAL: ComparisonOperator.EQUAL,
    ComparisonOperator.LESS: ComparisonOperator.LESS_OR_EQUAL,
    ComparisonOperator.LESS_OR_EQUAL: ComparisonOperator.LESS,
}


def mutants(model: CausalModel) -> Iterator[CausalModel]:
    """The model with one operator of one own mechanism changed."""
    for number, variable in enumerate(model.variables):
        if variable.mechanism is None:
            continue
        for changed in mutated(variable.mechanism):
            variables = list(model.variables)
            variables[number] = replace(variable, mechanism=changed)
            yield replace(model, variables=tuple(variables))


def mutated(node: Expression) -> Iterator[Expression]:
    """The expression with one node changed: an operator, a bound, a constant, a branch."""
    yield from _changed(node)
    match node:
        case nodes.Arithmetic(_, left, right) | nodes.Compare(_, left, right):
            yield from (replace(node, left=changed) for changed in mutated(left))
            yield from (replace(node, right=changed) for changed in mutated(right))
        case nodes.AbsoluteValue(operand) | nodes.Not(operand) | nodes.Within(operand):
            yield from (replace(node, operand=changed) for changed in mutated(operand))
        case nodes.All(operands) | nodes.Any(operands) | nodes.Distinct(operands):
            for k, operand in enumerate(operands):
                for changed in mutated(operand):
                    yield replace(node, operands=(*operands[:k], changed, *operands[k + 1 :]))
        case nodes.Choose(condition, then, otherwise):
            yield from (nodes.Choose(changed, then, otherwise) for changed in mutated(condition))
            yield from (nodes.Choose(condition, changed, otherwise) for changed in mutated(then))
            yield from (nodes.Choose(condition, then, changed) for changed in mutated(otherwise))
        case nodes.Lookup(table, index):
            # An index that leaves its table is not a mechanism.
            yield from (nodes.Lookup(table[k:] + table[:k], index) for k in (1,) if table)
        case nodes.Constant() | nodes.Reference():
            pass


def _changed(node: Expression) -> Iterator[Expression]:
    match node:
        case nodes.Arithmetic(operator, left, right):
            other = ARITHMETIC[operator]
            divides = (ArithmeticOperator.FLOOR_DIVIDE, ArithmeticOperator.REMAINDER)
            if other not in divides or isinstance(right, nodes.Constant):
                yield nodes.Arithmetic(other, left, right)
        case nodes.Compare(operator, left, right):
            yield nodes.Compare(COMPARISON[operator], left, right)
        case nodes.Not(operand):
            yield operand
        case nodes.All(operands):
            yield nodes.Any(operands)
        case nodes.Any(operands):
            yield nodes.All(operands)
        case nodes.Choose(condition, then, otherwise):
            yield nodes.Choose(condition, otherwise, then)
        case nodes.AbsoluteValue(operand):
            yield operand
        case nodes.Within(_, low, high):
            yield replace(node, low=low + 1)
            yield replace(node, high=high - 1)
        case _:
            pass
