"""Pairs that sampling would starve for, found by the solver and spread over the input space.

The solver gives pairs near random ones: some of a random pair's values are kept, as many as leave
an answer. From these seeds every row walks on its own: values of one to three inputs at a time are
drawn afresh, and a step counts when the pair still meets every clause. Such a walk (Metropolis et
al., 1953) comes nearer and nearer to drawing evenly among all pairs that can be reached.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler.data.conditions import Labeller, shared_noise, source_names
from causalspec.compiler.data.populations import Population
from causalspec.compiler.data.randomness import Stream
from causalspec.compiler.data.samplers import PairSampler, with_noise_of
from causalspec.compiler.data.strata import Stratum
from causalspec.compiler.data.undefined_labels import is_sound
from causalspec.compiler.evaluators.columns import Column, ColumnExpression, Columns
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
from causalspec.compiler.model import CausalModel
from causalspec.compiler.specification import CounterfactualDesign, SwapKind

if TYPE_CHECKING:
    from causalspec.compiler.evaluators.prove import Translated

SEEDS = 48
STEPS = 160
MOST_RANGES = 32
MOST_ANCHORED = 6
MOST_UNDECIDED = 2
"""The solver may fail to answer so often: each time costs its whole time limit."""
SECONDS_A_WISH = 1
_BASE = "base."

Allowed = Mapping[str, Column]


Seed = Mapping[str, int]
"""A pair: the codes of every side's inputs and noise, by prefixed names."""


class PairSolver:
    """Finds pairs of kind `number` that meet every clause of a design."""

    def __init__(
        self,
        design: CounterfactualDesign,
        number: int,
        population: Population,
        allowed: Allowed,
        stream: Stream,
    ) -> None:
        self._design = design
        self._kind = design.kinds[number]
        self._population = population
        self._allowed = allowed
        self._stream = stream
        self._known: dict[Stratum, Sequence[Seed] | Literal[False] | None] = {}

    def seeds(self, stratum: Stratum, rows: int) -> Sequence[Seed] | Literal[False] | None:
        """Pairs of a stratum, at most `SEEDS` and no more than the `rows` that the whole split
        wants of them. False where it is proved that there are none, None where the solver cannot
        say.
        """
        if stratum not in self._known:
            self._known[stratum] = self._solve(stratum, min(rows, SEEDS))
        return self._known[stratum]

    def _solve(self, stratum: Stratum, count: int) -> Sequence[Seed] | Literal[False] | None:
        from causalspec.compiler.evaluators.prove import Translated
        from causalspec.compiler.evidence import NoWitness

        stream = self._stream.derive(*map(str, stratum))
        base, others = PairSampler(self._design, self._population, stream).take(SEEDS)
        anchors = (base, *others)
        model, condition, whole = _question(
            self._design, self._kind, stratum, self._allowed, anchors
        )
        question = Translated(model, condition, model.exogenous)
        answer = question.solve()
        if isinstance(answer, NoWitness):
            return False if whole and answer.is_certain else None
        seeds: list[Seed] = []
        undecided = 0
        for number in range(count):
            values = dict(_named(anchors, number))
            question.forget()
            near = _near(question, answer.setting, values, stream.derive("seed", str(number)))
            seeds.append(near.setting)
            undecided += not near.is_decided
            if undecided == MOST_UNDECIDED:
                break
        return seeds

    def spread(
        self, seeds: Sequence[Seed], stratum: Stratum, rows: int, stream: Stream
    ) -> list[Columns]:
        """`rows` pairs near the seeds: the base, then each source."""
        sampler = PairSampler(self._design, self._population, stream)
        prefixes = (_BASE, *(_prefix(k) for k in range(len(source_names(self._design)))))
        drawn = self._design.model.exogenous
        start = [seeds[k % len(seeds)] for k in range(rows)]
        sides: Sequence[Columns] = [
            {name: np.array([one[f"{prefix}{name}"] for one in start]) for name in drawn}
            for prefix in prefixes
        ]
        walk = _Walk(self._design, self._kind, stratum)
        for step in range(STEPS):
            base, sources = sampler.take(rows)
            sides = walk.step(sides, (base, *sources), stream.derive("w", str(step)))
        return list(sides)


def _named(anchors: Sequence[Columns], row: int) -> Iterator[tuple[str, int]]:
    for number, side in enumerate(anchors):
        prefix = _prefix(number - 1) if number else _BASE
        yield from ((f"{prefix}{name}", int(column[row])) for name, column in side.items())


def _prefix(number: int) -> str:
    from causalspec.compiler.derived_models import source_prefix

    return f"{source_prefix(number)}."


def _question(
    design: CounterfactualDesign,
    kind: SwapKind,
    stratum: Stratum,
    allowed: Allowed,
    anchors: Sequence[Columns],
) -> tuple[CausalModel, Expression, bool]:
    """The model of all runs on a pair, whether it meets every clause, and whether that is asked of
    every value that the split has.
    """
    from causalspec.compiler.derived_models import (
        differs,
        interchanged,
        of_task,
        on_pair,
        side_by_side,
    )

    names = source_names(design)
    numbers = range(len(names))
    model = interchanged(design.model, kind, numbers)
    prefixes = [_prefix(k) for k in numbers]
    sides = ("base", *names, "result")
    parts = [on_pair(one.expression, names) for one in design.keep]
    parts.append(on_pair(is_sound(design, sides), names))
    for one, code in zip(design.stratified, stratum, strict=True):
        value = on_pair(one.expression, names)
        parts.append(Compare(ComparisonOperator.EQUAL, value, Constant(code)))
    outputs = [f"result.{name}" for name in design.model.outputs]
    for distinction in design.distinctions:
        for other in distinction.kinds[design.kinds.index(kind)]:
            beside = interchanged(distinction.rival, other, numbers)
            copied = {name: f"{of_task(name)} {len(parts)}" for name in beside.by_name}
            model = _joined(model, side_by_side(model, beside), str(len(parts)))
            parts.append(differs({name: copied[name] for name in outputs}))
    for name, prefix in product(shared_noise(design), prefixes):
        own, other = Reference(f"{_BASE}{name}"), Reference(f"{prefix}{name}")
        parts.append(Compare(ComparisonOperator.EQUAL, own, other))
    whole = True
    for side, prefix in zip(anchors, (_BASE, *prefixes), strict=True):
        for name in design.model.exogenous:
            ranges, all_of_them = _among(design.model, name, allowed, side[name])
            whole = whole and all_of_them
            moved = [replace(one, operand=Reference(f"{prefix}{name}")) for one in ranges]
            parts.extend([Any(tuple(moved))] if moved else [])
    return model, All(tuple(parts)), whole


def _joined(model: CausalModel, both: CausalModel, mark: str) -> CausalModel:
    """`both` without name clashes with other rivals: its added variables end in a mark."""
    from causalspec.compiler.expressions import renamed

    own = set(model.by_name)
    memory: dict[int, Expression] = {}

    def name_of(name: str) -> str:
        return name if name in own else f"{name} {mark}"

    added = tuple(
        replace(one, name=name_of(one.name), mechanism=renamed(one.mechanism, name_of, memory))
        for one in both.variables
        if one.name not in own and one.mechanism is not None
    )
    return replace(model, variables=(*model.variables, *added))


def _among(
    model: CausalModel, name: str, allowed: Allowed, seen: Column
) -> tuple[tuple[Within, ...], bool]:
    """The ranges of values that an input keeps to, as its split and its weights leave it; empty for
    all. Where they are scattered, only some values are taken: then the answer is False.
    """
    variable = model.by_name[name]
    if name not in allowed and variable.weights is None:
        return (), True
    codes = variable.domain.codes()
    kept = set(allowed[name].tolist()) if name in allowed else set(codes)
    if variable.weights is not None:
        likely = zip(codes, variable.weights, strict=True)
        kept &= {code for code, weight in likely if weight}
    if len(kept) == len(codes):
        return (), True
    starts = [code for code in sorted(kept) if code - codes.step not in kept]
    ends = [code for code in sorted(kept) if code + codes.step not in kept]
    whole = len(starts) <= MOST_RANGES
    if not whole:
        starts = ends = sorted(set(seen.tolist()))
    read = Reference(name)
    return tuple(Within(read, *pair) for pair in zip(starts, ends, strict=True)), whole


@dataclass(frozen=True, slots=True)
class _Near:
    """A pair near an anchor, and whether the solver could always say."""

    setting: Mapping[str, int]
    is_decided: bool


def _near(
    question: Translated, setting: Mapping[str, int], anchor: Mapping[str, int], stream: Stream
) -> _Near:
    """A pair as asked for, with the anchor's values for as many inputs as it can be given, tried
    one after the other in random order; where an input can't have its value, then one on a random
    side of it, so that pairs differ there, too. Without any, it is the given one.
    """
    names = list(anchor)
    fixed: list[Expression] = []
    order: list[int] = stream.permutation(len(names)).tolist()
    sides: list[int] = stream.derive("side").below(2, 0, len(names)).tolist()
    for k in order[:MOST_ANCHORED]:
        read, code = Reference(names[k]), Constant(anchor[names[k]])
        beside = (read, code) if sides[k] else (code, read)
        for wish in (
            Compare(ComparisonOperator.EQUAL, read, code),
            Compare(ComparisonOperator.LESS, *beside),
        ):
            met = question.is_possible(SECONDS_A_WISH, [*fixed, wish])
            if met:
                fixed.append(wish)
                break
            if met is None:
                return _Near(_of(question, fixed, setting), is_decided=False)
    return _Near(_of(question, fixed, setting), is_decided=True)


def _of(
    question: Translated, wishes: Sequence[Expression], setting: Mapping[str, int]
) -> Mapping[str, int]:
    from causalspec.compiler.evidence import Witness

    found = question.solve(SECONDS_A_WISH, wishes) if wishes else None
    return found.setting if isinstance(found, Witness) else setting


class _Walk:
    """One step of every row: a few of its values drawn afresh, kept where every clause is met."""

    def __init__(self, design: CounterfactualDesign, kind: SwapKind, stratum: Stratum) -> None:
        self._design, self._kind, self._stratum = design, kind, stratum
        self._labeller = Labeller(design)
        requirement = design.model.requirement
        self._required = (
            None if requirement is None else ColumnExpression.of(requirement, design.model.by_name)
        )

    def step(
        self, sides: Sequence[Columns], drawn: Sequence[Columns], stream: Stream
    ) -> list[dict[str, Column]]:
        """The rows after one step; `drawn` are fresh pairs that values are taken from."""
        names = [(side, name) for side, columns in enumerate(sides) for name in columns]
        rows = len(next(iter(sides[0].values())))
        chosen = stream.below(len(names), 0, 3 * rows).reshape(3, rows).astype(np.int64)
        many = stream.derive("many").below(3, 0, rows).astype(np.int64)
        proposed: list[dict[str, Column]] = [dict(columns) for columns in sides]
        for number, (side, name) in enumerate(names):
            moved = np.zeros(rows, dtype=np.bool_)
            for k in range(3):
                moved |= (chosen[k] == number) & (many >= k)
            proposed[side][name] = np.where(moved, drawn[side][name], sides[side][name])
        base, *sources = proposed
        proposed = [base, *map(dict, with_noise_of(base, sources, shared_noise(self._design)))]
        met = self._met(proposed, rows)
        return [
            {name: np.where(met, new[name], column) for name, column in old.items()}
            for old, new in zip(sides, proposed, strict=True)
        ]

    def _met(self, sides: Sequence[Columns], rows: int) -> NDArray[np.bool_]:
        pairs = self._labeller.evaluate(self._kind, sides[0], sides[1:])
        met = pairs.admitted
        for column, code in zip(pairs.stratified, self._stratum, strict=True):
            met &= column == code
        for side in sides if self._required is not None else ():
            assert self._required is not None
            met &= self._required.over(side, rows).astype(np.bool_)
        return met
