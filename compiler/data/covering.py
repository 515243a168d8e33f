"""Which combinations of its covered values a design can have at all.

Known for certain where all pairs that matter can be listed; else a combination that no draw showed
is asked of the solver, and counts as possible where that cannot say.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from causalspec.compiler.data.conditions import LabelledPairs, Labeller
from causalspec.compiler.data.enumerated_pairs import EnumeratedPairs
from causalspec.compiler.data.populations import Population, populate
from causalspec.compiler.data.randomness import Stream
from causalspec.compiler.data.samplers import PairSampler, RequirementUnmetError
from causalspec.compiler.data.solved_pairs import PairSolver
from causalspec.compiler.data.strata import Coverable, Stratum
from causalspec.compiler.specification import CounterfactualDesign, SwapKind

_PILOT = 1 << 16


def coverable(design: CounterfactualDesign, seed: int) -> Coverable:
    """Every combination, sorted into those that some pair of some kind has and those that none has.

    Splits do not matter: one that lacks values for a combination is told so.
    """
    every = tuple(product(*(one.domain.codes() for one in design.cover)))
    if not design.cover:
        return Coverable(every)
    population = populate(design.model, {})
    possible: set[Stratum] = set()
    for number, kind in enumerate(design.kinds):
        if len(possible) < len(every):
            missing = [one for one in every if one not in possible]
            possible.update(_occurring(design, number, kind, population, missing, seed))
    return Coverable(
        tuple(one for one in every if one in possible),
        tuple(one for one in every if one not in possible),
    )


def _occurring(
    design: CounterfactualDesign,
    number: int,
    kind: SwapKind,
    population: Population,
    wanted: list[Stratum],
    seed: int,
) -> Iterator[Stratum]:
    """The wanted combinations that pairs of a kind have, or may have."""
    if population.is_empty:
        return
    listed = EnumeratedPairs.of(design, kind, population)
    if listed is not None:
        yield from _combinations(design, listed.labelled)
        return
    stream = Stream.of(seed, design.name, "cover", str(number))
    try:
        base, sources = PairSampler(design, population, stream).take(_PILOT)
    except RequirementUnmetError:
        yield from wanted
        return
    seen = _combinations(design, Labeller(design).label(kind, base, sources))
    yield from seen
    without_balance = replace(design, balance=None, balance_domain=None)
    solver = PairSolver(without_balance, number, population, {}, stream.derive("solver"))
    for one in wanted:
        if one not in seen and solver.seeds(one, 1) is not False:
            yield one


def _combinations(design: CounterfactualDesign, pairs: LabelledPairs) -> set[Stratum]:
    columns = pairs.stratified[: len(design.cover)]
    return set(zip(*(column[pairs.admitted].tolist() for column in columns), strict=True))
