"""The conditions of a model's `require`, one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from causalspec.compiler.evaluators.columns import ColumnExpression
from causalspec.compiler.expressions import (
    All,
    Compare,
    ComparisonOperator,
    Distinct,
    Expression,
    Reference,
)
from causalspec.compiler.model import CausalModel


@dataclass(frozen=True, slots=True)
class Condition:
    """A conjunct of `require`, and the inputs that it states outright with what they equal."""

    expression: Expression
    holds: ColumnExpression
    states: tuple[tuple[str, ColumnExpression], ...]

    @property
    def reads(self) -> tuple[str, ...]:
        """The inputs that decide it."""
        return self.holds.reads

    @property
    def apart(self) -> tuple[str, ...]:
        """The inputs of which it says that no two have the same value, and nothing else."""
        if not isinstance(self.expression, Distinct):
            return ()
        operands = self.expression.operands
        return tuple(operand.name for operand in operands if isinstance(operand, Reference))

    @staticmethod
    def of(expression: Expression, model: CausalModel) -> Condition:
        """A conjunct of the model's `require`."""
        stated: list[tuple[str, ColumnExpression]] = []
        if isinstance(expression, Compare) and expression.operator is ComparisonOperator.EQUAL:
            sides = expression.left, expression.right
            for input_, other in (sides, sides[::-1]):
                if isinstance(input_, Reference) and input_.name in model.inputs:
                    value = ColumnExpression.value_of(other, model.by_name)
                    if input_.name not in value.reads:
                        stated.append((input_.name, value))
        holds = ColumnExpression.of(expression, model.by_name)
        return Condition(expression, holds, tuple(stated))


def together(conditions: Sequence[Condition], model: CausalModel) -> ColumnExpression:
    """Whether all conditions hold."""
    every = All(tuple(condition.expression for condition in conditions))
    return ColumnExpression.of(every, model.by_name)
