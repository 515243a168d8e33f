"""Pairs that sampling would starve for, found by the solver and spread over the input space.

The solver gives pairs near random ones: some of a random pair's values are kept, as many as leave
an answer. From these seeds every row walks on its own: values of one to three inputs at a time are
drawn afresh, one of a `distinct` statement changing places with that which has its new value, and a
step counts when the pair still meets every clause. Such a walk (Metropolis et al., 1953) comes
nearer and nearer to drawing evenly among all pairs that can be reached.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from causalspec.compiler.data.conditions import PairKind
from causalspec.compiler.data.partitions import SplitValues
from causalspec.compiler.data.populations import Population
from causalspec.compiler.data.randomness import Stream
from causalspec.compiler.data.samplers import PairSampler
from causalspec.compiler.data.strata import Stratum
from causalspec.compiler.derived_models import on_side
from causalspec.compiler.evaluators.columns import Column, ColumnExpression, Columns
from causalspec.compiler.evidence import NoWitness, Proved, Unknown, Witness
from causalspec.compiler.expressions import (
    All,
    Any,
    Compare,
    ComparisonOperator,
    Constant,
    Expression,
    Reference,
    Within,
)
from causalspec.compiler.model import Variable

if TYPE_CHECKING:
    from causalspec.compiler.evaluators.prove import Translated

SEEDS = 48
STEPS = 160
MOST_RANGES = 32
MOST_ANCHORED = 6
SECONDS_A_WISH = 1

Seed = Mapping[str, int]
"""A pair: the codes of every input and noise of its model."""


@dataclass(frozen=True, slots=True)
class Seeds:
    """Some pairs of a stratum; or none, and whether it is proved that there are none."""

    pairs: Sequence[Seed]
    proved_empty: bool = False


class PairSolver:
    """Finds pairs of a kind that meet every clause of its design, with the values that
    their split has.
    """

    def __init__(
        self,
        kind: PairKind,
        population: Population,
        values: SplitValues,
        stream: Stream,
    ) -> None:
        self._kind = kind
        self._population = population
        self._values = values
        self._stream = stream
        self._known: dict[Stratum, Seeds] = {}

    def seeds(self, stratum: Stratum, rows: int) -> Seeds:
        """Pairs of a stratum, or of all that begin with these codes: at most `SEEDS`, and no more
        than the `rows` that the whole split wants of them.
        """
        if stratum not in self._known:
            self._known[stratum] = self._solve(stratum, min(rows, SEEDS))
        return self._known[stratum]

    def spread(self, stratum: Stratum, rows: int, stream: Stream) -> Columns:
        """`rows` pairs near the seeds of a stratum, which has some."""
        model, seeds = self._kind.model, self._known[stratum].pairs
        names = model.exogenous
        start = [seeds[k % len(seeds)] for k in range(rows)]
        pairs: Columns = {name: np.array([seed[name] for seed in start]) for name in names}
        required = () if model.requirement is None else (model.requirement,)
        condition = All((*required, *self._conditions(stratum)))
        met = ColumnExpression.of(condition, model.by_name)
        sampler = PairSampler(self._kind.design, self._population, stream)
        apart = {
            name: [other for other in group if other != name]
            for group in model.distinct
            for name in group
        }
        for step in range(STEPS):
            fresh = sampler.take(rows)
            own = stream.derive("w", str(step))
            chosen = own.below(len(names), 0, 3 * rows).reshape(3, rows)
            many = own.derive("many").below(3, 0, rows)
            moved = dict(pairs)
            for number, name in enumerate(names):
                moves = [(chosen[k] == number) & (many >= k) for k in range(3)]
                moves = np.logical_or.reduce(moves)
                for other in apart.get(name, ()):  # who has the value already gets the old one
                    taken = moves & (moved[other] == fresh[name])
                    moved[other] = np.where(taken, moved[name], moved[other])
                moved[name] = np.where(moves, fresh[name], moved[name])
            stays = met.over(moved, rows) == 0
            pairs = {name: np.where(stays, pairs[name], moved[name]) for name in names}
        return pairs

    def _conditions(self, stratum: Stratum) -> list[Expression]:
        kind = self._kind
        values = zip(kind.stratified, stratum, strict=False)
        own = [
            on_side(condition, side) for side in kind.sides for condition in self._values.required
        ]
        return [*kind.kept, kind.sound, *own, *(_is(value, code) for value, code in values)]

    def _solve(self, stratum: Stratum, count: int) -> Seeds:
        from causalspec.compiler.evaluators.prove import Translated

        model = self._kind.model
        stream = self._stream.derive(*map(str, stratum))
        anchors = PairSampler(self._kind.design, self._population, stream).take(SEEDS)
        conditions, whole = self._conditions(stratum), True
        for name in model.exogenous:
            _, _, variable = name.partition(".")
            ranges = _ranges(model.by_name[name], self._values.allowed.get(variable))
            if len(ranges) > MOST_RANGES:  # only some of its values are taken
                whole, ranges = False, [(code, code) for code in set(anchors[name].tolist())]
            within = [Within(Reference(name), *ends) for ends in sorted(ranges)]
            conditions += [Any(tuple(within))] if within else []
        question = Translated(model, All(tuple(conditions)), model.exogenous)
        answer = question.solve()
        if isinstance(answer, NoWitness):
            return Seeds((), proved_empty=whole and isinstance(answer.evidence, Proved))
        pairs: list[Seed] = []
        for number in range(count):
            anchor = {name: int(anchors[name][number]) for name in model.exogenous}
            question.forget()
            near = _near(question, answer.setting, anchor, stream.derive("seed", str(number)))
            if near is None:  # each wish would cost its whole time limit
                break
            pairs.append(near)
        return Seeds(pairs or [answer.setting])


def _is(value: Expression, code: int) -> Expression:
    return Compare(ComparisonOperator.EQUAL, value, Constant(code))


def _ranges(variable: Variable, allowed: Column | None) -> list[tuple[int, int]]:
    """The ranges of values that an input keeps to, as its split and its weights leave it; empty for
    all.
    """
    codes = variable.domain.codes()
    if allowed is None and variable.weights is None:
        return []
    kept = set(codes if allowed is None else allowed.tolist())
    if variable.weights is not None:
        kept -= {code for code, weight in zip(codes, variable.weights, strict=True) if not weight}
    if len(kept) == len(codes):
        return []
    starts = sorted(code for code in kept if code - codes.step not in kept)
    ends = sorted(code for code in kept if code + codes.step not in kept)
    return list(zip(starts, ends, strict=True))


def _near(question: Translated, found: Seed, anchor: Seed, stream: Stream) -> Seed | None:
    """A pair as asked for, with the anchor's values for as many inputs as it can be given, tried
    one after the other in random order; where an input can't have its value, then one on a random
    side of it, so that pairs differ there, too. Without any, it is the one that is found; None
    where the solver cannot say.
    """
    names = list(anchor)
    wishes: list[Expression] = []
    order: list[int] = stream.permutation(len(names)).tolist()
    sides: list[int] = stream.derive("side").below(2, 0, len(names)).tolist()
    for k in order[:MOST_ANCHORED]:
        read, code = Reference(names[k]), Constant(anchor[names[k]])
        beside = (read, code) if sides[k] else (code, read)
        for wish in (_is(read, anchor[names[k]]), Compare(ComparisonOperator.LESS, *beside)):
            answer = question.solve(SECONDS_A_WISH, [*wishes, wish])
            if isinstance(answer, Witness):
                wishes.append(wish)
                found = answer.setting
                break
            if isinstance(answer.evidence, Unknown):
                return None
    return found
