"""The three rungs of a causal model: seeing, doing, imagining (Pearl, *Causality*, 2009).

A query observes some variables and does others. It is answered in three steps: abduction (the
worlds in which the evidence holds, by Bayes), action (the intervention), prediction (every other
mechanism as it stands). All probabilities are exact.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler.data.populations import populate
from causalspec.compiler.data.randomness import Stream
from causalspec.compiler.data.samplers import RequirementUnmetError, Sampler
from causalspec.compiler.domains import Numbers, Truths
from causalspec.compiler.evaluators.columns import (
    Column,
    Columns,
    setting_at,
    with_definedness,
)
from causalspec.compiler.evaluators.definedness import defined_name
from causalspec.compiler.evaluators.interpret import equilibria
from causalspec.compiler.evaluators.vectorize import solve_columns
from causalspec.compiler.expressions import Expression
from causalspec.compiler.model import CausalModel
from causalspec.compiler.sampling.policies import under_policies
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

    What is `observed` is about the world as it is, without the intervention, what is `found` about
    the world under it. Doing needs no evidence. A variable that is `nested` is set to what it is
    in the same world under another intervention (as natural effects have it: Pearl, "Direct and
    indirect effects", 2001). A variable with a policy is computed by it, instead of its mechanism.
    """

    model: CausalModel
    observed: Mapping[str, int]
    done: Mapping[str, int]
    nested: Mapping[str, Mapping[str, int]] = field(default_factory=dict[str, Mapping[str, int]])
    found: Mapping[str, int] = field(default_factory=dict[str, int])
    policies: Mapping[str, Expression] = field(default_factory=dict[str, Expression])

    @property
    def acting(self) -> CausalModel:
        """The model under the intervention, but for the values that it sets."""
        if not self.policies:
            return self.model
        return under_policies(self.model, self.policies, {*self.done, *self.nested})

    @property
    def rung(self) -> Rung:
        """What is asked: an intervention is imagined where the evidence is of something computed,
        which it may change; inputs and noise stay as they are.
        """
        if self.nested:
            return Rung.COUNTERFACTUAL
        if not self.done and not self.policies:
            return Rung.OBSERVATION
        given = set(self.model.exogenous) - set(self.done) - set(self.policies)
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
        found = found.among(agreeing(solved, query.observed, len(found)))
    if query.found and len(found):
        solved = predict(query, found, list(query.found))
        found = found.among(agreeing(solved, query.found, len(found)))
    if not len(found):
        evidence = [
            setting_text(model, seen, seen) for seen in (query.observed, query.found) if seen
        ]
        raise UnanswerableError(
            f"the evidence is impossible: no inputs and noise of `{model.name}` give "
            f"{' and then '.join(evidence)}"
            if evidence
            else f"no inputs of `{model.name}` meet its task's `require`"
        )
    return found


def agreeing(solved: Columns, evidence: Mapping[str, int], rows: int) -> NDArray[np.bool_]:
    """In which rows columns have the values of the evidence, and are defined."""
    holds = np.ones(rows, dtype=np.bool_)
    for name, column in solved.items():
        holds &= column == evidence.get(name, 1)  # of what says it is defined: true
    return holds


def predict(query: Query, abduced: Worlds, wanted: Sequence[str] | None = None) -> Columns:
    """The value of each of `wanted` (None: all) in every world, under the intervention, and of each
    that can be undefined whether it is defined.
    """
    return _predicted(query, abduced.columns, wanted)


def _predicted(query: Query, drawn: Columns, wanted: Sequence[str] | None) -> Columns:
    acting = query.acting
    names = query.model.by_name if wanted is None else wanted
    given = {name: column for name, column in drawn.items() if name not in query.policies}
    done = _interventions(query, drawn)
    found = solve_columns(acting, given, done, wanted=with_definedness(acting, names))
    rows = max(map(len, drawn.values()), default=1)  # one, too, where all inputs have policies
    return {name: np.broadcast_to(column, rows) for name, column in found.items()}


def _interventions(query: Query, drawn: Columns) -> dict[str, Column | int]:
    """What each variable is set to in every row.

    Raises `UnanswerableError` where a nested value is not defined.
    """
    found: dict[str, Column | int] = dict(query.done)
    for name, done in query.nested.items():
        wanted = with_definedness(query.model, [name])
        column, *defined = solve_columns(query.model, drawn, done, wanted=wanted).values()
        if not all(np.all(flags) for flags in defined):
            setting = setting_text(query.model, done, done)
            raise UnanswerableError(f"`{name}` has no value in some world with {setting}")
        found[name] = column
    return found


def outcomes(query: Query, of: Sequence[str]) -> tuple[Outcome, ...]:
    """Every combination of values that the variables `of` can take, the likeliest first.

    Raises as `abduce` does.
    """
    abduced = abduce(query)
    return tally(abduced, predict(query, abduced, of), of)


def tally(abduced: Worlds, solved: Columns, of: Sequence[str]) -> tuple[Outcome, ...]:
    """The same, of columns of these variables and of whether they are defined."""
    rows = len(abduced)
    told: list[list[tuple[str, int] | None]] = []
    for name in of:
        flags = solved.get(defined_name(name))
        known = [True] * rows if flags is None else np.broadcast_to(flags, rows).tolist()
        codes: list[int] = np.broadcast_to(solved[name], rows).tolist()
        cells = zip(codes, known, strict=True)
        told.append([(name, code) if is_known else None for code, is_known in cells])
    found = Counter[tuple[tuple[str, int] | None, ...]]()
    for values, weight in zip(zip(*told, strict=True), abduced.weights, strict=True):
        found[values] += weight
    defined = ((tuple(filter(None, values)), weight) for values, weight in found.items())
    likely = sorted(defined, key=lambda counted: (-counted[1], counted[0]))
    total = abduced.total
    return tuple(Outcome(dict(values), Fraction(weight, total)) for values, weight in likely)


def expectation(query: Query, name: str) -> Fraction:
    """The expected value of a number or truth value (1 where it is true).

    Raises as `abduce` does, and `UnanswerableError` for other variables and where it may be
    undefined.
    """
    return expected(query.model, name, outcomes(query, [name]))


def expected(model: CausalModel, name: str, found: Sequence[Outcome]) -> Fraction:
    """The same, of the outcomes that there are. Raises `UnanswerableError`."""
    domain = model.by_name[name].domain
    if not isinstance(domain, Numbers | Truths):
        raise UnanswerableError(
            f"`{name}` has no expected value: its values are neither numbers nor truth values"
        )
    total = Fraction(0)
    for outcome in found:
        if name not in outcome.values:
            raise UnanswerableError(
                f"`{name}` has no expected value: it is undefined with probability "
                f"{outcome.probability}"
            )
        code = outcome.values[name]
        value = domain.value(code) if isinstance(domain, Numbers) else code
        total += Fraction(value) * outcome.probability
    return total


@dataclass(frozen=True, slots=True)
class Bounds:
    """How likely some values are in a cyclic model: at least where all equilibria give them, at
    most where some equilibrium does.
    """

    values: Mapping[str, int]
    lowest: Fraction
    highest: Fraction


def equilibrium_outcomes(query: Query, of: Sequence[str]) -> tuple[tuple[Bounds, ...], Fraction]:
    """The same as `outcomes` of a model that may be cyclic, by all equilibria of every world; and
    the probability that there is none.

    Evidence is about inputs and noise alone.

    Raises `UnanswerableError` for other evidence, `TooManyWorldsError`.
    """
    model = query.model
    if computed := [name for name in query.observed if name not in model.exogenous]:
        raise UnanswerableError(
            f"`{model.name}` is cyclic: evidence about `{computed[0]}` leaves open which "
            "equilibrium it is from; observe inputs and noise"
        )
    if query.nested or query.found or query.policies:
        raise UnanswerableError(f"`{model.name}` is cyclic: a world may have several solutions")
    every = worlds(model, query.observed)
    if not len(every):
        raise UnanswerableError(f"no inputs of `{model.name}` meet its task's `require`")
    lowest, highest = Counter[_Values](), Counter[_Values]()
    without = 0
    for row, weight in enumerate(every.weights):
        setting = setting_at(every.columns, row)
        found = {
            tuple((name, solution[name]) for name in of if name in solution)
            for solution in equilibria(model, setting, query.done)
        }
        for values in found:
            highest[values] += weight
            if len(found) == 1:
                lowest[values] += weight
        without += weight if not found else 0
    likely = sorted(highest.items(), key=lambda counted: (-counted[1], counted[0]))
    total = every.total
    bounds = tuple(
        Bounds(dict(values), Fraction(lowest[values], total), Fraction(weight, total))
        for values, weight in likely
    )
    return bounds, Fraction(without, total)


_Values = tuple[tuple[str, int], ...]


def sample(query: Query, rows: int, seed: int) -> Samples:
    """Rows drawn independently. The same query, seed and version give the same rows.

    Without evidence, models of any size can be drawn from. Raises as `abduce` does.
    """
    model = query.model
    stream = Stream.of(seed, "sample", model.name)
    evidence = query.observed or query.found
    if not evidence and not model.cyclic and world_count(model, {}) > MOST_WORLDS:
        try:
            drawn = Sampler(populate(model, {}), stream).take(rows)
        except RequirementUnmetError as error:
            raise UnanswerableError(f"no rows of `{model.name}` can be drawn: {error}") from error
    else:
        abduced = abduce(query)
        chosen = _draw(abduced.weights, rows, stream)
        drawn = {name: column[chosen] for name, column in abduced.columns.items()}
    return Samples(solve_columns(model, drawn), _predicted(query, drawn, None))


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
