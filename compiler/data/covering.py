"""Which strata a design can have at all: known for certain where all pairs that matter can be
listed.
"""

from __future__ import annotations

from collections.abc import Sequence

from causalspec.compiler.data.conditions import LabelledPairs, PairKind, filters
from causalspec.compiler.data.enumerated_pairs import EnumeratedPairs
from causalspec.compiler.data.feasibility import (
    FilterCounts,
    nothing_admitted,
    nothing_to_cover,
    proved_unmet,
)
from causalspec.compiler.data.partitions import SplitValues
from causalspec.compiler.data.populations import Population, populate
from causalspec.compiler.data.randomness import Stream
from causalspec.compiler.data.samplers import PairSampler, RequirementUnmetError
from causalspec.compiler.data.solved_pairs import PairSolver
from causalspec.compiler.data.strata import Strata, Stratum
from causalspec.dsl.diagnostics import Diagnostic

_PILOT = 1 << 16
_SHORT_PILOT = 1 << 12


def possible_strata(kinds: Sequence[PairKind], seed: int) -> Strata:
    """The strata of a design without the combinations that no pair of any kind has. One that no
    draw showed is asked of the solver, and counts as possible where that cannot say.

    Splits do not matter: one that lacks values for a combination is told so.
    """
    design = kinds[0].design
    every = Strata.of(design)
    if not design.cover:
        return every
    population = populate(design.model, {})
    possible: set[Stratum] = set()
    for kind in kinds if not population.is_empty else ():
        missing = [combination for combination in every.combinations if combination not in possible]
        if missing:
            possible |= _occurring(kind, population, missing, seed)
    return every.only(possible)


def _occurring(
    kind: PairKind, population: Population, wanted: Sequence[Stratum], seed: int
) -> set[Stratum]:
    """The combinations that pairs of a kind have, and those of the wanted that they may have."""
    listed = EnumeratedPairs.of(kind, population)
    if listed is not None:
        return _combinations(kind, listed.labelled)
    stream = Stream.of(seed, kind.design.name, "cover", str(kind.number))
    drawn = _drawn(kind, population, stream, _PILOT)
    if drawn is None:
        return set(wanted)
    seen = _combinations(kind, drawn)
    solver = PairSolver(kind, population, SplitValues("", ()), stream.derive("solver"))
    unseen = (codes for codes in wanted if codes not in seen)
    return seen.union(codes for codes in unseen if not solver.seeds(codes, 1).proved_empty)


def _combinations(kind: PairKind, pairs: LabelledPairs) -> set[Stratum]:
    covered = pairs.stratified[: len(kind.design.cover)]
    return set(zip(*(column[pairs.admitted].tolist() for column in covered), strict=True))


def unmet(
    kinds: Sequence[PairKind], seed: int, strata: Strata, values: SplitValues
) -> Diagnostic | None:
    """Why a split with such values is certainly impossible; None where it may be possible."""
    design = strata.design
    population = populate(values.narrowed(design.model), values.allowed)
    if population.is_empty:
        return nothing_admitted(design)
    if not filters(design) and not design.stratified:
        return None
    own = strata.of_split(values)
    if not len(own):
        return nothing_to_cover(design)
    every = range(len(own))
    for kind in kinds:
        stream = Stream.of(seed, design.name, values.split, "pilot", str(kind.number))
        drawn = _drawn(kind, population, stream, _SHORT_PILOT)
        if drawn is None:
            return None
        counts = FilterCounts(kind.swap, own)
        counts.add(drawn)
        listed = EnumeratedPairs.of(kind, population) if counts.lacking(every) else None
        if listed is not None:
            counts = FilterCounts(kind.swap, own)
            counts.add(listed.labelled)
            reason = proved_unmet(counts, every)
            if reason is not None:
                return reason
    return None


def _drawn(
    kind: PairKind, population: Population, stream: Stream, rows: int
) -> LabelledPairs | None:
    """Some pairs; None where their inputs are too rare."""
    try:
        return kind.label(PairSampler(kind.design, population, stream).take(rows))
    except RequirementUnmetError:
        return None
