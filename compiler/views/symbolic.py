"""Mechanisms as mathematics, for people to read: SymPy expressions and LaTeX.

Never on the execution path: SymPy's floor and remainder print as floating point. Expressions are
built node by node, never from text. What SymPy simplifies on construction is simplified, and truth
values of few parts, so that the work stays bounded.

Values are shown in the units of the spec: where a variable's code is a hundredth, the code of `x`
is 100·x, and the factors cancel.
"""

from __future__ import annotations

import importlib
import operator
from collections.abc import Callable, Mapping
from itertools import combinations
from typing import Any

from causalspec.compiler import expressions as nodes
from causalspec.compiler.domains import Domain, Numbers, Rows, Symbols, Truths, Tuples
from causalspec.compiler.expressions import ArithmeticOperator, ComparisonOperator, Expression
from causalspec.compiler.model import CausalModel
from causalspec.compiler.views.plain_text import LISTED_TABLE, MOST_NODES
from causalspec.compiler.views.units import scaled
from causalspec.compiler.views.words import Words, tuple_parts

_MOST_PARTS = 6
"""Truth values of more parts are not simplified: that takes exponential time."""

Formula = Any  # a SymPy expression: SymPy has no precise types of its own to offer


class TooLargeToShowError(Exception):
    """A mechanism has more nodes than anyone would read."""


def mechanism_formula(model: CausalModel, name: str) -> Formula:
    """The SymPy expression of a variable's mechanism, in the units of the spec.

    Raises `TooLargeToShowError`, and `ValueError` for a variable without a mechanism.
    """
    return _Translation(model).mechanism(name)


def mechanism_latex(model: CausalModel, name: str) -> str:
    r"""The mechanism as LaTeX, `\mathit{midpoint} = \frac{\mathit{lower}}{2} + …`, for math mode.

    Raises `ValueError` for a variable without a mechanism.
    """
    translation = _Translation(model)
    try:
        formula = translation.as_latex(translation.mechanism(name))
    except TooLargeToShowError:
        formula = "\\ldots"
    return f"{variable_latex(name)} = {formula}"


def condition_latex(model: CausalModel, condition: Expression) -> str:
    """A truth value over a model's variables as LaTeX, for math mode."""
    if nodes.measure(condition)[0] > MOST_NODES:
        return "\\ldots"
    translation = _Translation(model)
    return translation.as_latex(translation.truth(condition))


def variable_latex(name: str) -> str:
    r"""`carry[2]` as `\mathit{carry}_{2}`."""
    stem, _, index = name.partition("[")
    letters = f"\\mathit{{{escaped(stem)}}}" if len(stem) > 1 else escaped(stem)
    return f"{letters}_{{{escaped(index.rstrip(']'))}}}" if index else letters


_ESCAPES = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{character: f"\\{character}" for character in "&%$#_{}"},
}


def escaped(text: str) -> str:
    """Text that LaTeX reads as it stands."""
    return "".join(_ESCAPES.get(character, character) for character in text)


def _symbol_latex(name: str) -> str:
    """A symbol's kind stands before its name, see `_Translation`."""
    kind, _, text = name.partition(" ")
    return variable_latex(text) if kind == "variable" else f"\\text{{{escaped(text)}}}"


def _operations(
    sympy: Any,
) -> Mapping[ArithmeticOperator | ComparisonOperator, Callable[[Formula, Formula], Formula]]:
    return {
        ArithmeticOperator.ADD: operator.add,
        ArithmeticOperator.SUBTRACT: operator.sub,
        ArithmeticOperator.MULTIPLY: operator.mul,
        ArithmeticOperator.FLOOR_DIVIDE: lambda left, right: sympy.floor(left / right),
        ArithmeticOperator.REMAINDER: sympy.Mod,
        ArithmeticOperator.MINIMUM: sympy.Min,
        ArithmeticOperator.MAXIMUM: sympy.Max,
        ComparisonOperator.EQUAL: sympy.Eq,
        ComparisonOperator.NOT_EQUAL: sympy.Ne,
        ComparisonOperator.LESS: sympy.Lt,
        ComparisonOperator.LESS_OR_EQUAL: sympy.Le,
    }


class _Translation:
    """One model's expressions. Symbols are called `variable x` and `word Yes`: that keeps a
    variable apart from a word of its name, and before it in equations.
    """

    def __init__(self, model: CausalModel) -> None:
        self._model = model
        self._sympy: Any = importlib.import_module("sympy")
        self._operations = _operations(self._sympy)
        self._words = Words(model)
        self._conditions = 0  # how many truth values stand around what is being translated

    def mechanism(self, name: str) -> Formula:
        variable = self._model.by_name[name]
        if variable.mechanism is None:
            raise ValueError(f"`{name}` has no mechanism")
        if nodes.measure(variable.mechanism)[0] > MOST_NODES:
            raise TooLargeToShowError(f"the mechanism of `{name}` is too large to show")
        return self.shown(variable.mechanism, variable.domain)

    def shown(self, expression: Expression, domain: Domain) -> Formula:
        """An expression in the units of its domain."""
        if isinstance(domain, Truths):
            return self.truth(expression)
        parts = tuple_parts(expression, domain) if isinstance(domain, Tuples) else None
        if parts is not None:
            return self._sympy.Tuple(*(self.shown(part, of_part) for part, of_part in parts))
        unit = self._sympy.Rational(1, _denominator(domain))
        return scaled(self._sympy, self._value(expression, domain), unit)

    def as_latex(self, formula: Formula) -> str:
        """For math mode."""
        sympy = self._sympy
        names = {symbol: _symbol_latex(symbol.name) for symbol in formula.free_symbols}

        def one_fraction(inner: Formula) -> Formula:
            return sympy.floor(sympy.together(inner), evaluate=False)

        if formula.has(sympy.floor):
            formula = formula.replace(sympy.floor, one_fraction)
        written: str = sympy.latex(formula, symbol_names=names)
        return written.replace("\\text{for}\\: ", "\\text{if}\\: ")

    def truth(self, expression: Expression) -> Formula:
        """A truth value, in a shorter form where one is soon found."""
        sympy = self._sympy
        formula = self._truth(expression)
        if formula.has(sympy.Piecewise):
            return formula
        # Comparisons count as parts: what SymPy knows of numbers takes them for real ones.
        comparisons = sorted(formula.atoms(sympy.core.relational.Relational), key=str)
        marks = {comparison: sympy.Symbol(f"part {k}") for k, comparison in enumerate(comparisons)}
        marked = formula.xreplace(marks)
        if len(marked.free_symbols) > _MOST_PARTS:
            return formula
        shorter = sympy.simplify_logic(marked).xreplace(
            {mark: comparison for comparison, mark in marks.items()}
        )
        return shorter if sympy.count_ops(shorter) < sympy.count_ops(formula) else formula

    def _variable(self, name: str, domain: Domain) -> Formula:
        """A variable or a part of one, as its code."""
        if isinstance(domain, Truths):
            return self._sympy.Symbol(f"variable {name}")
        return self._sympy.Symbol(f"variable {name}", real=True) * _denominator(domain)

    def _word(self, text: str) -> Formula:
        return self._sympy.Symbol(f"word {text}", real=True)

    def _member(self, domain: Domain | None, code: int) -> Formula:
        if isinstance(domain, Symbols | Rows) and 0 <= code < domain.size:
            return self._word(domain.text(code))
        return self._sympy.Integer(code)

    def _value(self, node: Expression, domain: Domain | None = None) -> Formula:
        """The code of an expression; constants are words where `domain` has words."""
        sympy = self._sympy
        part = self._words.part(node)
        if part is not None and not isinstance(part[1], Truths):
            return self._variable(*part)
        match node:
            case nodes.Constant(value):
                return self._member(domain, value)
            case nodes.Reference(name):
                own = self._model.by_name[name].domain
                found = self._variable(name, own)
                return self._number(found) if isinstance(own, Truths) else found
            case nodes.Arithmetic(operator, left, right):
                return self._operations[operator](self._value(left), self._value(right))
            case nodes.AbsoluteValue(operand):
                content, primitive = self._value(operand).as_content_primitive()
                return content * sympy.Abs(primitive)
            case nodes.Choose():
                return self._cases(node, domain)
            case nodes.Lookup(table, index):
                return self._lookup(table, index, domain)
            case nodes.Undefined():
                return self._word("undefined")
            case _:
                return self._number(self._truth(node))

    def _number(self, truth: Formula) -> Formula:
        """1 for true, 0 for false."""
        return self._by_cases([(self._sympy.Integer(1), truth)], self._sympy.Integer(0))

    def _in_condition(self, node: Expression, domain: Domain | None) -> Formula:
        """A value that a condition compares."""
        self._conditions += 1
        value = self._value(node, domain)
        self._conditions -= 1
        return value

    def _truth(self, node: Expression) -> Formula:
        # Definitions by cases in a condition are a function that SymPy knows nothing of: it drops
        # some of the cases (1.14: `Piecewise((1, Eq(x, Piecewise((1, a), (0, True)))), …)`).
        self._conditions += 1
        truth = self._truth_of(node)
        self._conditions -= 1
        return truth

    def _truth_of(self, node: Expression) -> Formula:
        sympy = self._sympy
        match node:
            case nodes.Constant(value):
                return sympy.true if value else sympy.false
            case nodes.Reference(name) if self._words.is_truth(node):
                return self._variable(name, Truths())
            case nodes.Compare(operator, left, right):
                return self._compare(operator, left, right)
            case nodes.Not(operand):
                return sympy.Not(self._truth(operand))
            case nodes.All(operands):
                return sympy.And(*map(self._truth, operands))
            case nodes.Any(operands):
                return sympy.Or(*map(self._truth, operands))
            case nodes.Choose(condition, then, otherwise):
                parts = [self._truth(part) for part in (condition, then, otherwise)]
                return sympy.ITE(*parts)
            case nodes.Distinct(operands):
                unequal = ComparisonOperator.NOT_EQUAL
                pairs = combinations(operands, 2)
                return sympy.And(*(self._compare(unequal, *pair) for pair in pairs))
            case nodes.Within(operand, low, high, step):
                value = self._value(operand)
                tests = [self._related(sympy.Le, sympy.Integer(low), value)]
                tests.append(self._related(sympy.Le, value, sympy.Integer(high)))
                if step > 1:
                    tests.append(sympy.Eq(sympy.Mod(value - low, step), 0))
                return sympy.And(*tests)
            case _:
                return sympy.Ne(self._value(node), 0)

    def _compare(
        self, operator: ComparisonOperator, left: Expression, right: Expression
    ) -> Formula:
        sympy = self._sympy
        equality = operator in (ComparisonOperator.EQUAL, ComparisonOperator.NOT_EQUAL)
        if equality and self._words.is_truth(left) and self._words.is_truth(right):
            both = self._truth(left), self._truth(right)
            same = operator is ComparisonOperator.EQUAL
            return sympy.Equivalent(*both) if same else sympy.Xor(*both)
        words = self._words.domain(left) or self._words.domain(right)
        relation = self._operations[operator]
        return self._related(relation, self._value(left, words), self._value(right, words))

    def _related(self, relation: Formula, left: Formula, right: Formula) -> Formula:
        """The relation, divided by the factor that the scales of both sides share, or by that of
        one side where the other is a number; negatives stand on the other side.
        """
        factors = [side.as_content_primitive()[0] for side in (left, right) if not side.is_number]
        if factors:
            shared = self._sympy.gcd_list(factors)
            left, right = left / shared, right / shared
        if _is_negative(left) or _is_negative(right):
            left, right = -right, -left
        return relation(left, right)

    def _cases(self, node: Expression, domain: Domain | None) -> Formula:
        """A chain of choices as one definition by cases."""
        arms: list[tuple[Formula, Formula]] = []
        while isinstance(node, nodes.Choose):
            arms.append((self._value(node.then, domain), self._truth(node.condition)))
            node = node.otherwise
        return self._by_cases(arms, self._value(node, domain))

    def _by_cases(self, arms: list[tuple[Formula, Formula]], last: Formula) -> Formula:
        """A value for each condition, the first true one's, else the last."""
        if self._conditions:
            for value, condition in reversed(arms):
                last = self._sympy.Function("choose")(condition, value, last)
            return last
        # Evaluated, it would turn comparisons round.
        return self._sympy.Piecewise(*arms, (last, self._sympy.true), evaluate=False)

    def _lookup(self, table: tuple[int, ...], index: Expression, domain: Domain | None) -> Formula:
        words = self._words.domain(index)
        if words is not None and domain is not None and words.size == len(table):
            pairs = zip(words.codes(), table, strict=True)
            if all(code in domain.codes() for code in table) and all(
                words.text(old) == domain.text(new) for old, new in pairs
            ):
                return self._value(index)  # the same words under other codes
        if len(table) <= LISTED_TABLE:
            at = self._in_condition(index, words)
            chosen = [self._member(domain, code) for code in table]
            places = [self._member(words, k) for k in range(len(table))]
            where = [self._related(self._sympy.Eq, at, place) for place in places]
            return self._by_cases(list(zip(chosen, where, strict=True))[:-1], chosen[-1])
        return self._sympy.Function("table")(self._value(index, words))


def _is_negative(term: Formula) -> bool:
    """Whether it is one term, no number, with a minus before it."""
    return not (term.is_Add or term.is_number) and bool(term.as_coeff_Mul()[0] < 0)


def _denominator(domain: Domain) -> int:
    return domain.denominator if isinstance(domain, Numbers) else 1
