"""Mechanisms as one line of text, in the words and units of the spec.

Written from the compiled expression, so that families, functions and derived models read as what
they are. It is for people: what it prints is close to the language, but need not parse.
"""

from __future__ import annotations

from fractions import Fraction

from causalspec.compiler import expressions as nodes
from causalspec.compiler.domains import Domain, Numbers, Truths
from causalspec.compiler.expressions import (
    ArithmeticOperator,
    ComparisonOperator,
    Expression,
    measure,
)
from causalspec.compiler.model import CausalModel
from causalspec.compiler.views.words import Words

MOST_NODES = 250
"""A mechanism of more nodes is three dots: nobody would read it."""

_TIGHT, _PRODUCT, _SUM, _COMPARISON, _NEGATION, _AND, _OR, _CHOICE = range(8)

_LEVELS = {
    ArithmeticOperator.ADD: _SUM,
    ArithmeticOperator.SUBTRACT: _SUM,
    ArithmeticOperator.MULTIPLY: _PRODUCT,
    ArithmeticOperator.FLOOR_DIVIDE: _PRODUCT,
    ArithmeticOperator.REMAINDER: _PRODUCT,
    ArithmeticOperator.MINIMUM: _TIGHT,
    ArithmeticOperator.MAXIMUM: _TIGHT,
}


def mechanism_text(model: CausalModel, name: str) -> str:
    """`if above and amount <= upper then Yes else No`.

    Raises `ValueError` for a variable without a mechanism.
    """
    variable = model.by_name[name]
    if variable.mechanism is None:
        raise ValueError(f"`{name}` has no mechanism")
    if measure(variable.mechanism)[0] > MOST_NODES:
        return "…"
    return _Writer(model).value(variable.mechanism, variable.domain)[0]


def condition_text(model: CausalModel, condition: Expression) -> str:
    """`2.50 <= upper - lower and upper - lower <= 7.50`."""
    return "…" if measure(condition)[0] > MOST_NODES else _Writer(model).truth(condition)[0]


class _Writer:
    """Writes nodes; every method returns a text and how loosely its parts hang together.

    The code of an expression is its value times a scale (`Numbers.denominator`), which is divided
    out again: constants are scaled like what they stand beside.
    """

    def __init__(self, model: CausalModel) -> None:
        self._model = model
        self._words = Words(model)

    def value(self, node: Expression, domain: Domain | None, scale: int = 0) -> tuple[str, int]:
        """The value in a domain's words, or as a number of the given scale (0: the domain's)."""
        scale = scale or _denominator(domain)
        part = self._words.part(node)
        if part is not None:
            own = _denominator(part[1])
            return (part[0], _TIGHT) if own == scale else _rescaled((part[0], _TIGHT), own, scale)
        match node:
            case nodes.Constant(value):
                return _constant(value, domain, scale), _TIGHT
            case nodes.Reference(name):
                own = self._scale(node)
                return (
                    (name, _TIGHT)
                    if own == scale
                    else _rescaled(self.value(node, None, own), own, scale)
                )
            case nodes.Choose(condition, then, otherwise):
                parts = (
                    self.truth(condition)[0],
                    self.value(then, domain, scale)[0],
                    self.value(otherwise, domain, scale)[0],
                )
                return "if {} then {} else {}".format(*parts), _CHOICE
            case nodes.Arithmetic(ArithmeticOperator.MULTIPLY, left, nodes.Constant(factor)) if (
                factor > 1 and self._scale(left) * factor == scale
            ):
                return self.value(left, None, self._scale(left))  # the same in finer units
            case nodes.Arithmetic():
                own = self._scale(node)
                if own != scale:
                    return _rescaled(self.value(node, None, own), own, scale)
                return self._arithmetic(node, scale)
            case nodes.AbsoluteValue(operand):
                own = self._scale(operand)
                if own != scale:
                    return _rescaled(self.value(node, None, own), own, scale)
                return f"abs({self.value(operand, None, scale)[0]})", _TIGHT
            case nodes.Lookup(index=index):  # the same words under the codes of another type
                return self.value(index, None, self._scale(index))
            case nodes.Undefined():
                return "undefined", _TIGHT
            case _:
                return self.truth(node)

    def truth(self, node: Expression) -> tuple[str, int]:
        """A condition."""
        match node:
            case nodes.Constant(value):
                return ("true" if value else "false"), _TIGHT
            case nodes.Reference(name):
                return name, _TIGHT
            case nodes.Compare(operator, left, right):
                return self._compare(operator, left, right), _COMPARISON
            case nodes.Not(operand):
                return f"not {_within(self.truth(operand), _NEGATION)}", _NEGATION
            case nodes.All(operands):
                return self._joined("and", operands, _AND, "true")
            case nodes.Any(operands):
                return self._joined("or", operands, _OR, "false")
            case nodes.Within(operand, low, high, step):
                return self._range(operand, low, high, step), _COMPARISON
            case nodes.Choose(condition, then, otherwise):
                parts = [self.truth(one)[0] for one in (condition, then, otherwise)]
                return "if {} then {} else {}".format(*parts), _CHOICE
            case nodes.Defined(operand):
                return f"defined({self.value(operand, None)[0]})", _TIGHT
            case _:
                return self.value(node, Truths())

    def _scale(self, node: Expression) -> int:
        """What the code of an expression is its value times, as far as its parts tell."""
        match node:
            case nodes.Reference(name):
                return _denominator(self._model.by_name[name].domain)
            case nodes.Arithmetic(ArithmeticOperator.MULTIPLY, left, right):
                return self._scale(left) * self._scale(right)
            case nodes.Arithmetic(ArithmeticOperator.FLOOR_DIVIDE):
                return 1
            case nodes.Arithmetic(left=left, right=right):
                return max(self._scale(left), self._scale(right))
            case nodes.AbsoluteValue(operand):
                return self._scale(operand)
            case nodes.Choose(_, then, otherwise):
                return max(self._scale(then), self._scale(otherwise))
            case _:
                return 1

    def _arithmetic(self, node: nodes.Arithmetic, scale: int) -> tuple[str, int]:
        operator, level = node.operator, _LEVELS[node.operator]
        exact = operator in (ArithmeticOperator.MULTIPLY, ArithmeticOperator.FLOOR_DIVIDE)
        scales = [self._scale(one) if exact else scale for one in (node.left, node.right)]
        left, right = (
            self.value(one, None, own)
            for one, own in zip((node.left, node.right), scales, strict=True)
        )
        if level == _TIGHT:
            return f"{operator.value}({left[0]}, {right[0]})", _TIGHT
        return (
            f"{_within(left, level)} {operator.value} {_within(right, level - 1)}",
            level,
        )

    def _compare(self, operator: ComparisonOperator, left: Expression, right: Expression) -> str:
        words = self._words.domain(left) or self._words.domain(right)
        scale = max(self._scale(left), self._scale(right))
        written = [
            self.truth(one)
            if self._words.is_truth(one)
            else self.value(one, words, 1 if words is not None else scale)
            for one in (left, right)
        ]
        sides = [_within(one, _SUM) for one in written]
        return f"{sides[0]} {operator.value} {sides[1]}"

    def _range(self, operand: Expression, low: int, high: int, step: int) -> str:
        words = self._words.domain(operand)
        scale = self._scale(operand)
        text = _within(self.value(operand, words, scale), _SUM)
        ends = [_constant(one, words, scale) for one in (low, high)]
        if low == high:
            return f"{text} == {ends[0]}"
        every = f" step {_constant(step, None, scale)}" if step > 1 and words is None else ""
        return f"{text} in {ends[0]}..{ends[1]}{every}"

    def _joined(
        self, word: str, operands: tuple[Expression, ...], level: int, empty: str
    ) -> tuple[str, int]:
        if not operands:
            return empty, _TIGHT
        if len(operands) == 1:
            return self.truth(operands[0])
        return f" {word} ".join(_within(self.truth(one), level) for one in operands), level


def _constant(value: int, domain: Domain | None, scale: int) -> str:
    if domain is not None and not isinstance(domain, Numbers) and value in domain.codes():
        return domain.text(value)
    number = Fraction(value, scale)
    if number.denominator == 1:
        return str(number)
    return Numbers(value, value, 1, scale).text(value)


def _denominator(domain: Domain | None) -> int:
    return domain.denominator if isinstance(domain, Numbers) else 1


def _rescaled(written: tuple[str, int], own: int, scale: int) -> tuple[str, int]:
    """A value whose code counts in other units than are asked for."""
    text = _within(written, _PRODUCT)
    factor = Fraction(own, scale)
    more = f" * {factor.numerator}" if factor.numerator != 1 else ""
    less = f" / {factor.denominator}" if factor.denominator != 1 else ""
    return f"{text}{more}{less}", _PRODUCT


def _within(written: tuple[str, int], level: int) -> str:
    """A text in brackets where it would fall apart beside an operator of this level."""
    text, own = written
    return f"({text})" if own > level else text
