"""What counterfactual data can show at all: evidence that no network can give."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy
from numpy.typing import NDArray

from causalspec.compiler.data.conditions import LabelledPairs, Labeller, filters, shared_noise
from causalspec.compiler.data.populations import Population
from causalspec.compiler.data.randomness import Stream
from causalspec.compiler.data.samplers import PairSampler, RequirementUnmetError
from causalspec.compiler.derived_models import interchanged, source_prefix
from causalspec.compiler.evaluators.columns import Column
from causalspec.compiler.evidence import (
    Evidence,
    Examination,
    Exhaustive,
    Sampled,
    Unknown,
    Witness,
)
from causalspec.compiler.expressions import All, Any, Compare, ComparisonOperator, Reference
from causalspec.compiler.proofs.witnesses import find_witness
from causalspec.compiler.specification import CounterfactualDesign, SwapKind
from causalspec.dsl.diagnostics import Diagnostics

PAIRS = 1 << 14
"""Drawn for each kind of swap to estimate a share, which is then within 1 % at three sigma."""

FEWEST_PAIRS = 100

Truths = NDArray[numpy.bool_]

HALF = 0.5 + 1.5 / PAIRS**0.5
"""One half and three standard deviations of its estimate."""


@dataclass(frozen=True, slots=True)
class _Share:
    """How many of a kind's labels equal the base's own answer."""

    kind: SwapKind
    share: float
    is_on_purpose: bool
    evidence: Evidence


def examine_design(
    design: CounterfactualDesign, population: Population | None, diagnostics: Diagnostics
) -> Iterator[Examination]:
    """Whether each kind of swap changes some output on some pair, filters aside; and whether at
    most half of its labels equal the base's own answer, the score of a network that ignores it.

    A filter under which no label ever changes, though without it some do, is there on purpose:
    the design checks that the swap does not show. `population` are the inputs that are admitted,
    None of a cyclic model.
    """
    high: list[_Share] = []
    if population is not None and population.sampled:
        task = design.model.task
        question = f"`{design.name}` draws from a fair sample of the inputs that `{task}` admits"
        yield Examination(question, True, Sampled(population.sampled, 0), design.span)
    for kind in design.kinds:
        drawn = None if population is None else _draw(design, kind, population)
        swap = _examine_swap(design, kind, drawn, diagnostics)
        yield swap
        share = None if drawn is None or swap.holds is False else _share(design, kind, drawn)
        if share is None:
            continue
        subject = f"swapping `{kind.name}` in `{design.name}`"
        if share.is_on_purpose:
            question, holds = f"{subject} leaves every label as it is, as the filters ask", True
        else:
            question = f"{subject} changes most labels ({share.share:.0%} equal the base's own)"
            holds = share.share <= HALF
        if not holds:
            high.append(share)
        yield Examination(question, holds, share.evidence, design.span)
    if high:
        _warn_of_labels(design, high, diagnostics)


@dataclass(frozen=True, slots=True)
class _Drawn:
    """Some pairs of a kind, and in which of them the swap changes some output."""

    pairs: LabelledPairs
    changed: Truths


def _draw(design: CounterfactualDesign, kind: SwapKind, population: Population) -> _Drawn | None:
    """None where too few pairs can be had; data generation then says why."""
    stream = Stream.of(design.seed, design.name, "examined", kind.name)
    if population.is_empty:
        return None
    try:
        base, sources = PairSampler(design, population, stream).take(PAIRS)
    except RequirementUnmetError:
        return None
    pairs = Labeller(design).label(kind, base, sources)
    changed = numpy.zeros(PAIRS, numpy.bool_)
    for name in design.model.outputs:
        changed |= pairs.label[name] != pairs.base_outputs[name]
    return _Drawn(pairs, changed & pairs.has_label)


def _examine_swap(
    design: CounterfactualDesign, kind: SwapKind, drawn: _Drawn | None, diagnostics: Diagnostics
) -> Examination:
    model = design.model
    question = f"swapping `{kind.name}` in `{design.name}` changes some output"
    if model.cyclic:
        return Examination(question, None, Unknown(), design.span)
    if drawn is not None and drawn.changed.any():
        return Examination(question, True, Exhaustive(1), design.span)
    changes = (
        Compare(
            ComparisonOperator.NOT_EQUAL, Reference(f"result.{name}"), Reference(f"base.{name}")
        )
        for name in model.outputs
    )
    shared = (
        Compare(
            ComparisonOperator.EQUAL,
            Reference(f"base.{name}"),
            Reference(f"{source_prefix(number)}.{name}"),
        )
        for name in shared_noise(design)
        for number in kind.used_sources
    )
    found = find_witness(interchanged(model, kind), All((Any(tuple(changes)), *shared)))
    if isinstance(found, Witness):
        return Examination(question, True, Exhaustive(1), design.span)
    if not found.is_certain:
        return Examination(question, None, found.evidence, design.span)
    diagnostics.error(
        "CS501",
        f"swapping `{kind.name}` never changes an output of `{model.name}`",
        design.span,
        help="nothing can be learned about it from this data: swap a variable that the outputs "
        "depend on",
    )
    return Examination(question, False, found.evidence, design.span)


def _warn_of_labels(
    design: CounterfactualDesign, high: Sequence[_Share], diagnostics: Diagnostics
) -> None:
    listed = ", ".join(f"{one.share:.0%} under `swap {one.kind.name}`" for one in high)
    condition = f"result.{design.model.outputs[0]} != base.{design.model.outputs[0]}"
    diagnostics.warning(
        "CS502",
        f"most labels of `{design.name}` equal the base's own: {listed}",
        design.span,
        help="a network that ignores the swap scores that share: "
        f"`balance {condition}` or `keep where {condition}` lowers it",
    )


def _share(design: CounterfactualDesign, kind: SwapKind, drawn: _Drawn) -> _Share | None:
    """None where too few pairs are kept to say."""
    kept = drawn.pairs.admitted(PAIRS)
    if numpy.count_nonzero(kept) < FEWEST_PAIRS:
        return None
    share = _balanced_share(drawn.pairs, ~drawn.changed, kept)
    on_purpose = bool(filters(design)) and share == 1.0 and bool(drawn.changed.any())
    return _Share(kind, share, on_purpose, Sampled(int(kept.sum()), design.seed))


def _balanced_share(pairs: LabelledPairs, unchanged: Truths, kept: Truths) -> float:
    """The share among the kept, each stratum that occurs counting as much as any other."""
    strata = numpy.zeros(numpy.count_nonzero(kept), numpy.intp)
    for column in pairs.stratified:
        ranks = _ranks(column[kept])
        strata = _ranks(strata * (1 + int(ranks.max())) + ranks)
    return float((numpy.bincount(strata, unchanged[kept]) / numpy.bincount(strata)).mean())


def _ranks(column: Column) -> NDArray[numpy.intp]:
    """Each value's place among those that occur."""
    values: list[int] = sorted(set(column.tolist()))  # `numpy.unique` loads masked arrays, too
    return numpy.searchsorted(values, column)
