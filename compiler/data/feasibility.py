"""Whether a design can be met at all, and which of its clauses is to blame where it cannot.

Where the inputs that matter have few settings, every pair of them is tried and the answer is
certain; elsewhere so many draws are made, and the message says how many met the clause.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler.data.blocks import ENUMERATED_SETTINGS
from causalspec.compiler.data.conditions import LabelledPairs, Labeller, filters
from causalspec.compiler.data.enumerated_pairs import EnumeratedPairs
from causalspec.compiler.data.partitions import SplitValues
from causalspec.compiler.data.populations import Population, populate
from causalspec.compiler.data.randomness import Stream
from causalspec.compiler.data.samplers import PairSampler, RequirementUnmetError
from causalspec.compiler.data.strata import Coverable, Strata, described
from causalspec.compiler.specification import CounterfactualDesign, SwapKind
from causalspec.compiler.wording import quoted
from causalspec.dsl.diagnostics import Diagnostic, Related, SpecError

_PILOT = 1 << 12


@dataclass(slots=True)
class Tally:
    """How many pairs of one kind met the filters: each alone, and each with those before it; and
    how many of those that met all are of each stratum.
    """

    pairs: int = 0
    alone: list[int] = field(default_factory=list)
    together: list[int] = field(default_factory=list)
    strata: dict[int, int] = field(default_factory=dict)

    def add(self, labelled: LabelledPairs, rows: int) -> NDArray[np.bool_]:
        """Count some pairs; returns which of them meet every filter."""
        self.pairs += rows
        self.alone = self.alone or [0] * len(labelled.kept)
        self.together = self.together or [0] * len(labelled.kept)
        admitted = labelled.sound.copy()
        for i, one in enumerate(labelled.kept):
            admitted &= one
            self.alone[i] += int(np.count_nonzero(one))
            self.together[i] += int(np.count_nonzero(admitted))
        return admitted

    def add_strata(self, numbers: NDArray[np.int32]) -> None:
        """Count the strata of pairs that meet every filter; -1 is none."""
        for number, count in enumerate(np.bincount(numbers + 1)[1:].tolist()):
            self.strata[number] = self.strata.get(number, 0) + count

    @property
    def admitted(self) -> int:
        """How many pairs meet every filter."""
        return self.together[-1] if self.together else self.pairs


def require_some(design: CounterfactualDesign, population: Population) -> None:
    """Raise `SpecError` with CS324 where it is certain that no input is admitted."""
    if population.is_empty:
        raise SpecError([_nothing_admitted(design)])


def unmet(
    labeller: Labeller, seed: int, coverable: Coverable, values: SplitValues
) -> Diagnostic | None:
    """Why a split with such values is certainly impossible; None where it may be possible."""
    design = labeller.design
    population = populate(design.model, values.allowed)
    if population.is_empty:
        return _nothing_admitted(design)
    if not filters(design) and not design.stratified:
        return None
    strata = Strata.of(design, values, coverable)
    if not len(strata):
        return nothing_to_cover(design)
    for number, kind in enumerate(design.kinds):
        stream = Stream.of(seed, design.name, values.split, "pilot", str(number))
        try:
            base, sources = PairSampler(design, population, stream).take(_PILOT)
        except RequirementUnmetError:
            return None
        tally = tallied(labeller.label(kind, base, sources), _PILOT, strata)
        if not _lacking(tally, range(len(strata))):
            continue
        pairs = EnumeratedPairs.of(design, kind, population)
        if pairs is None:
            continue
        reason = prove_unmet(pairs, kind, strata, range(len(strata)))
        if reason is not None:
            return reason
    return None


def prove_unmet(
    pairs: EnumeratedPairs, kind: SwapKind, strata: Strata, wanted: Iterable[int]
) -> Diagnostic | None:
    """Why some of the wanted strata of a kind can never be filled; None where each can."""
    design = strata.design
    tally = tallied(pairs.labelled, len(pairs), strata)
    known = f"all {tally.pairs:,} pairs of inputs that matter were tried"
    for i, one in enumerate(filters(design)):
        if tally.together[i]:
            continue
        if tally.alone[i]:
            message = f"no pair of kind `{kind.name}` meets {quoted(one)} and the filters before it"
            before = tuple(Related(other, "asked here") for other in filters(design)[:i])
            return Diagnostic("CS511", message, one, known, before)
        message = f"no pair of kind `{kind.name}` meets {quoted(one)}"
        return Diagnostic("CS511", message, one, known)
    lacking = _lacking(tally, wanted)
    return never(kind, strata, lacking[0], known) if lacking else None


def never(kind: SwapKind, strata: Strata, number: int, known: str) -> Diagnostic:
    """That no pair of a kind is of a stratum, and how that is known."""
    design = strata.design
    code, where = "CS513", ""
    covered = strata[number][: len(design.cover)]
    if design.balance is not None and design.balance_domain is not None:
        value = design.balance_domain.text(strata[number][-1])
        message = (
            f"{quoted(design.balance.span)} is never `{value}` in a pair of kind `{kind.name}`"
        )
        where = f" that has {described(design.cover, covered)}" if covered else ""
        return Diagnostic(code, message + where, design.balance.span, known)
    message = f"no pair of kind `{kind.name}` has {described(design.cover, covered)}"
    return Diagnostic("CS518", message, design.cover[0].span, known)


def nothing_to_cover(design: CounterfactualDesign) -> Diagnostic:
    """That a split has values for no combination of what it is to cover."""
    message = f"`{design.name}` has no combination to cover"
    return Diagnostic("CS518", message, design.cover[0].span, "no pair has any of them")


def explain_rare(
    kind: SwapKind, tally: Tally, strata: Strata, unfilled: int, rows: int
) -> Diagnostic:
    """Why sampling gave up: the clause that the smallest share of draws met."""
    design = strata.design
    passing = [tally.pairs, *tally.together]
    shares = [after / max(1, before) for before, after in pairwise(passing)]
    found = tally.strata.get(unfilled, 0)
    if design.stratified and tally.admitted:
        share = found / tally.admitted
        if not shares or share <= min(shares):
            wanted = described(design.stratified, strata[unfilled])
            advice = _rate(kind, found, tally.admitted, rows)
            span = design.stratified[-1].span
            return Diagnostic("CS514", f"too few pairs have {wanted}", span, advice)
    i = shares.index(min(shares))
    message = f"too few pairs meet {quoted(filters(design)[i])}"
    rate = _rate(kind, passing[i + 1], passing[i], rows)
    advice = f"sources are drawn whatever their base is, and not made from it: {rate}"
    return Diagnostic("CS512", message, filters(design)[i], advice)


def explain_rare_inputs(design: CounterfactualDesign, error: RequirementUnmetError) -> Diagnostic:
    """Why sampling inputs gave up."""
    message = f"too few inputs of `{design.model.task}` meet its `require`"
    advice = (
        f"{error.accepted:,} of {error.attempts:,} settings that were tried did; the inputs that "
        f"it relates have more than {ENUMERATED_SETTINGS:,} settings together, too many to list"
    )
    return Diagnostic("CS510", message, design.span, advice)


def _rate(kind: SwapKind, found: int, of: int, rows: int) -> str:
    return (
        f"{found:,} of {of:,} sampled pairs of kind `{kind.name}` did ({found / max(1, of):.1e}), "
        f"and {rows:,} rows of it are wanted"
    )


def tallied(labelled: LabelledPairs, rows: int, strata: Strata) -> Tally:
    """The count of some pairs."""
    tally = Tally()
    tally.add_strata(strata.numbered(labelled, tally.add(labelled, rows)))
    return tally


def _lacking(tally: Tally, wanted: Iterable[int]) -> list[int]:
    """The strata that no pair has shown."""
    return [number for number in wanted if not tally.strata.get(number)]


def _nothing_admitted(design: CounterfactualDesign) -> Diagnostic:
    message = f"no input meets the `require` of `{design.model.task}`"
    return Diagnostic("CS324", message, design.span, "every setting was tried")
