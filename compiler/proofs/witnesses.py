"""Is there an input that makes an expression true? One, the smallest found, or how we know not.

Cheap means come first: intervals, every setting in NumPy where there are not too many, a sample
that finds what is common, and only then the solver, whose mere loading takes a third of a second.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from math import comb, prod
from typing import Any

import numpy

from ...dsl.diagnostics import InternalError
from ..domains import Truths
from ..evaluators import interpret
from ..evaluators.intervals import UnsupportedModelError
from ..evaluators.vectorize import mechanism_intervals, solve_columns
from ..expressions import All, Constant, Expression
from ..model import CausalModel, Role, Variable
from . import prove
from .evidence import Exhaustive, NoWitness, Proved, Sampled, Witness

CHEAPER_THAN_THE_SOLVER = 1 << 21
"""So many settings take NumPy less time than loading the solver takes."""

ENUMERATION_LIMIT = 10_000_000
GLANCE = 1 << 14
SAMPLE = 1 << 20
SEED = 0
_ROWS_AT_FIRST = 1 << 14
_ROWS_AT_ONCE = 1 << 18
_INTERPRETED = 1000
_GROUPS = 100
_CONDITION = "the condition"  # no variable of a spec has a space in its name


def find_witness(model: CausalModel, condition: Expression) -> Witness | NoWitness:
    """An admissible setting of inputs and noise in which the condition is true, or none.

    The condition may read any variable of the model, which must be acyclic.
    """
    return _Question(model, condition).answer()


def smallest_witness(model: CausalModel, condition: Expression) -> Witness | NoWitness:
    """A witness for people to read: no value of it can be moved nearer to its domain's first, alone
    or together with others.
    """
    question = _Question(model, condition)
    found = question.answer()
    if isinstance(found, NoWitness):
        return found
    return question.replayed(question.minimised(found.setting))


class _Question:
    def __init__(self, model: CausalModel, condition: Expression) -> None:
        required = model.requirement or Constant(1)
        both = Variable(_CONDITION, Role.OUTPUT, Truths(), All((required, condition)))
        self._model = model
        self._condition = condition
        self._extended = CausalModel(model.name, model.task, (*model.variables, both))
        self._free = [*model.inputs, *model.noise]
        relevant = _ancestors(self._extended)
        self._varying = [name for name in self._free if name in relevant]
        self._codes = {name: _likely_codes(model.by_name[name]) for name in self._varying}

    def answer(self) -> Witness | NoWitness:
        try:
            found = self._ask()
        except UnsupportedModelError:  # beyond 64 bits
            found = prove.solve_for(self._model, self._condition)
        return found if isinstance(found, NoWitness) else self.replayed(found.setting)

    def replayed(self, setting: Mapping[str, int]) -> Witness:
        """The setting of every input and noise, others' values being the first of their domains."""
        whole = {name: self._model.by_name[name].domain.codes()[0] for name in self._free}
        whole.update({name: setting[name] for name in self._varying})
        if not self.holds(whole):
            raise InternalError(f"evaluators disagree on `{self._model.name}` at {whole}")
        return Witness(whole)

    def _ask(self) -> Witness | NoWitness:
        if mechanism_intervals(self._extended)[_CONDITION].high == 0:
            return NoWitness(Proved())
        count = prod(len(codes) for codes in self._codes.values())
        if count <= CHEAPER_THAN_THE_SOLVER:
            return self._enumerated(count)
        glance = self._sampled(GLANCE)
        if isinstance(glance, Witness):
            return glance
        answer = prove.solve_for(self._model, self._condition)
        if isinstance(answer, Witness) or answer.is_certain:
            return answer
        return self._enumerated(count) if count <= ENUMERATION_LIMIT else self._sampled(SAMPLE)

    def holds(self, setting: Mapping[str, int]) -> bool:
        """By the interpreter."""
        return interpret.solve(self._extended, setting)[_CONDITION] != 0

    def minimised(self, setting: Mapping[str, int]) -> dict[str, int]:
        """The setting moved towards each domain's first value for as long as the condition stays
        true: single inputs, and several together by as many values each, as inputs that are bound
        to each other need.
        """
        smallest = dict(setting)
        positions = {name: codes.index(smallest[name]) for name, codes in self._codes.items()}
        moved = True
        while moved:
            moved = False
            for names in _moved_together(self._varying):
                distance = self._farthest(smallest, positions, names)
                moved = moved or distance > 0
                for name in names if distance else ():
                    positions[name] -= distance
                    smallest[name] = self._codes[name][positions[name]]
        return smallest

    def _farthest(
        self, setting: Mapping[str, int], positions: Mapping[str, int], names: Sequence[str]
    ) -> int:
        """By how many positions the inputs can move at most; 0 where they must stay."""
        room = min(positions[name] for name in names)
        if not room:
            return 0
        distances = numpy.arange(room, max(room - _ROWS_AT_ONCE, 0), -1)
        columns = {name: _column(self._codes[name], positions[name] - distances) for name in names}
        try:
            hits = numpy.flatnonzero(self._evaluated({**setting, **columns}))
        except UnsupportedModelError:
            few = range(min(len(distances), _INTERPRETED))
            rows = ({**setting, **{n: int(c[k]) for n, c in columns.items()}} for k in few)
            hits = [k for k, row in enumerate(rows) if self.holds(row)][:1]
        return int(distances[hits[0]]) if len(hits) else 0

    def _evaluated(self, columns: Mapping[str, Any]) -> Any:
        return solve_columns(self._extended, columns, wanted=[_CONDITION])[_CONDITION]

    def _enumerated(self, count: int) -> Witness | NoWitness:
        sizes = tuple(len(codes) for codes in self._codes.values())
        start, size = 0, _ROWS_AT_FIRST
        while start < count:
            rows = numpy.arange(start, min(start + size, count))
            positions = numpy.unravel_index(rows, sizes) if sizes else ()
            found = self._first_hit(positions)
            if found is not None:
                return found
            start, size = start + size, min(8 * size, _ROWS_AT_ONCE)
        return NoWitness(Exhaustive(count))

    def _sampled(self, count: int) -> Witness | NoWitness:
        generator = numpy.random.default_rng(SEED)
        for start in range(0, count, _ROWS_AT_ONCE):
            rows = min(_ROWS_AT_ONCE, count - start)
            found = self._first_hit(
                [generator.integers(len(codes), size=rows) for codes in self._codes.values()]
            )
            if found is not None:
                return found
        return NoWitness(Sampled(count, SEED))

    def _first_hit(self, positions: Any) -> Witness | None:
        columns = {
            name: _column(codes, position)
            for (name, codes), position in zip(self._codes.items(), positions, strict=True)
        }
        hits = numpy.flatnonzero(self._evaluated(columns))
        if not len(hits):
            return None
        return Witness({name: int(column[hits[0]]) for name, column in columns.items()})


def _moved_together(names: Sequence[str]) -> list[tuple[str, ...]]:
    """Each alone, then two, three, … at a time up to a bound, then all."""
    groups: list[tuple[str, ...]] = []
    for size in range(1, len(names) + 1):
        if len(groups) + comb(len(names), size) > _GROUPS:
            groups.append(tuple(names))
            break
        groups.extend(combinations(names, size))
    return groups


def _ancestors(model: CausalModel) -> set[str]:
    """What the condition depends on."""
    needed = {_CONDITION}
    for variable in reversed(model.variables):
        if variable.name in needed:
            needed.update(variable.parents)
    return needed


def _likely_codes(variable: Variable) -> range | tuple[int, ...]:
    """The codes that can be drawn at all."""
    codes = variable.domain.codes()
    if variable.weights is None:
        return codes
    return tuple(code for code, weight in zip(codes, variable.weights, strict=True) if weight)


def _column(codes: range | tuple[int, ...], positions: Any) -> Any:
    if isinstance(codes, range):  # perhaps too long to list
        return codes.start + codes.step * positions
    return numpy.array(codes, numpy.int64)[positions]
