"""A question of existence with the means to answer it, the cheap ones first.

Intervals, every setting in NumPy where there are not too many, a sample that finds what is common,
and only then the solver, whose mere loading takes a third of a second. What the solver cannot say
at once is asked again when the variables that are equal have become one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import prod
from time import process_time
from typing import Any

import numpy

from causalspec.compiler.data.arrangements import arranged
from causalspec.compiler.domains import Domain, Numbers, Truths
from causalspec.compiler.evaluators import interpret, prove
from causalspec.compiler.evaluators.definedness import Totals, partial_names
from causalspec.compiler.evaluators.intervals import UnsupportedModelError, mechanism_intervals
from causalspec.compiler.evaluators.vectorize import solve_columns
from causalspec.compiler.evidence import Exhaustive, NoWitness, Proved, Sampled, Witness
from causalspec.compiler.expressions import (
    All,
    Arithmetic,
    ArithmeticOperator,
    Constant,
    Expression,
    Lookup,
    Reference,
    surely,
)
from causalspec.compiler.model import CausalModel, Role, Variable
from causalspec.compiler.proofs.sweeping import with_equal_variables_merged
from causalspec.dsl.diagnostics import InternalError

CHEAPER_THAN_THE_SOLVER = 1 << 21
"""So many settings take NumPy less time than loading the solver takes."""

ENUMERATION_LIMIT = 10_000_000
GLANCE = 1 << 14
SAMPLE = 1 << 20
SEED = 0
SECONDS_AT_ONCE = 1
"""How long the solver may take before equal variables are merged."""
TRIED_FOR_A_PAIR = 1 << 16
SECONDS_A_PAIR = 0.5
"""What one pair of variables may take that might be equal."""

_ROWS_AT_ONCE = 1 << 16
_CONDITION, _ASKED = (
    "the condition",
    "the condition that is asked for",
)  # no variable of a spec has a space in its name


class Question:
    """Whether some admissible setting of a model makes a condition defined and true."""

    def __init__(self, model: CausalModel, condition: Expression) -> None:
        self.model = model
        self.condition = condition
        drawn = [_drawn(variable) for variable in model.variables if 0 in (variable.weights or ())]
        required = [*([model.requirement] if model.requirement is not None else ()), *drawn]
        self._admissible = replace(model, requirement=All(tuple(required))) if drawn else model
        holds = All((*map(surely, required), surely(condition)))
        both = Variable(_CONDITION, Role.OUTPUT, Truths(), holds)
        self._partial = CausalModel(model.name, model.task, (*model.variables, both))
        self._extended = self._with_condition(drawn)
        relevant = self._extended.ancestors([_CONDITION])
        self.varying = [name for name in model.exogenous if name in relevant]
        """The inputs and noise that the condition depends on."""
        self.codes = {name: _likely_codes(model.by_name[name]) for name in self.varying}
        """The codes of each that can be drawn at all."""
        self.count = prod(len(codes) for codes in self.codes.values())
        """How many settings of what varies there are."""

    def _with_condition(self, drawn: Sequence[Expression]) -> CausalModel:
        """The total model, which questions about one model share, with the total condition."""
        total = self.model.total
        required = () if total.requirement is None else (total.requirement,)
        asked = Totals(partial_names(total)).of(surely(self.condition)).value
        both = Variable(_CONDITION, Role.OUTPUT, Truths(), All((*required, *drawn, asked)))
        return CausalModel(total.name, total.task, (*total.variables, both))

    def answer(self) -> Witness | NoWitness:
        """Some setting, or how we know that there is none."""
        try:
            found = self._ask()
        except UnsupportedModelError:  # beyond 64 bits
            found = self.solved(prove.SECONDS_A_QUESTION)
        return found if isinstance(found, NoWitness) else self.replayed(found.setting)

    def replayed(self, setting: Mapping[str, int]) -> Witness:
        """The setting of every input and noise, others' values being the first of their domains."""
        whole = self.whole(setting)
        if not self.holds(whole):
            raise InternalError(f"evaluators disagree on `{self.model.name}` at {whole}")
        return Witness(whole)

    def whole(self, setting: Mapping[str, int]) -> dict[str, int]:
        """A setting of what varies with the first values of the rest."""
        rest = (name for name in self.model.exogenous if name not in self.codes)
        whole = {name: _likely_codes(self.model.by_name[name])[0] for name in rest}
        return whole | {name: setting[name] for name in self.varying}

    def holds(self, setting: Mapping[str, int]) -> bool:
        """By the interpreter."""
        return interpret.solve(self._partial, setting)[_CONDITION] != 0

    def hits(self, positions: Sequence[Any]) -> Any:
        """The rows in which it holds, in NumPy; `positions` among the codes of what varies."""
        columns = self._columns(positions)
        return numpy.flatnonzero(
            solve_columns(self._extended, columns, wanted=[_CONDITION])[_CONDITION]
        )

    def batches(self) -> Iterator[Sequence[Any]]:
        """The positions of every setting, in lexicographic order."""
        sizes = tuple(len(codes) for codes in self.codes.values())
        for start in range(0, self.count, _ROWS_AT_ONCE):
            rows = numpy.arange(start, min(start + _ROWS_AT_ONCE, self.count))
            yield numpy.unravel_index(rows, sizes) if sizes else ()

    def solved(self, seconds: float) -> Witness | NoWitness:
        """By the solver alone."""
        return prove.solve_for(self._admissible, self.condition, seconds)

    def solver(self) -> prove.Translated:
        """The solver, to be asked under more conditions on what varies."""
        return prove.Translated(self._admissible, self.condition, self.varying)

    def _ask(self) -> Witness | NoWitness:
        if mechanism_intervals(self._extended)[_CONDITION].high == 0:
            return NoWitness(Proved())
        if self.count <= CHEAPER_THAN_THE_SOLVER:
            return self.enumerated()
        glance = self._sampled(GLANCE)
        if isinstance(glance, Witness):
            return glance
        answer = self._settled()
        if isinstance(answer, Witness) or answer.is_certain:
            return answer
        return self.enumerated() if self.count <= ENUMERATION_LIMIT else self._sampled(SAMPLE)

    def _settled(self) -> Witness | NoWitness:
        answer = self.solved(SECONDS_AT_ONCE)
        if isinstance(answer, Witness) or answer.is_certain:
            return answer
        begun = process_time()
        # Whether two variables are equal is a question, too, with a condition of its own.
        extended = replace(
            self._extended,
            variables=tuple(
                replace(variable, name=_ASKED) if variable.name == _CONDITION else variable
                for variable in self._extended.variables
            ),
        )
        merged = with_equal_variables_merged(extended, _surely_nowhere)
        left = prove.SECONDS_A_QUESTION - SECONDS_AT_ONCE - (process_time() - begun)
        return prove.solve_for(merged, Reference(_ASKED), max(1, left))

    def enumerated(self) -> Witness | NoWitness:
        """By trying all settings of what varies."""
        found = map(self._first_hit, self.batches())
        return next(filter(None, found), NoWitness(Exhaustive(self.count)))

    def _sampled(self, count: int) -> Witness | NoWitness:
        generator = numpy.random.default_rng(SEED)
        for start in range(0, count, _ROWS_AT_ONCE):
            rows = min(_ROWS_AT_ONCE, count - start)
            sizes = map(len, self.codes.values())
            positions = [generator.integers(size, size=rows) for size in sizes]
            found = self._first_hit(self._without_repetition(positions, generator))
            if found is not None:
                return found
        return NoWitness(Sampled(count, SEED))

    def _without_repetition(
        self, positions: Sequence[Any], generator: numpy.random.Generator
    ) -> Sequence[Any]:
        """The positions, those of inputs that have to differ replaced by ones that do."""
        drawn = dict(zip(self.codes, positions, strict=True))
        for names in self.model.distinct:
            values = len(self.codes[names[0]])
            if all(self.codes.get(name) == self.codes[names[0]] for name in names):
                rows = len(drawn[names[0]])
                bounds = range(values, values - len(names), -1)
                digits = [generator.integers(bound, size=rows) for bound in bounds]
                drawn.update(zip(names, arranged(digits, values), strict=True))
        return list(drawn.values())

    def _first_hit(self, positions: Sequence[Any]) -> Witness | None:
        hits = self.hits(positions)
        if not len(hits):
            return None
        columns = self._columns([places[hits[:1]] for places in positions])
        return Witness({name: int(column[0]) for name, column in columns.items()})

    def _columns(self, positions: Sequence[Any]) -> dict[str, Any]:
        pairs = zip(self.codes.items(), positions, strict=True)
        return {name: _column(codes, position) for (name, codes), position in pairs}


def _surely_nowhere(model: CausalModel, condition: Expression) -> bool:
    """Whether a small question has the answer no."""
    question = Question(model, condition)
    if question.count <= TRIED_FOR_A_PAIR:
        found = question.enumerated()
    else:
        found = question.solved(SECONDS_A_PAIR)
    return isinstance(found, NoWitness) and found.is_certain


def _column(codes: range | tuple[int, ...], positions: Any) -> Any:
    """The codes at these positions."""
    if isinstance(codes, range):  # perhaps too long to list
        return codes.start + codes.step * positions
    return numpy.array(codes, numpy.int64)[positions]


def place(name: str, domain: Domain) -> Expression:
    """Where the value of a variable stands among its domain's codes."""
    if not isinstance(domain, Numbers):
        return Reference(name)
    offset = Arithmetic(ArithmeticOperator.SUBTRACT, Reference(name), Constant(domain.low))
    return Arithmetic(ArithmeticOperator.FLOOR_DIVIDE, offset, Constant(domain.step))


def _drawn(variable: Variable) -> Expression:
    """That the value is one which can be drawn."""
    likely = tuple(int(weight > 0) for weight in variable.weights or ())
    return Lookup(likely, place(variable.name, variable.domain))


def _likely_codes(variable: Variable) -> range | tuple[int, ...]:
    codes = variable.domain.codes()
    if variable.weights is None:
        return codes
    return tuple(code for code, weight in zip(codes, variable.weights, strict=True) if weight)
