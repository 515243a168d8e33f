"""What counterfactual data can show at all: evidence that no network can give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy
from numpy.typing import NDArray

from causalspec.compiler.data.conditions import LabelledPairs, PairKind, filters, source_names
from causalspec.compiler.data.counterfactuals import generate
from causalspec.compiler.data.left_out import pairs_left_out
from causalspec.compiler.data.pairs import InterchangePairs
from causalspec.compiler.data.populations import Population
from causalspec.compiler.data.randomness import Stream
from causalspec.compiler.data.samplers import DrawUnmetError, PairSampler, RequirementUnmetError
from causalspec.compiler.data.undefined_labels import UndefinedPair, is_sound
from causalspec.compiler.derived_models import on_pair, pair_in, pair_of, source_prefix
from causalspec.compiler.evaluators.columns import Column
from causalspec.compiler.evidence import (
    Examination,
    Exhaustive,
    Proved,
    Sampled,
    Unknown,
    examined,
    examined_some,
)
from causalspec.compiler.expressions import Any, Compare, ComparisonOperator, Not, Reference
from causalspec.compiler.model import CausalModel, Role, Variable
from causalspec.compiler.proofs.witnesses import find_witness, smallest_witness
from causalspec.compiler.specification import CounterfactualDesign, SwapKind
from causalspec.dsl.diagnostics import Diagnostics

PAIRS = 1 << 14
"""Drawn for each kind of swap to estimate a share, which is then within 1 % at three sigma."""

FEWEST_PAIRS = 100

HALF = 0.5 + 1.5 / PAIRS**0.5
"""One half and three standard deviations of its estimate."""

COUNTED = 1 << 14
"""So many pairs of a split are drawn at most to count those that are distinct."""

FITTED = "train"
"""The split that nothing is scored on: fitting reads the same pairs in many steps all the same."""

Truths = NDArray[numpy.bool_]

# Labels ------------------------------------------------------------------------------------------


def examine_labels(
    design: CounterfactualDesign, diagnostics: Diagnostics, *, is_settled: bool
) -> Iterator[Examination]:
    """Whether the hypothesis gives a label to every pair that a design admits, asked of every kind
    of swap: proved, or refuted by the smallest pair, its two runs side by side. Where the design
    leaves out pairs without a label, how many. `is_settled` says whether it is proved that
    everything has a value without a swap.
    """
    if design.model.cyclic:
        return
    names = source_names(design)
    made = {derivation.source for derivation in design.derivations}
    drawn = (number for number in range(len(names)) if number not in made)
    settled = ("base", *map(source_prefix, drawn))
    sound = on_pair(is_sound(design, ("base", *names, "result")), names)
    for kind in design.kinds:
        model = pair_of(design, kind, range(len(names)))
        if is_settled:
            known = (_settled(variable, settled) for variable in model.variables)
            model = replace(model, variables=tuple(known))

        def refuted(
            setting: Mapping[str, int], kind: SwapKind = kind, pair_model: CausalModel = model
        ) -> Iterator[str]:
            base, sources = pair_in(setting, pair_model, design.model, len(names))
            pair = UndefinedPair(design, kind, names, base, sources)
            diagnostics.found.append(pair.diagnostic())
            return pair.lines()

        def why(
            setting: Mapping[str, int], kind: SwapKind = kind, pair_model: CausalModel = model
        ) -> Iterator[str]:
            base, sources = pair_in(setting, pair_model, design.model, len(names))
            return _why_without_label(design, kind, base, sources)

        question = f"swapping `{kind.name}` in `{design.name}` leaves no pair without a label"
        found = smallest_witness(model, Not(sound))
        examination = examined(question, found, design.span, refuted, why)
        yield examination
        if examination.holds is False:
            return  # the other kinds would mostly say the same again
    for left_out in pairs_left_out(design):
        question = (
            f"`{design.name}` leaves out the pairs of `{left_out.kind}` without a label, "
            f"{left_out.share:.0%} of all"
        )
        yield Examination(question, True, Sampled(left_out.of, design.seed), design.span)


def _why_without_label(
    design: CounterfactualDesign,
    kind: SwapKind,
    base: Mapping[str, int],
    sources: Sequence[Mapping[str, int]],
) -> Iterator[str]:
    """From an output that is undefined back to where that begins; nothing where the pair is not
    one, or has a label.
    """
    from causalspec.compiler.views.reasons import lines, reasons, run_of

    model = design.model
    if any(name not in side for side in (base, *sources) for name in model.exogenous):
        return
    run = run_of(model, base, sources, source_names(design), kind)
    undefined = [name for name in model.outputs if name not in run.solution]
    yield from lines(tuple(reasons(run, undefined[:1])))


def _settled(variable: Variable, prefixes: Sequence[str]) -> Variable:
    """Of a run without a swap: known to be defined."""
    without_swap = variable.name.partition(".")[0] in prefixes
    stated = variable.role in (Role.VARIABLE, Role.OUTPUT)
    return replace(variable, is_proved_defined=True) if without_swap and stated else variable


# Swaps and shares --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Drawn:
    """Some pairs of a kind, and in which of them the swap changes some output."""

    pairs: LabelledPairs
    changed: Truths


def examine_design(
    design: CounterfactualDesign, population: Population | None, diagnostics: Diagnostics
) -> Iterator[Examination]:
    """Whether each kind of swap changes some output on some pair, filters aside; and whether at
    most half of its labels equal the base's own answer, the score of a network that ignores it.

    A filter under which no label ever changes, though without it some do, is there on purpose:
    the design checks that the swap does not show. `population` are the inputs that are admitted,
    None of a cyclic model.
    """
    high: list[str] = []
    if population is not None and design.model.requirement is not None:
        yield from _examine_draws(design, population)
    for number, kind in enumerate(design.kinds):
        try:
            drawn = None if population is None else _draw(PairKind.of(design, number), population)
        except DrawUnmetError:
            return  # data generation says why
        swap = _examine_swap(design, kind, drawn, diagnostics)
        yield swap
        if drawn is None or swap.holds is False:
            continue
        kept = drawn.pairs.admitted
        if numpy.count_nonzero(kept) < FEWEST_PAIRS:  # too few to say
            continue
        share = _balanced_share(drawn.pairs, ~drawn.changed, kept)
        subject = f"swapping `{kind.name}` in `{design.name}`"
        holds = share <= HALF
        question = f"{subject} changes most labels ({share:.0%} equal the base's own)"
        if filters(design) and share == 1.0 and drawn.changed.any():
            question, holds = f"{subject} leaves every label as it is, as the filters ask", True
        if not holds:
            high.append(f"{share:.0%} under `swap {kind.name}`")
        evidence = Sampled(int(kept.sum()), design.seed)
        yield Examination(question, holds, evidence, design.span)
    if high:
        output = design.model.outputs[0]
        condition = f"result.{output} != base.{output}"
        diagnostics.warning(
            "CS502",
            f"most labels of `{design.name}` equal the base's own: {', '.join(high)}",
            design.span,
            help="a network that ignores the swap scores that share: "
            f"`balance {condition}` or `keep where {condition}` lowers it",
        )


def _examine_draws(design: CounterfactualDesign, population: Population) -> Iterator[Examination]:
    """How the inputs that are admitted are drawn: nothing where none is found, or where splits have
    values of their own.
    """
    task = design.model.task
    if population.sampled:
        question = f"`{design.name}` draws from a fair sample of the inputs that `{task}` admits"
        yield Examination(question, True, Sampled(population.sampled, 0), design.span)
    elif not (population.is_empty or population.in_vain or design.disjoint):
        weighted = any(design.model.by_name[name].weights for name in design.model.inputs)
        how = "as often as its weights say" if weighted else "equally often"
        question = f"`{design.name}` draws each input that `{task}` admits {how}"
        yield Examination(question, True, Proved(), design.span)


def _draw(kind: PairKind, population: Population) -> _Drawn | None:
    """None where too few pairs can be had; data generation then says why. Raises `DrawUnmetError`
    where a derived source cannot be had.
    """
    if population.is_empty:
        return None
    design = kind.design
    stream = Stream.of(design.seed, design.name, "examined", kind.swap.name)
    try:
        pairs = kind.label(PairSampler(design, population, stream).take(PAIRS))
    except DrawUnmetError:
        raise
    except RequirementUnmetError:
        return None
    changed = numpy.zeros(PAIRS, numpy.bool_)
    for name in design.model.outputs:
        changed |= pairs.columns[f"label.{name}"] != pairs.columns[f"base.{name}"]
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

    def refuted() -> None:
        diagnostics.error(
            "CS501",
            f"swapping `{kind.name}` never changes an output of `{model.name}`",
            design.span,
            help="nothing can be learned about it from this data: swap a variable that the outputs "
            "depend on",
        )

    changes = (
        Compare(ComparisonOperator.NOT_EQUAL, Reference(f"result.{n}"), Reference(f"base.{n}"))
        for n in model.outputs
    )
    found = find_witness(pair_of(design, kind), Any(tuple(changes)))
    return examined_some(question, found, design.span, refuted)


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


# Repeated pairs ----------------------------------------------------------------------------------


def examine_repeats(
    design: CounterfactualDesign, tried: Sequence[InterchangePairs], diagnostics: Diagnostics
) -> None:
    """Warn of splits less than half of whose pairs are distinct: repeated ones count once in every
    interval. `tried` are some pairs of each split; where these repeat, more are drawn.
    """
    for split, some in zip(design.splits, tried, strict=True):
        if split.name == FITTED or some.summary.distinct.count == len(some):
            continue
        rows = min(split.rows, COUNTED)
        distinct = generate(design, split.name, rows=rows).summary.distinct.count
        if 2 * distinct < rows:
            counted = "pairs" if rows == split.rows else "pairs tried"
            diagnostics.warning(
                "CS541",
                f"only {distinct:,} of {rows:,} {counted} of `{design.name}.{split.name}` are "
                "distinct",
                design.span,
                help="repeated pairs count once in a score's interval: let types and filters leave "
                f"more of them, or ask for {distinct:,} pairs",
            )
