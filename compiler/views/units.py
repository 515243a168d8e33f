"""Formulas in the units of the spec: `min(a, 5)`, where codes say `min(100·a, 500)/100`."""

from __future__ import annotations

from typing import Any, TypeAlias

Formula: TypeAlias = Any


def scaled(sympy: Any, formula: Formula, factor: Formula) -> Formula:
    """`formula * factor`, with the factor, which is positive, inside of what chooses a value."""
    coefficient, rest = formula.as_coeff_Mul()
    if not formula.is_number and coefficient != 1 and coefficient > 0:
        return scaled(sympy, rest, factor * coefficient)

    def inner(part: Formula) -> Formula:
        return scaled(sympy, part, factor)

    match formula.func.__name__:
        case "Piecewise":
            arms = ((inner(value), condition) for value, condition in formula.args)
            return sympy.Piecewise(*arms, evaluate=False)
        case "choose":
            condition, then, otherwise = formula.args
            return formula.func(condition, inner(then), inner(otherwise))
        case "Min" | "Max" | "Add":
            return formula.func(*map(inner, formula.args))
        case "Mod":
            return sympy.Mod(*map(inner, formula.args), evaluate=False)
        case "table":
            return formula  # the values that it stands for are not shown
        case _:
            return formula * factor
