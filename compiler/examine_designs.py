"""What counterfactual data can show at all: evidence that no network can give."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy

from ..dsl.diagnostics import Diagnostics
from .conditions import LabelledPairs, label, source_names
from .derived_models import differs, interchanged
from .evidence import Evidence, Examination, Exhaustive, Sampled, Unknown, Witness
from .populations import populate
from .randomness import Stream
from .samplers import RequirementUnmetError, Sampler
from .specification import CounterfactualDesign, SwapKind
from .witnesses import find_witness

PAIRS = 1 << 14
"""Drawn for each kind of swap to estimate a share, which is then within 1 % at three sigma."""

FEWEST_PAIRS = 100


def examine_swaps(design: CounterfactualDesign, diagnostics: Diagnostics) -> Iterator[Examination]:
    """Whether each kind of swap changes some output on some pair, filters aside."""
    model = design.model
    for kind in design.kinds:
        question = f"swapping `{kind.name}` in `{design.name}` changes some output"
        if model.cyclic:
            yield Examination(question, None, Unknown(), design.span)
            continue
        outputs = {f"result.{name}": f"base.{name}" for name in model.outputs}
        found = find_witness(interchanged(model, kind), differs(outputs))
        if isinstance(found, Witness):
            yield Examination(question, True, Exhaustive(1), design.span)
        elif found.is_certain:
            diagnostics.error(
                "CS501",
                f"swapping `{kind.name}` never changes an output of `{model.name}`",
                design.span,
                help="nothing can be learned about it from this data: swap a variable that the "
                "outputs depend on",
            )
            yield Examination(question, False, found.evidence, design.span)
        else:
            yield Examination(question, None, found.evidence, design.span)


@dataclass(frozen=True, slots=True)
class _Share:
    """How many of a kind's labels equal the base's own answer."""

    kind: SwapKind
    share: float
    is_on_purpose: bool
    evidence: Evidence


def examine_labels(design: CounterfactualDesign, diagnostics: Diagnostics) -> Iterator[Examination]:
    """Whether at most half of each kind's labels equal the base's own answer: the score of a
    network that ignores the swap.

    A filter under which no label ever changes, though without it some do, is there on purpose:
    the design checks that the swap does not show.
    """
    shares = [one for kind in design.kinds for one in [_share(design, kind)] if one is not None]
    high: list[_Share] = []
    for one in shares:
        margin = 1.5 / PAIRS**0.5  # three standard deviations of an estimate of one half
        is_high = one.share > 0.5 + margin and not one.is_on_purpose
        if is_high:
            high.append(one)
        question = (
            f"swapping `{one.kind.name}` in `{design.name}` changes most labels "
            f"({one.share:.0%} equal the base's own)"
        )
        yield Examination(question, one.share <= 0.5 + margin, one.evidence, design.span)
    if high:
        listed = ", ".join(f"{one.share:.0%} under `swap {one.kind.name}`" for one in high)
        outputs = design.model.outputs
        condition = f"result.{outputs[0]} != base.{outputs[0]}" if outputs else "…"
        diagnostics.warning(
            "CS502",
            f"most labels of `{design.name}` equal the base's own: {listed}",
            design.span,
            help="a network that ignores the swap scores that share: "
            f"`balance {condition}` or `keep where {condition}` lowers it",
        )


def _share(design: CounterfactualDesign, kind: SwapKind) -> _Share | None:
    """None where too few pairs can be had to say; data generation then says why."""
    if design.model.cyclic:
        return None
    stream = Stream.of(design.seed, design.name, "examined", kind.name)
    population = populate(design.model, {})
    if population.is_empty:
        return None
    try:
        base = Sampler(population, stream.derive("base")).take(PAIRS)
        sources = [
            Sampler(population, stream.derive("source", str(number))).take(PAIRS)
            for number in range(len(source_names(design)))
        ]
    except RequirementUnmetError:
        return None
    pairs = label(design, kind, base, sources)
    unchanged = numpy.ones(PAIRS, numpy.bool_)
    for name in design.model.outputs:
        unchanged &= pairs.label[name] == pairs.base_outputs[name]
    kept = pairs.admitted(PAIRS)
    if numpy.count_nonzero(kept) < FEWEST_PAIRS:
        return None
    share = _balanced_share(pairs, unchanged, kept)
    on_purpose = bool(design.keep) and share == 1.0 and not unchanged.all()
    return _Share(kind, share, on_purpose, Sampled(int(kept.sum()), design.seed))


def _balanced_share(pairs: LabelledPairs, unchanged: Any, kept: Any) -> float:
    """The share among the kept, each balanced value counting as much as any other."""
    if pairs.balanced is None:
        return float(unchanged[kept].mean())
    values = numpy.unique(pairs.balanced[kept])
    shares = [unchanged[kept & (pairs.balanced == value)].mean() for value in values]
    return float(sum(shares) / len(shares))
