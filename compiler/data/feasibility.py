"""Which clause of a design is to blame where it cannot be met, and how that is known."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler.data.blocks import ENUMERATED_SETTINGS
from causalspec.compiler.data.conditions import LabelledPairs, filters
from causalspec.compiler.data.samplers import DrawUnmetError, RequirementUnmetError
from causalspec.compiler.data.strata import Strata, described
from causalspec.compiler.specification import CounterfactualDesign, SwapKind
from causalspec.compiler.wording import quoted, setting_text
from causalspec.dsl.diagnostics import Diagnostic, Related


class FilterCounts:
    """How many pairs of a kind met the filters: each alone, and each with those before it; and how
    many of those that met all are of each stratum.
    """

    def __init__(self, kind: SwapKind, strata: Strata) -> None:
        self.kind, self.strata = kind, strata
        self.pairs = 0
        self.alone = [0] * len(filters(strata.design))
        self.together = [0] * len(filters(strata.design))
        self.of_stratum = np.zeros(len(strata), dtype=np.int64)

    def add(self, pairs: LabelledPairs) -> NDArray[np.int32]:
        """Count some pairs; returns the stratum of each, -1 for none."""
        self.pairs += len(pairs.sound)
        met = pairs.sound
        for i, kept in enumerate(pairs.kept):
            met = met & kept
            self.alone[i] += int(np.count_nonzero(kept))
            self.together[i] += int(np.count_nonzero(met))
        numbers = self.strata.numbered(pairs)
        self.of_stratum += np.bincount(numbers + 1, minlength=len(self.strata) + 1)[1:]
        return numbers

    def lacking(self, wanted: Iterable[int]) -> list[int]:
        """The wanted strata that no pair has shown."""
        return [stratum for stratum in wanted if not self.of_stratum[stratum]]


def proved_unmet(counts: FilterCounts, wanted: Iterable[int]) -> Diagnostic | None:
    """Why some of the wanted strata can never be filled, every pair having been counted; None where
    each can.
    """
    clauses = filters(counts.strata.design)
    known = f"all {counts.pairs:,} pairs of inputs that matter were tried"
    for i, clause in enumerate(clauses):
        if not counts.together[i]:
            message = f"no pair of kind `{counts.kind.name}` meets {quoted(clause)}"
            if not counts.alone[i]:
                return Diagnostic("CS511", message, clause, known)
            before = tuple(Related(other, "asked here") for other in clauses[:i])
            message += " and the filters before it"
            return Diagnostic("CS511", message, clause, known, before)
    lacking = counts.lacking(wanted)
    return never(counts.kind, counts.strata, lacking[0], known) if lacking else None


def never(kind: SwapKind, strata: Strata, stratum: int, known: str) -> Diagnostic:
    """That no pair of a kind is of a stratum and meets every filter, and how that is known."""
    design, codes = strata.design, strata[stratum]
    covered = described(design.cover, codes[: len(design.cover)])
    if design.balance is not None and design.balance_domain is not None:
        clause, value = design.balance.span, design.balance_domain.text(codes[-1])
        message = f"{quoted(clause)} is never `{value}` in a pair of kind `{kind.name}`"
        where = f" that has {covered}" if covered else ""
        return Diagnostic("CS513", message + where, clause, known)
    if covered:
        message = f"no pair of kind `{kind.name}` has {covered}"
        return Diagnostic("CS518", message, design.cover[0].span, known)
    clause = filters(design)[-1]
    message = f"no pair of kind `{kind.name}` meets {quoted(clause)} and all other clauses"
    return Diagnostic("CS511", message, clause, known)


def nothing_to_cover(design: CounterfactualDesign) -> Diagnostic:
    """That a split has values for no combination of what it is to cover."""
    message = f"`{design.name}` has no combination to cover"
    return Diagnostic("CS518", message, design.cover[0].span, "no pair has any of them")


def nothing_admitted(design: CounterfactualDesign) -> Diagnostic:
    """That it is certain that no input is admitted."""
    message = f"no input meets the `require` of `{design.model.task}`"
    return Diagnostic("CS324", message, design.span, "every setting was tried")


def too_rare(counts: FilterCounts, stratum: int, rows: int) -> Diagnostic:
    """Why sampling gave up: the clause that the smallest share of draws met."""
    kind, design = counts.kind, counts.strata.design
    passing = [counts.pairs, *counts.together]
    shares = [after / max(1, before) for before, after in pairwise(passing)]

    def rate(found: int, of: int) -> str:
        return (
            f"{found:,} of {of:,} sampled pairs of kind `{kind.name}` did "
            f"({found / max(1, of):.1e}), and {rows:,} rows of it are wanted"
        )

    found, admitted = int(counts.of_stratum[stratum]), passing[-1]
    if design.stratified and admitted and found / admitted <= min(shares, default=1):
        message = f"too few pairs have {described(design.stratified, counts.strata[stratum])}"
        return Diagnostic("CS514", message, design.stratified[-1].span, rate(found, admitted))
    i = shares.index(min(shares))
    clause = filters(design)[i]
    advice = "sources are drawn whatever their base is, and not made from it: "
    advice += rate(passing[i + 1], passing[i])
    return Diagnostic("CS512", f"too few pairs meet {quoted(clause)}", clause, advice)


def too_rare_inputs(design: CounterfactualDesign, error: RequirementUnmetError) -> Diagnostic:
    """Why sampling inputs gave up."""
    if isinstance(error, DrawUnmetError):
        made, model = error.derivation, design.model
        place = setting_text(model, error.base, model.exogenous)
        message = f"{quoted(made.span)} finds no draw that `require` admits at base `{place}`"
        advice = f"{error.attempts:,} draws were tried: state something else, or draw that, too"
        return Diagnostic("CS551", message, made.span, advice)
    message = f"too few inputs of `{design.model.task}` meet its `require`"
    advice = (
        f"{error.accepted:,} of {error.attempts:,} settings that were tried did; the inputs that "
        f"it relates have more than {ENUMERATED_SETTINGS:,} settings together, too many to list"
    )
    return Diagnostic("CS510", message, design.span, advice)
