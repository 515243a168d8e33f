"""Mechanisms as mathematics, for people to read: SymPy expressions and LaTeX.

Never on the execution path: SymPy's floor and remainder print as floating point. Expressions are
built node by node, never from text, and only what SymPy simplifies on construction is simplified,
so that the work stays bounded.

Values are shown in the units of the spec: where a variable's code is a hundredth, the code of `x`
is 100·x, and the factors cancel.
"""

from __future__ import annotations

import importlib
from typing import Any

from .. import expressions as nodes
from ..domains import Domain, Numbers, Rows, Symbols, Truths
from ..expressions import ArithmeticOperator, ComparisonOperator, Expression
from ..model import CausalModel

MOST_NODES = 400
"""A mechanism of more nodes is not shown: nobody would read it."""

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
    variable = translation.variable(name)
    try:
        formula = translation.mechanism(name)
    except TooLargeToShowError:
        return f"{variable_latex(name)} = \\ldots"
    names = {symbol: translation.latex[symbol] for symbol in formula.free_symbols}
    names[variable] = variable_latex(name)
    latex: Any = importlib.import_module("sympy").latex
    return f"{variable_latex(name)} = {latex(formula, symbol_names=names)}"


def variable_latex(name: str) -> str:
    r"""`carry[2]` as `\mathit{carry}_{2}`."""
    stem, _, index = name.partition("[")
    letters = f"\\mathit{{{_escaped(stem)}}}" if len(stem) > 1 else _escaped(stem)
    return f"{letters}_{{{_escaped(index.rstrip(']'))}}}" if index else letters


_ESCAPES = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{character: f"\\{character}" for character in "&%$#_{}"},
}


def _escaped(text: str) -> str:
    return "".join(_ESCAPES.get(character, character) for character in text)


class _Translation:
    """One model's expressions. `latex` says how each SymPy symbol is written."""

    def __init__(self, model: CausalModel) -> None:
        self._model = model
        self._sympy: Any = importlib.import_module("sympy")
        self.latex: dict[Formula, str] = {}

    def mechanism(self, name: str) -> Formula:
        variable = self._model.by_name[name]
        if variable.mechanism is None:
            raise ValueError(f"`{name}` has no mechanism")
        if _node_count(variable.mechanism) > MOST_NODES:
            raise TooLargeToShowError(f"the mechanism of `{name}` is too large to show")
        if isinstance(variable.domain, Truths):
            return self._truth(variable.mechanism)
        code = self._value(variable.mechanism, variable.domain)
        return code / _denominator(variable.domain)

    def variable(self, name: str) -> Formula:
        # The prefix keeps a variable apart from a word of that name, and before it in equations.
        if isinstance(self._model.by_name[name].domain, Truths):
            symbol = self._sympy.Symbol(f"variable {name}")
        else:
            symbol = self._sympy.Symbol(f"variable {name}", real=True)
        self.latex[symbol] = variable_latex(name)
        return symbol

    def _member(self, domain: Domain, code: int) -> Formula:
        if isinstance(domain, Symbols | Rows) and 0 <= code < domain.size:
            symbol = self._sympy.Symbol(f"word {domain.text(code)}", real=True)
            self.latex[symbol] = f"\\text{{{_escaped(domain.text(code))}}}"
            return symbol
        return self._sympy.Integer(code)

    def _value(self, node: Expression, domain: Domain | None = None) -> Formula:
        """The code of an expression; constants are words where `domain` has words."""
        sympy = self._sympy
        match node:
            case nodes.Constant(value):
                return self._member(domain, value) if domain else sympy.Integer(value)
            case nodes.Reference(name):
                own = self._model.by_name[name].domain
                if isinstance(own, Truths):
                    return sympy.Piecewise((1, self.variable(name)), (0, True))
                return self.variable(name) * _denominator(own)
            case nodes.Arithmetic(operator, left, right):
                return self._arithmetic(operator, self._value(left), self._value(right))
            case nodes.AbsoluteValue(operand):
                return sympy.Abs(self._value(operand))
            case nodes.Choose():
                return self._cases(node, domain)
            case nodes.Lookup(table, index):
                return self._lookup(table, index, domain)
            case _:
                return sympy.Piecewise((1, self._truth(node)), (0, True))

    def _truth(self, node: Expression) -> Formula:
        sympy = self._sympy
        match node:
            case nodes.Constant(value):
                return sympy.true if value else sympy.false
            case nodes.Reference(name) if isinstance(self._model.by_name[name].domain, Truths):
                return self.variable(name)
            case nodes.Compare(operator, left, right):
                return self._compare(operator, left, right)
            case nodes.Not(operand):
                return sympy.Not(self._truth(operand))
            case nodes.All(operands):
                return sympy.And(*map(self._truth, operands))
            case nodes.Any(operands):
                return sympy.Or(*map(self._truth, operands))
            case nodes.Choose(condition, then, otherwise):
                parts = [self._truth(one) for one in (condition, then, otherwise)]
                return sympy.ITE(*parts)
            case nodes.Within(operand, low, high, step):
                value = self._value(operand)
                tests = [self._related(sympy.Le, sympy.Integer(low), value)]
                tests.append(self._related(sympy.Le, value, sympy.Integer(high)))
                if step > 1:
                    tests.append(sympy.Eq(sympy.Mod(value - low, step), 0))
                return sympy.And(*tests)
            case _:
                return sympy.Ne(self._value(node), 0)

    def _arithmetic(self, operator: ArithmeticOperator, left: Formula, right: Formula) -> Formula:
        sympy = self._sympy
        match operator:
            case ArithmeticOperator.ADD:
                return left + right
            case ArithmeticOperator.SUBTRACT:
                return left - right
            case ArithmeticOperator.MULTIPLY:
                return left * right
            case ArithmeticOperator.FLOOR_DIVIDE:
                return sympy.floor(left / right)
            case ArithmeticOperator.REMAINDER:
                return sympy.Mod(left, right)
            case ArithmeticOperator.MINIMUM:
                return sympy.Min(left, right)
            case ArithmeticOperator.MAXIMUM:
                return sympy.Max(left, right)

    def _compare(
        self, operator: ComparisonOperator, left: Expression, right: Expression
    ) -> Formula:
        sympy = self._sympy
        equality = operator in (ComparisonOperator.EQUAL, ComparisonOperator.NOT_EQUAL)
        if equality and self._is_truth(left) and self._is_truth(right):
            both = self._truth(left), self._truth(right)
            same = operator is ComparisonOperator.EQUAL
            return sympy.Equivalent(*both) if same else sympy.Xor(*both)
        words = self._words(left) or self._words(right)
        relation = {
            ComparisonOperator.EQUAL: sympy.Eq,
            ComparisonOperator.NOT_EQUAL: sympy.Ne,
            ComparisonOperator.LESS: sympy.Lt,
            ComparisonOperator.LESS_OR_EQUAL: sympy.Le,
        }[operator]
        return self._related(relation, self._value(left, words), self._value(right, words))

    def _related(self, relation: Formula, left: Formula, right: Formula) -> Formula:
        """The relation, divided by the factor that the scales of both sides share."""
        sympy = self._sympy
        shared = sympy.gcd(left.as_content_primitive()[0], right.as_content_primitive()[0])
        return relation(left / shared, right / shared) if shared > 1 else relation(left, right)

    def _cases(self, node: Expression, domain: Domain | None) -> Formula:
        """A chain of choices as one definition by cases."""
        arms: list[tuple[Formula, Formula]] = []
        while isinstance(node, nodes.Choose):
            arms.append((self._value(node.then, domain), self._truth(node.condition)))
            node = node.otherwise
        arms.append((self._value(node, domain), self._sympy.true))
        return self._sympy.Piecewise(*arms)

    def _lookup(self, table: tuple[int, ...], index: Expression, domain: Domain | None) -> Formula:
        words = self._words(index)
        if words is not None and domain is not None and words.size == len(table):
            pairs = zip(words.codes(), table, strict=True)
            if all(code in domain.codes() for code in table) and all(
                words.text(old) == domain.text(new) for old, new in pairs
            ):
                return self._value(index)  # the same words under other codes
        return self._sympy.Function("table")(self._value(index, words))

    def _is_truth(self, node: Expression) -> bool:
        match node:
            case nodes.Reference(name):
                return isinstance(self._model.by_name[name].domain, Truths)
            case nodes.Compare() | nodes.Not() | nodes.All() | nodes.Any() | nodes.Within():
                return True
            case _:
                return False

    def _words(self, node: Expression) -> Domain | None:
        """The domain whose words the expression's codes stand for, where they do."""
        match node:
            case nodes.Reference(name):
                domain = self._model.by_name[name].domain
                return domain if isinstance(domain, Symbols | Rows) else None
            case nodes.Choose(_, then, otherwise):
                return self._words(then) or self._words(otherwise)
            case _:
                return None


def _denominator(domain: Domain) -> int:
    return domain.denominator if isinstance(domain, Numbers) else 1


def _node_count(root: Expression) -> int:
    """The nodes as a tree, counted no further than what is too many."""
    count = 0
    stack = [root]
    while stack and count <= MOST_NODES:
        count += 1
        stack.extend(nodes.children(stack.pop()))
    return count
