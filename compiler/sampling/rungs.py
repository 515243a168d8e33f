"""The three rungs of a causal model: seeing, doing, imagining (Pearl, *Causality*, 2009).

A query observes some variables and does others. It is answered in three steps: abduction (the
worlds in which the evidence holds, by Bayes), action (the intervention), prediction (every other
mechanism as it stands). All probabilities are exact.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler.data.populations import populate
from causalspec.compiler.data.randomness import Stream
from causalspec.compiler.data.samplers import RequirementUnmetError, Sampler
from causalspec.compiler.evaluators.columns import Columns, setting_at, with_definedness
from causalspec.compiler.evaluators.vectorize import solve_columns
from causalspec.compiler.model import CausalModel
from causalspec.compiler.sampling.worlds import MOST_WORLDS, Worlds, world_count, worlds
from causalspec.compiler.wording import setting_text
from causalspec.dsl.diagnostics import ToolFailure


class Rung(StrEnum):
    """What kind of question a query is."""

    OBSERVATION = "observation"
    INTERVENTION = "intervention"
    COUNTERFACTUAL = "counterfactual"


@dataclass(frozen=True, slots=True)
class Query:
    """What is observed of a model and what is done to it, as codes by variable.

    Evidence is about the world as it is, without the intervention. Doing needs no evidence.
    """

    model: CausalModel
    observed: Mapping[str, int]
    done: Mapping[str, int]

    @property
    def rung(self) -> Rung:
        """What is asked: an intervention is imagined where the evidence is of something computed,
        which it may change; inputs and noise stay as they are.
        """
        if not self.done:
            return Rung.OBSERVATION
        given = set(self.model.exogenous) - set(self.done)
        return Rung.INTERVENTION if given.issuperset(self.observed) else Rung.COUNTERFACTUAL


@dataclass(frozen=True, slots=True)
class Outcome:
    """Values of some variables, as codes, and how likely they are together. Variables that are
    undefined are not among them.
    """

    values: Mapping[str, int]
    probability: Fraction


@dataclass(frozen=True, slots=True)
class Samples:
    """Drawn rows: every variable as it is, and as it would be under the intervention."""

    factual: Columns
    predicted: Columns


class UnanswerableError(ToolFailure):
    """A question without an answer: no world gives the evidence, or worlds have many solutions."""


def abduce(query: Query) -> Worlds:
    """The worlds in which the evidence holds, with their weights.

    Raises `UnanswerableError` for impossible evidence and cyclic models, `TooManyWorldsError`.
    """
    model = query.model
    if model.cyclic:
        raise UnanswerableError(
            f"`{model.name}` is cyclic: a world may have several solutions, or none"
        )
    fixed = {name: code for name, code in query.observed.items() if name in model.exogenous}
    found = worlds(model, fixed)
    rest = [name for name in query.observed if name not in fixed]
    if rest and len(found):
        solved = solve_columns(model, found.columns, wanted=with_definedness(model, rest))
        holds = np.ones(len(found), dtype=np.bool_)
        for name, column in solved.items():
            holds &= column == query.observed.get(name, 1)  # of what says it is defined: true
        found = found.among(holds)
    if not len(found):
        evidence = setting_text(model, query.observed, query.observed)
        raise UnanswerableError(
            f"the evidence is impossible: no inputs and noise of `{model.name}` give {evidence}"
            if evidence
            else f"no inputs of `{model.name}` meet its task's `require`"
        )
    return found


def predict(query: Query, abduced: Worlds, wanted: Sequence[str] | None = None) -> Columns:
    """The value of each of `wanted` (None: all) in every world, under the intervention, and of each
    that can be undefined whether it is defined.
    """
    names = query.model.by_name if wanted is None else wanted
    wanted = with_definedness(query.model, names)
    return solve_columns(query.model, abduced.columns, query.done, wanted=wanted)


def outcomes(query: Query, of: Sequence[str]) -> tuple[Outcome, ...]:
    """Every combination of values that the variables `of` can take, the likeliest first.

    Raises as `abduce` does.
    """
    abduced = abduce(query)
    solved = predict(query, abduced, of)
    columns = (np.broadcast_to(column, len(abduced)).tolist() for column in solved.values())
    weights = Counter[tuple[int, ...]]()
    for codes, weight in zip(zip(*columns, strict=True), abduced.weights, strict=True):
        weights[codes] += weight
    found = Counter[tuple[tuple[str, int], ...]]()
    for codes, weight in weights.items():
        row = {name: np.array([code]) for name, code in zip(solved, codes, strict=True)}
        values = setting_at(row, 0)
        told = tuple((name, values[name]) for name in of if name in values)
        found[told] += weight
    total = abduced.total
    likely = sorted(found.items(), key=lambda counted: (-counted[1], counted[0]))
    return tuple(Outcome(dict(values), Fraction(weight, total)) for values, weight in likely)


def sample(query: Query, rows: int, seed: int) -> Samples:
    """Rows drawn independently. The same query, seed and version give the same rows.

    Without evidence, models of any size can be drawn from. Raises as `abduce` does.
    """
    model = query.model
    stream = Stream.of(seed, "sample", model.name)
    if not query.observed and not model.cyclic and world_count(model, {}) > MOST_WORLDS:
        try:
            drawn = Sampler(populate(model, {}), stream).take(rows)
        except RequirementUnmetError as error:
            raise UnanswerableError(f"no rows of `{model.name}` can be drawn: {error}") from error
    else:
        abduced = abduce(query)
        chosen = _draw(abduced.weights, rows, stream)
        drawn = {name: column[chosen] for name, column in abduced.columns.items()}
    return Samples(solve_columns(model, drawn), solve_columns(model, drawn, query.done))


def _draw(weights: Sequence[int], rows: int, stream: Stream) -> NDArray[np.intp]:
    """Positions drawn in proportion to their weights, which may be of any size."""
    ends = list(accumulate(weights))
    total = ends[-1]
    if total <= 2**62:
        drawn = stream.below(total, 0, rows).astype(np.int64)
        return np.searchsorted(np.array(ends, dtype=np.int64), drawn, side="right")
    words = -(-total.bit_length() // 64) + 1  # the spare word makes what is uneven negligible
    bits = [int(word) for word in stream.words(0, words * rows)]
    numbers = [
        sum(bits[row * words + k] << (64 * k) for k in range(words)) * total >> (64 * words)
        for row in range(rows)
    ]
    return np.array([bisect_right(ends, number) for number in numbers], dtype=np.intp)
