"""Answers to many queries of one model: what they have in common is computed once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler.evaluators.columns import Columns
from causalspec.compiler.evaluators.definedness import defined_name
from causalspec.compiler.expressions import Expression
from causalspec.compiler.model import CausalModel
from causalspec.compiler.sampling.rungs import (
    Outcome,
    Query,
    abduce,
    agreeing,
    expected,
    outcomes,
    predict,
    tally,
)
from causalspec.compiler.sampling.worlds import Worlds, world_count, worlds

_MOST_KEPT = 4096
"""Worlds of a model that are solved once and for all."""

_MOST_DONE = 1024
"""Interventions whose outcomes in all worlds are kept."""

_Setting = tuple[tuple[str, int], ...]
_Intervention = tuple[
    _Setting, tuple[tuple[str, _Setting], ...], tuple[tuple[str, Expression], ...]
]
"""What is done, what is set to what it is under another intervention, and the policies."""

_NOTHING: _Intervention = ((), (), ())


class Answers:
    """The worlds of a model's queries and what is so in them, as `abduce` and `predict` have it.

    `steps` is what derivations have told of single worlds already.
    """

    def __init__(self, model: CausalModel) -> None:
        self.model = model
        self.worlds = world_count(model, {})
        small = self.worlds <= _MOST_KEPT and not model.cyclic
        self._every = worlds(model, {}) if small else None
        self._solved = lru_cache(_MOST_DONE)(self._everywhere)
        self.steps: dict[tuple[object, ...], str] = {}

    def of(self, query: Query) -> tuple[Worlds, Columns]:
        """The worlds in which the evidence holds, and every variable there, under the intervention.

        Raises as `abduce` does.
        """
        found = self._where_seen(query)
        if self._every is None or found is None:
            abduced = abduce(query)  # which says what is wrong with evidence that no world gives
            return abduced, predict(query, abduced)
        kept, solved = found
        return self._every.among(kept), {name: column[kept] for name, column in solved.items()}

    def outcomes(self, query: Query, of: Sequence[str]) -> tuple[Outcome, ...]:
        """The same as `rungs.outcomes`."""
        found = self._where_seen(query)
        if self._every is None or found is None:
            return outcomes(query, of)
        kept, solved = found
        few = Worlds({}, self._every.weights).among(kept)
        wanted = with_flags(solved, of)
        return tally(few, {name: column[kept] for name, column in wanted.items()}, of)

    def _where_seen(self, query: Query) -> tuple[NDArray[np.bool_], Columns] | None:
        """In which worlds the evidence holds, and what is so in every world, if that is kept and
        there are any.
        """
        if self._every is None:
            return None
        solved = self._solved(intervention_of(query))
        kept = np.ones(len(self._every), dtype=np.bool_)
        for evidence, seen in ((query.observed, self._solved(_NOTHING)), (query.found, solved)):
            if evidence:
                kept &= agreeing(with_flags(seen, evidence), evidence, len(self._every))
        return (kept, solved) if kept.any() else None

    def expectation(self, query: Query, name: str) -> Fraction:
        """The same as `rungs.expectation`."""
        return expected(self.model, name, self.outcomes(query, [name]))

    def before(self, query: Query) -> int | None:
        """How many worlds there are with the inputs and noise of the evidence, where that is known
        at once.
        """
        if self._every is None:
            return None
        given = {name: code for name, code in query.observed.items() if name in self._every.columns}
        columns = {name: self._every.columns[name] for name in given}
        return int(np.count_nonzero(agreeing(columns, given, len(self._every))))

    def _everywhere(self, intervention: _Intervention) -> Columns:
        assert self._every is not None
        done, nested, policies = intervention
        others = {name: dict(setting) for name, setting in nested}
        query = Query(self.model, {}, dict(done), others, policies=dict(policies))
        return predict(query, self._every)


def intervention_of(query: Query) -> _Intervention:
    """What a query does, to be told from what others do."""
    nested = ((name, tuple(done.items())) for name, done in query.nested.items())
    return tuple(query.done.items()), tuple(nested), tuple(query.policies.items())


def with_flags(solved: Columns, names: Iterable[str]) -> Columns:
    """The columns of these variables, and of whether they are defined."""
    wanted = (part for name in names for part in (name, defined_name(name)))
    return {name: solved[name] for name in wanted if name in solved}
