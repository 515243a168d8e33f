"""Questions about every input at once, answered by z3 over bounded integers.

z3 is loaded when the first question is asked: a spec with few inputs never waits for it.
"""

from __future__ import annotations

import importlib
import operator
from collections.abc import Collection, Generator, Sequence
from contextlib import contextmanager
from typing import Any

from causalspec.compiler import expressions as nodes
from causalspec.compiler.domains import Domain, Numbers
from causalspec.compiler.evaluators.definedness import Totals, defined_name, partial_names
from causalspec.compiler.evaluators.sums import MOST_TERMS, Sum
from causalspec.compiler.evidence import NoWitness, Proved, Unknown, Witness
from causalspec.compiler.expressions import (
    ArithmeticOperator,
    ComparisonOperator,
    Expression,
    surely,
)
from causalspec.compiler.model import CausalModel, Variable
from causalspec.dsl.diagnostics import InternalError

SECONDS_A_QUESTION = 5

_STEPS_A_SECOND = 40_000_000
"""Of z3's own count, looked at more often than the clock: more than it does in a second."""

Term = Any  # a z3 term: z3 has no types of its own to offer

_OPERATIONS = {
    ArithmeticOperator.ADD: operator.add,
    ArithmeticOperator.SUBTRACT: operator.sub,
    ArithmeticOperator.MULTIPLY: operator.mul,
    ComparisonOperator.EQUAL: operator.eq,
    ComparisonOperator.NOT_EQUAL: operator.ne,
    ComparisonOperator.LESS: operator.lt,
    ComparisonOperator.LESS_OR_EQUAL: operator.le,
}
"""What z3 writes as Python does."""


def solve_for(
    model: CausalModel, condition: Expression, seconds: float = SECONDS_A_QUESTION
) -> Witness | NoWitness:
    """A setting of inputs and noise that meets the requirement and the condition, if there is one:
    in which both are defined and true.

    The condition may read any variable of the model, which must be acyclic. The answer is unknown
    where the solver needs more than so many seconds.
    """
    return Translated(model, condition).solve(seconds)


class Translated:
    """A condition on a model as the solver reads it, to be asked about again and again under
    further wishes, which may read what it reads and the variables `also`.
    """

    def __init__(
        self, model: CausalModel, condition: Expression, also: Collection[str] = ()
    ) -> None:
        self._z3: Any = importlib.import_module("z3")
        # A context of its own: what was asked before must not change which answer is found.
        self._context = self._z3.Context()
        self._model = model = model.total
        partial = partial_names(model)
        self._totals = Totals(partial)
        self._translation = _Translation(self._z3, self._context)
        self._read: list[Expression] = []  # kept: terms are remembered by an expression's identity
        self._solver = self._new_solver()
        condition = self._total(condition)
        flags = {defined_name(name) for name in partial.intersection(also)}
        needed = _needed(model, condition, {*also, *flags})
        for variable in model.variables:
            if variable.name in needed:
                self._declare(variable)
        if model.requirement is not None:
            self._require(model.requirement)
        for names in model.distinct:
            self._require_every_value(names)
        self._require(condition)

    def _require_every_value(self, names: Sequence[str]) -> None:
        """Inputs that differ, and are as many as there are values, take each of these: it follows,
        but the solver would count pigeons for very long.
        """
        domains = {self._model.by_name[name].domain for name in names}
        if len(domains) == 1 and (codes := domains.pop().codes()) and len(codes) == len(names):
            for code in codes:
                taken = (self._translation.terms[name] == code for name in names)
                self._solver.add(self._z3.Or(*taken, self._context))

    def _total(self, condition: Expression) -> Expression:
        """Whether a condition is defined and true."""
        return self._totals.of(surely(condition)).value

    def forget(self) -> None:
        """Drop what earlier answers have taught: the next ones resemble them less."""
        asserted = self._solver.assertions()
        self._solver = self._new_solver()
        self._solver.add(asserted)

    def _new_solver(self) -> Any:
        solver = self._z3.Solver(ctx=self._context)
        solver.set("smt.arith.nl.grobner", False)  # its loops look at no clock, and fill the memory
        return solver

    def solve(
        self, seconds: float = SECONDS_A_QUESTION, wishes: Sequence[Expression] = ()
    ) -> Witness | NoWitness:
        """A setting that meets the condition and all wishes, as `solve_for`."""
        with self._under(wishes, seconds):
            return self._answer(self._solver.check())

    def is_possible(self, seconds: float, wishes: Sequence[Expression]) -> bool | None:
        """Whether there is such a setting; None where the solver needs longer."""
        with self._under(wishes, seconds):
            answer = self._solver.check()
        return None if answer == self._z3.unknown else answer == self._z3.sat

    @contextmanager
    def _under(self, wishes: Sequence[Expression], seconds: float) -> Generator[None]:
        self._solver.set("timeout", max(1, round(1000 * seconds)))
        self._solver.set("rlimit", max(1, round(_STEPS_A_SECOND * seconds)))
        if wishes:
            self._solver.push()
        for wish in wishes:
            self._require(self._total(wish))
        yield
        if wishes:
            self._solver.pop()

    def _declare(self, variable: Variable) -> None:
        terms, translation = self._translation.terms, self._translation
        if variable.mechanism is None:
            term = self._z3.Int(variable.name, self._context)
            terms[variable.name] = term
            self._solver.add(_member(self._z3, term, variable.domain))
        else:
            terms[variable.name] = translation.translate(variable.mechanism)
            translation.sums[variable.name] = translation.sum_of(variable.mechanism)

    def _require(self, condition: Expression) -> None:
        self._read.append(condition)
        translation = self._translation
        self._solver.add(translation.truth(translation.translate(condition)))

    def _answer(self, answer: Any) -> Witness | NoWitness:
        if answer == self._z3.unsat:
            return NoWitness(Proved())
        if answer == self._z3.unknown:
            return NoWitness(Unknown())
        found = self._solver.model()
        terms = self._translation.terms
        setting: dict[str, int] = {}
        for name in self._model.exogenous:
            value = found.eval(terms[name]) if name in terms else None
            if value is not None and self._z3.is_int_value(value):
                setting[name] = value.as_long()
            else:  # any value will do
                setting[name] = self._model.by_name[name].domain.codes()[0]
        return Witness(setting)


def _needed(model: CausalModel, condition: Expression, also: Collection[str]) -> Collection[str]:
    required = () if model.requirement is None else nodes.references(model.requirement)
    return model.ancestors((*nodes.references(condition), *required, *also))


def _member(z3: Any, term: Term, domain: Domain) -> Term:
    if not isinstance(domain, Numbers):
        return z3.And(term >= 0, term < domain.size)
    bounds = z3.And(term >= domain.low, term <= domain.high)
    return bounds if domain.step == 1 else z3.And(bounds, (term - domain.low) % domain.step == 0)


class _Translation:
    """Expressions as z3 terms. Truth values may be z3's own; the rest are its integers."""

    def __init__(self, z3: Any, context: Any) -> None:
        self._z3 = z3
        self._context = context
        self.terms: dict[str, Term] = {}
        self.sums: dict[str, Sum] = {}
        self._memory: dict[int, Term] = {}
        self._sums: dict[int, Sum] = {}

    def truth(self, term: Term) -> Term:
        return term if self._z3.is_bool(term) else term != 0

    def number(self, term: Term) -> Term:
        return self._z3.If(term, 1, 0, self._context) if self._z3.is_bool(term) else term

    def translate(self, root: Expression) -> Term:
        """Shared nodes become shared terms, and no depth of nesting overflows Python's stack."""
        return nodes.fold(root, lambda node, _: self._node(node), self._memory)

    def _node(self, node: Expression) -> Term:
        z3 = self._z3
        match node:
            case nodes.Constant(value):
                return z3.IntVal(value, self._context)
            case nodes.Reference(name):
                return self.terms[name]
            case nodes.Arithmetic(operator, left, right):
                total = self._summed(operator, left, right)
                if total is None or len(total.terms) > MOST_TERMS:
                    return self._arithmetic(operator, self._number(left), self._number(right))
                self._sums[id(node)] = total
                return total.term(z3.IntVal(0, self._context))
            case nodes.AbsoluteValue(operand):
                term = self._number(operand)
                return z3.If(term < 0, -term, term, self._context)
            case nodes.Compare(operator, left, right):
                return self._compare(operator, self._memory[id(left)], self._memory[id(right)])
            case nodes.Not(operand):
                return z3.Not(self._truth(operand), self._context)
            case nodes.All(operands):
                return z3.And(*[self._truth(operand) for operand in operands], self._context)
            case nodes.Any(operands):
                return z3.Or(*[self._truth(operand) for operand in operands], self._context)
            case nodes.Distinct(operands):
                return z3.Distinct(*[self._number(operand) for operand in operands])
            case nodes.Choose(condition, then, otherwise):
                branches = self._memory[id(then)], self._memory[id(otherwise)]
                if not all(z3.is_bool(branch) for branch in branches):
                    branches = self._number(then), self._number(otherwise)
                return z3.If(self._truth(condition), *branches, self._context)
            case nodes.Within(operand, low, high, step):
                term = self._number(operand)
                return _member(z3, term, Numbers(low, high, step))
            case nodes.Lookup(table, index):
                return self._lookup(table, self._number(index))
            case nodes.Undefined() | nodes.Defined():
                raise InternalError("the solver is asked about total expressions alone")

    def sum_of(self, node: Expression) -> Sum:
        """A translated expression as a sum; of one term where it is none."""
        match node:
            case nodes.Constant(value):
                return Sum(constant=value)
            case nodes.Reference(name) if name in self.sums:
                return self.sums[name]
            case _:
                return self._sums.get(id(node)) or Sum.of(self._number(node))

    def _summed(
        self, operator: ArithmeticOperator, left: Expression, right: Expression
    ) -> Sum | None:
        """Sums, multiples, and sums divided by a positive constant; None for all else."""
        first, second = self.sum_of(left), self.sum_of(right)
        zero = self._z3.IntVal(0, self._context)
        match operator:
            case ArithmeticOperator.ADD:
                return first.plus(second)
            case ArithmeticOperator.SUBTRACT:
                return first.plus(second, -1)
            case ArithmeticOperator.MULTIPLY if not second.terms:
                return Sum().plus(first, second.constant)
            case ArithmeticOperator.MULTIPLY if not first.terms:
                return Sum().plus(second, first.constant)
            case ArithmeticOperator.FLOOR_DIVIDE if not second.terms and second.constant > 0:
                return first.floored(second.constant, zero)
            case ArithmeticOperator.REMAINDER if not second.terms and second.constant > 0:
                return first.remainder(second.constant, zero)
            case _:
                return None

    def _truth(self, node: Expression) -> Term:
        return self.truth(self._memory[id(node)])

    def _number(self, node: Expression) -> Term:
        return self.number(self._memory[id(node)])

    def _arithmetic(self, operator: ArithmeticOperator, left: Term, right: Term) -> Term:
        match operator:
            case ArithmeticOperator.FLOOR_DIVIDE:
                return self._floored(left, right)
            case ArithmeticOperator.REMAINDER:
                return left - right * self._floored(left, right)
            case ArithmeticOperator.MINIMUM:
                return self._z3.If(left <= right, left, right, self._context)
            case ArithmeticOperator.MAXIMUM:
                return self._z3.If(left <= right, right, left, self._context)
            case _:
                return _OPERATIONS[operator](left, right)

    def _floored(self, left: Term, right: Term) -> Term:
        # z3 divides so that the remainder is never negative, which is the floor for a positive
        # divisor alone; for a negative one, both change sign first.
        if self._z3.is_int_value(right) and right.as_long() > 0:
            return left / right
        return self._z3.If(right > 0, left / right, (-left) / (-right), self._context)

    def _compare(self, operator: ComparisonOperator, left: Term, right: Term) -> Term:
        equality = operator in (ComparisonOperator.EQUAL, ComparisonOperator.NOT_EQUAL)
        if not (equality and self._z3.is_bool(left) and self._z3.is_bool(right)):
            left, right = self.number(left), self.number(right)
        return _OPERATIONS[operator](left, right)

    def _lookup(self, table: Sequence[int], index: Term) -> Term:
        """A choice by halves: as deep as the logarithm of how often neighbours differ."""
        runs = [k for k in range(len(table)) if k == 0 or table[k] != table[k - 1]]

        def between(first: int, last: int) -> Term:
            if last - first == 1:
                return self._z3.IntVal(table[runs[first]], self._context)
            middle = (first + last) // 2
            split = index < runs[middle]
            halves = between(first, middle), between(middle, last)
            return self._z3.If(split, *halves, self._context)

        return between(0, len(runs))
