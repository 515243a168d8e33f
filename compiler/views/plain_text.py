"""Mechanisms as one line of text, in the words and units of the spec and two sets of signs.

Written from the compiled expression, so that families, functions and derived models read as what
they are. It is for people: what it prints is close to the language, but need not parse.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from causalspec.compiler import expressions as nodes
from causalspec.compiler.domains import Domain, Numbers, Truths, Tuples
from causalspec.compiler.expressions import (
    ArithmeticOperator,
    ComparisonOperator,
    Expression,
    measure,
)
from causalspec.compiler.model import CausalModel
from causalspec.compiler.views.words import Words, tuple_parts

MOST_NODES = 400
"""A mechanism of more nodes is three dots: nobody would read it."""

LISTED_TABLE = 8
"""A table of so many entries is written out."""

_TIGHT, _PRODUCT, _SUM, _COMPARISON, _NEGATION, _AND, _OR, _CHOICE = range(8)

_CHOSEN = "if {} then {} else {}"

_Sign = tuple[str, int, int]
"""How two operands are written, how loosely that holds together, and how loosely they may."""


@dataclass(frozen=True, slots=True)
class Signs:
    """How operators are written: around what they take."""

    arithmetic: Mapping[ArithmeticOperator, _Sign]
    comparisons: Mapping[ComparisonOperator, str]
    absolute: str
    times: str
    over: str


_SHARED: Mapping[ArithmeticOperator, _Sign] = {
    ArithmeticOperator.ADD: ("{} + {}", _SUM, _SUM),
    ArithmeticOperator.SUBTRACT: ("{} - {}", _SUM, _SUM),
    ArithmeticOperator.MINIMUM: ("min({}, {})", _TIGHT, _CHOICE + 1),
    ArithmeticOperator.MAXIMUM: ("max({}, {})", _TIGHT, _CHOICE + 1),
}
LANGUAGE = Signs(
    {
        **_SHARED,
        ArithmeticOperator.MULTIPLY: ("{} * {}", _PRODUCT, _PRODUCT),
        ArithmeticOperator.FLOOR_DIVIDE: ("{} // {}", _PRODUCT, _PRODUCT),
        ArithmeticOperator.REMAINDER: ("{} % {}", _PRODUCT, _PRODUCT),
    },
    {operator: operator.value for operator in ComparisonOperator},
    absolute="abs({})",
    times="{} * {}",
    over="{} / {}",
)
UNICODE = Signs(
    {
        **_SHARED,
        ArithmeticOperator.MULTIPLY: ("{}·{}", _PRODUCT, _PRODUCT),
        ArithmeticOperator.FLOOR_DIVIDE: ("⌊{}/{}⌋", _TIGHT, _PRODUCT),
        ArithmeticOperator.REMAINDER: ("{} mod {}", _PRODUCT, _TIGHT),
    },
    dict(zip(ComparisonOperator, "=≠<≤", strict=True)),
    absolute="|{}|",
    times="{1}·{0}",
    over="{}/{}",
)


def mechanism_text(model: CausalModel, name: str, signs: Signs = LANGUAGE) -> str:
    """`if above and amount <= upper then Yes else No`.

    Raises `ValueError` for a variable without a mechanism.
    """
    variable = model.by_name[name]
    if variable.mechanism is None:
        raise ValueError(f"`{name}` has no mechanism")
    if measure(variable.mechanism)[0] > MOST_NODES:
        return "…"
    return _Writer(model, signs).value(variable.mechanism, variable.domain)[0]


def condition_text(model: CausalModel, condition: Expression, signs: Signs = LANGUAGE) -> str:
    """`2.50 <= upper - lower and upper - lower <= 7.50`."""
    if measure(condition)[0] > MOST_NODES:
        return "…"
    return _Writer(model, signs).truth(condition)[0]


def expression_text(
    model: CausalModel, expression: Expression, domain: Domain, signs: Signs = LANGUAGE
) -> str:
    """An expression whose value is one of the domain: `subject`, `partial[0] + x[1]`."""
    if measure(expression)[0] > MOST_NODES:
        return "…"
    return _Writer(model, signs).value(expression, domain)[0]


class _Writer:
    """Writes nodes; every method returns a text and how loosely its parts hang together.

    The code of an expression is its value times a scale (`Numbers.denominator`), which is divided
    out again: constants are scaled like what they stand beside.
    """

    def __init__(self, model: CausalModel, signs: Signs) -> None:
        self._model = model
        self._signs = signs
        self._words = Words(model)

    def value(self, node: Expression, domain: Domain | None, scale: int = 0) -> tuple[str, int]:
        """The value in a domain's words, or as a number of the given scale (0: the domain's)."""
        scale = scale or _denominator(domain)
        parts = tuple_parts(node, domain) if isinstance(domain, Tuples) else None
        if parts is not None:
            return f"({', '.join(self.value(*part)[0] for part in parts)})", _TIGHT
        part = self._words.part(node)
        match node:
            case _ if part is not None:
                written = part[0], _TIGHT
            case nodes.Constant(value):
                return _constant(value, domain, scale), _TIGHT
            case nodes.Reference(name):
                written = name, _TIGHT
            case nodes.Choose(condition, then, otherwise):
                chosen = (self.value(branch, domain, scale)[0] for branch in (then, otherwise))
                return _CHOSEN.format(self.truth(condition)[0], *chosen), _CHOICE
            case nodes.Arithmetic(ArithmeticOperator.MULTIPLY, left, nodes.Constant(factor)) if (
                factor > 1 and self._scale(left) * factor == scale
            ):
                return self.value(left, None, self._scale(left))  # the same in finer units
            case nodes.Arithmetic():
                written = self._arithmetic(node)
            case nodes.AbsoluteValue(operand):
                inner = self.value(operand, None, self._scale(operand))[0]
                written = self._signs.absolute.format(inner), _TIGHT
            case nodes.Lookup(table, index):
                return self._lookup(table, index, domain, scale)
            case nodes.Undefined():
                return "undefined", _TIGHT
            case _:
                return self.truth(node)
        return self._rescaled(written, self._scale(node), scale)

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
            case nodes.Distinct(operands):
                words = next(filter(None, map(self._words.domain, operands)), None)
                return (
                    f"distinct({', '.join(self.value(each, words)[0] for each in operands)})",
                    _TIGHT,
                )
            case nodes.Within(operand, low, high, step):
                return self._range(operand, low, high, step), _COMPARISON
            case nodes.Choose(condition, then, otherwise):
                parts = (self.truth(part)[0] for part in (condition, then, otherwise))
                return _CHOSEN.format(*parts), _CHOICE
            case nodes.Defined(operand):
                return f"defined({self.value(operand, None)[0]})", _TIGHT
            case _:
                return self.value(node, Truths())

    def _scale(self, node: Expression) -> int:
        """What the code of an expression is its value times, as far as its parts tell."""
        part = self._words.part(node)
        match node:
            case _ if part is not None:
                return _denominator(part[1])
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

    def _arithmetic(self, node: nodes.Arithmetic) -> tuple[str, int]:
        sign, level, inner = self._signs.arithmetic[node.operator]
        exact = node.operator in (ArithmeticOperator.MULTIPLY, ArithmeticOperator.FLOOR_DIVIDE)
        own = self._scale(node)
        left, right = (
            self.value(operand, None, self._scale(operand) if exact else own)
            for operand in (node.left, node.right)
        )
        return sign.format(_within(left, inner), _within(right, max(inner - 1, _TIGHT))), level

    def _compare(self, operator: ComparisonOperator, left: Expression, right: Expression) -> str:
        words = self._words.domain(left) or self._words.domain(right)
        scale = max(self._scale(left), self._scale(right))
        written = [
            self.truth(side)
            if self._words.is_truth(side)
            else self.value(side, words, 1 if words is not None else scale)
            for side in (left, right)
        ]
        sides = [_within(side, _SUM) for side in written]
        return f" {self._signs.comparisons[operator]} ".join(sides)

    def _range(self, operand: Expression, low: int, high: int, step: int) -> str:
        words = self._words.domain(operand)
        scale = self._scale(operand)
        text = _within(self.value(operand, words, scale), _SUM)
        ends = [_constant(bound, words, scale) for bound in (low, high)]
        if low == high:
            return f"{text} {self._signs.comparisons[ComparisonOperator.EQUAL]} {ends[0]}"
        every = f" step {_constant(step, None, scale)}" if step > 1 and words is None else ""
        return f"{text} in {ends[0]}..{ends[1]}{every}"

    def _lookup(
        self, table: tuple[int, ...], index: Expression, domain: Domain | None, scale: int
    ) -> tuple[str, int]:
        """A small table written out."""
        words = self._words.domain(index)
        read = self.value(index, words)
        chosen = [_constant(code, domain, scale) for code in table]
        places = [_constant(place, words, 1) for place in range(len(table))]
        if words is not None and chosen == places:
            return read  # the same words under the codes of another type
        if len(table) > LISTED_TABLE:
            return f"table({read[0]})", _TIGHT
        equal = f"{_within(read, _SUM)} {self._signs.comparisons[ComparisonOperator.EQUAL]}"
        text = chosen[-1]
        for value, place in reversed([*zip(chosen, places, strict=True)][:-1]):
            text = _CHOSEN.format(f"{equal} {place}", value, text)
        return text, _CHOICE

    def _joined(
        self, word: str, operands: tuple[Expression, ...], level: int, empty: str
    ) -> tuple[str, int]:
        if not operands:
            return empty, _TIGHT
        if len(operands) == 1:
            return self.truth(operands[0])
        return f" {word} ".join(_within(self.truth(operand), level) for operand in operands), level

    def _rescaled(self, written: tuple[str, int], own: int, scale: int) -> tuple[str, int]:
        """A value whose code counts in other units than are asked for."""
        if own == scale:
            return written
        factor = Fraction(own, scale)
        text = _within(written, _PRODUCT)
        if factor.numerator != 1:
            text = self._signs.times.format(text, factor.numerator)
        if factor.denominator != 1:
            text = self._signs.over.format(text, factor.denominator)
        return text, _PRODUCT


def _constant(value: int, domain: Domain | None, scale: int) -> str:
    if domain is not None and not isinstance(domain, Numbers) and value in domain.codes():
        return domain.text(value)
    number = Fraction(value, scale)
    if number.denominator == 1:
        return str(number)
    return Numbers(value, value, 1, scale).text(value)


def _denominator(domain: Domain | None) -> int:
    return domain.denominator if isinstance(domain, Numbers) else 1


def _within(written: tuple[str, int], level: int) -> str:
    """A text in brackets where it would fall apart beside an operator of this level."""
    text, own = written
    return f"({text})" if own > level else text
