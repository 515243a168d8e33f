"""Whether a design can be met at all, and which of its clauses is to blame where it cannot.

Where the inputs that matter have few settings, every pair of them is tried and the answer is
certain; elsewhere so many draws are made, and the message says how many met the clause.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ...dsl.diagnostics import Diagnostic, Related, SpecError
from ..evaluators.columns import Column, Columns
from ..specification import CounterfactualDesign, SwapKind
from .balance import balanced_values
from .blocks import ENUMERATED_SETTINGS, product
from .conditions import LabelledPairs, Relevance, filters, label, quoted, source_names
from .partitions import SplitValues
from .populations import Population, populate
from .randomness import Stream
from .samplers import RequirementUnmetError, Sampler

_PILOT = 1 << 12


@dataclass(slots=True)
class Tally:
    """How many pairs of one kind met the filters: each alone, and each with those before it; and
    how many of those that met all have each balanced value.
    """

    pairs: int = 0
    alone: list[int] = field(default_factory=list)
    together: list[int] = field(default_factory=list)
    values: dict[int, int] = field(default_factory=dict)

    def add(self, labelled: LabelledPairs, rows: int) -> NDArray[np.bool_]:
        """Count some pairs; returns which of them meet every filter."""
        self.pairs += rows
        self.alone = self.alone or [0] * len(labelled.kept)
        self.together = self.together or [0] * len(labelled.kept)
        admitted = np.ones(rows, dtype=np.bool_)
        for i, one in enumerate(labelled.kept):
            admitted &= one
            self.alone[i] += int(np.count_nonzero(one))
            self.together[i] += int(np.count_nonzero(admitted))
        return admitted

    def add_values(self, balanced: Column) -> None:
        """Count the balanced values of pairs that meet every filter."""
        codes, counts = np.unique(balanced, return_counts=True)
        for code, count in zip(codes.tolist(), counts.tolist(), strict=True):
            self.values[code] = self.values.get(code, 0) + count

    @property
    def admitted(self) -> int:
        """How many pairs meet every filter."""
        return self.together[-1] if self.together else self.pairs


def require_some(design: CounterfactualDesign, population: Population) -> None:
    """Raise `SpecError` with CS324 where it is certain that no input is admitted."""
    if population.is_empty:
        raise SpecError([_nothing_admitted(design)])


def unmet(design: CounterfactualDesign, seed: int, values: SplitValues) -> Diagnostic | None:
    """Why a split with such values is certainly impossible; None where it may be possible."""
    population = populate(design.model, values.allowed)
    if population.is_empty:
        return _nothing_admitted(design)
    if not filters(design) and design.balance is None:
        return None
    wanted = balanced_values(design, values)
    for number, kind in enumerate(design.kinds):
        stream = Stream.of(seed, design.name, values.split, "pilot", str(number))
        try:
            base = Sampler(population, stream.derive("base")).take(_PILOT)
            sources = [
                Sampler(population, stream.derive("source", str(k))).take(_PILOT)
                for k in range(len(source_names(design)))
            ]
        except RequirementUnmetError:
            return None
        tally = _tally(design, kind, base, sources)
        if not _lacking(tally, wanted, design):
            continue
        reason = prove_unmet(design, kind, population, wanted)
        if reason is not None:
            return reason
    return None


def prove_unmet(
    design: CounterfactualDesign, kind: SwapKind, population: Population, wanted: tuple[int, ...]
) -> Diagnostic | None:
    """Why some cell of a kind can never be filled, found by trying every pair; None where every
    cell can, or where there are too many pairs to try.
    """
    relevance = Relevance.of(design, kind)
    sides = [population.enumerated(names) for names in (relevance.base, *relevance.sources)]
    listed = [side for side in sides if side is not None]
    pairs = 1
    for side in listed:
        pairs *= len(next(iter(side.values()), (0,)))
    if len(listed) < len(sides) or pairs > ENUMERATED_SETTINGS:
        return None
    marked = [{f"{k}.{name}": one for name, one in side.items()} for k, side in enumerate(listed)]
    every = product(marked)
    base, *sources = (
        {name: every[f"{k}.{name}"] for name in side} for k, side in enumerate(listed)
    )
    tally = _tally(design, kind, base, sources)
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
    lacking = _lacking(tally, wanted, design)
    if lacking and design.balance is not None and design.balance_domain is not None:
        value = design.balance_domain.text(lacking[0])
        message = (
            f"{quoted(design.balance.span)} is never `{value}` in a pair of kind `{kind.name}`"
        )
        return Diagnostic("CS513", message, design.balance.span, known)
    return None


def explain_rare(
    design: CounterfactualDesign, kind: SwapKind, tally: Tally, unfilled: int, rows: int
) -> Diagnostic:
    """Why sampling gave up: the clause that the smallest share of draws met."""
    passing = [tally.pairs, *tally.together]
    shares = [after / max(1, before) for before, after in pairwise(passing)]
    found = tally.values.get(unfilled, 0)
    if design.balance is not None and design.balance_domain is not None and tally.admitted:
        share = found / tally.admitted
        if not shares or share <= min(shares):
            value = design.balance_domain.text(unfilled)
            message = f"too few pairs have {quoted(design.balance.span)} be `{value}`"
            advice = _rate(kind, found, tally.admitted, rows)
            return Diagnostic("CS514", message, design.balance.span, advice)
    i = shares.index(min(shares))
    message = f"too few pairs meet {quoted(filters(design)[i])}"
    return Diagnostic(
        "CS512", message, filters(design)[i], _rate(kind, passing[i + 1], passing[i], rows)
    )


def explain_rare_inputs(design: CounterfactualDesign, error: RequirementUnmetError) -> Diagnostic:
    """Why sampling inputs gave up."""
    message = f"too few inputs of `{design.model.task}` meet its `require`"
    advice = (
        f"{error.accepted:,} of {error.attempts:,} sampled inputs did; the inputs that it relates "
        f"have more than {ENUMERATED_SETTINGS:,} settings together, too many to list"
    )
    return Diagnostic("CS510", message, design.span, advice)


def _rate(kind: SwapKind, found: int, of: int, rows: int) -> str:
    return (
        f"{found:,} of {of:,} sampled pairs of kind `{kind.name}` did ({found / max(1, of):.1e}), "
        f"and {rows:,} rows of it are wanted"
    )


def _tally(
    design: CounterfactualDesign, kind: SwapKind, base: Columns, sources: Sequence[Columns]
) -> Tally:
    tally = Tally()
    labelled = label(design, kind, base, sources)
    admitted = tally.add(labelled, len(next(iter(base.values()))))
    if labelled.balanced is not None:
        tally.add_values(labelled.balanced[admitted])
    return tally


def _lacking(tally: Tally, wanted: tuple[int, ...], design: CounterfactualDesign) -> list[int]:
    """The values, or the one stand-in, that no pair has shown."""
    if design.balance is None:
        return [] if tally.admitted else [0]
    return [value for value in wanted if not tally.values.get(value)]


def _nothing_admitted(design: CounterfactualDesign) -> Diagnostic:
    message = f"no input meets the `require` of `{design.model.task}`"
    return Diagnostic("CS324", message, design.span, "every setting was tried")
