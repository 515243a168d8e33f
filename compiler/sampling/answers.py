"""Answers to many queries of one model: what they have in common is computed once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from causalspec.compiler.evaluators.columns import Columns
from causalspec.compiler.evaluators.definedness import defined_name
from causalspec.compiler.model import CausalModel
from causalspec.compiler.sampling.rungs import Outcome, Query, abduce, agreeing, predict, tally
from causalspec.compiler.sampling.worlds import Worlds, world_count, worlds

_MOST_KEPT = 4096
"""Worlds of a model that are solved once and for all."""

_MOST_DONE = 1024
"""Interventions whose outcomes in all worlds are kept."""


class Answers:
    """The worlds of a model's queries and what is so in them, as `abduce` and `predict` have it."""

    def __init__(self, model: CausalModel) -> None:
        self._model = model
        small = world_count(model, {}) <= _MOST_KEPT
        self._every = worlds(model, {}) if small else None
        self._solved = lru_cache(_MOST_DONE)(self._everywhere)

    def of(self, query: Query) -> tuple[Worlds, Columns]:
        """The worlds in which the evidence holds, and every variable there, under the intervention.

        Raises as `abduce` does.
        """
        if self._every is None or query.policies or query.nested or query.found:
            abduced = abduce(query)
            return abduced, predict(query, abduced)
        seen = with_flags(self._solved(()), query.observed)
        kept = agreeing(seen, query.observed, len(self._every))
        if not kept.any():
            abduced = abduce(query)  # which says what is wrong
            return abduced, predict(query, abduced)
        solved = self._solved(tuple(query.done.items()))
        return self._every.among(kept), {name: column[kept] for name, column in solved.items()}

    def before(self, query: Query) -> int | None:
        """How many worlds there are with the inputs and noise of the evidence, where that is known
        at once.
        """
        if self._every is None:
            return None
        given = {name: code for name, code in query.observed.items() if name in self._every.columns}
        columns = {name: self._every.columns[name] for name in given}
        return int(np.count_nonzero(agreeing(columns, given, len(self._every))))

    def _everywhere(self, done: tuple[tuple[str, int], ...]) -> Columns:
        assert self._every is not None
        return predict(Query(self._model, {}, dict(done)), self._every)


def with_flags(solved: Columns, evidence: Mapping[str, int]) -> Columns:
    """The columns of what is observed, and of whether it is defined."""
    names = {name for seen in evidence for name in (seen, defined_name(seen))}
    return {name: column for name, column in solved.items() if name in names}


def outcomes_in(abduced: Worlds, solved: Columns, of: str) -> tuple[Outcome, ...]:
    """Every value of a variable, the likeliest first."""
    return tally(abduced, with_flags(solved, {of: 0}), [of])
