"""Rivals that a data set does not tell apart, though other pairs would."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy

from causalspec.compiler.counterparts import counterparts_of
from causalspec.compiler.data.conditions import source_names
from causalspec.compiler.data.counterfactuals import generate
from causalspec.compiler.data.pairs import InterchangePairs
from causalspec.compiler.derived_models import (
    differs,
    interchanged,
    of_task,
    pair_in,
    side_by_side,
    with_noise_at_rest,
)
from causalspec.compiler.evaluators import interpret
from causalspec.compiler.evaluators.columns import with_definedness
from causalspec.compiler.evaluators.intervals import UnsupportedModelError
from causalspec.compiler.evaluators.vectorize import interchange_columns
from causalspec.compiler.evidence import Examination, Exhaustive, NoWitness, Sampled
from causalspec.compiler.model import CausalModel
from causalspec.compiler.proofs.witnesses import smallest_witness
from causalspec.compiler.specification import CounterfactualDesign, SwapKind
from causalspec.compiler.wording import setting_text
from causalspec.dsl.diagnostics import Diagnostics, SpecError

MOST_PAIRS = 300_000

Agreeing = Mapping[SwapKind, Sequence[SwapKind]]
"""For each kind of a design, a rival's interventions that gave the same label on every pair."""


def examine_rivals(
    design: CounterfactualDesign,
    first: Sequence[InterchangePairs],
    models: Mapping[str, CausalModel],
    diagnostics: Diagnostics,
) -> Iterator[Examination]:
    """Whether the design's data tells its model from each other model of the task; asked only of
    those that some pair would tell apart. `first` are pairs of each split that are looked at
    before more are made: most rivals part on some of them.
    """
    model = design.model
    for rival in models.values():
        comparable = rival.task == model.task and rival.name != model.name and not rival.cyclic
        if model.cyclic or not comparable or not rival.intermediates:
            continue
        question = f"`{design.name}` tells `{model.name}` from `{rival.name}`"
        rested = with_noise_at_rest(rival)
        try:
            agreeing, pairs = _agreeing(design, first, rested)
        except (SpecError, UnsupportedModelError):  # said elsewhere
            continue
        if agreeing is None:
            yield Examination(question, True, Sampled(pairs, design.seed), design.span)
            continue
        parting = next(_parting_pairs(design, rested, agreeing), None)
        if parting is None:
            continue  # no pair would
        diagnostics.warning(
            "CS503",
            f"no pair of `{design.name}` tells `{model.name}` from `{rival.name}`, though others "
            "would",
            design.span,
            help=f"they part at {parting}; let the filters admit such pairs, or write "
            f"`distinguish from {rival.name}`",
        )
        yield Examination(question, False, Exhaustive(pairs), design.span)


def _agreeing(
    design: CounterfactualDesign, first: Sequence[InterchangePairs], rival: CausalModel
) -> tuple[Agreeing | None, int]:
    """Which interventions of the rival agree on every pair, None where some kind has none; and on
    how many pairs that is known.
    """
    kept = {kind: counterparts_of(kind, rival) for kind in design.kinds}
    made = (
        generate(design, split.name, rows=min(split.rows, MOST_PAIRS)) for split in design.splits
    )
    seen = 0
    for several in (first, made):
        seen = 0
        for pairs in several:
            seen += len(pairs)
            for number, kind in enumerate(design.kinds):
                mine = pairs.select(numpy.flatnonzero(pairs.kinds == number))
                kept[kind] = tuple(
                    counterpart for counterpart in kept[kind] if _agrees(mine, rival, counterpart)
                )
            if not all(kept.values()):
                return None, seen
    return kept, seen


def _agrees(pairs: InterchangePairs, rival: CausalModel, kind: SwapKind) -> bool:
    """Whether the rival's label is the pair's own everywhere; one that it does not have differs."""
    wanted = with_definedness(rival, rival.outputs)
    found = interchange_columns(rival, pairs.base, pairs.sources, kind, wanted=wanted)
    return all((column == pairs.label.get(name, 1)).all() for name, column in found.items())


def _parting_pairs(
    design: CounterfactualDesign, rival: CausalModel, agreeing: Agreeing
) -> Iterator[str]:
    """The smallest pair for each two interventions, admitted by the filters or not, on which the
    labels differ, and both labels, replayed in the interpreter.
    """
    model, names = with_noise_at_rest(design.model), source_names(design)
    numbers = range(len(names))
    outputs = {f"result.{name}": of_task(f"result.{name}") for name in model.outputs}
    for kind, others in agreeing.items():
        for other in others:
            made = interchanged(model, kind, numbers, derivations=design.derivations)
            sides = made, interchanged(rival, other, numbers)
            found = smallest_witness(side_by_side(*sides), differs(outputs))
            if isinstance(found, NoWitness):
                continue
            base, sources = pair_in(found.setting, made, model, len(names))
            used = {
                "base": base,
                **{names[number]: sources[number] for number in kind.used_sources},
            }
            place = ", ".join(
                f"{said} `{setting_text(model, side, side)}`" for said, side in used.items()
            )
            ours, theirs = (
                setting_text(side, interpret.interchange(side, base, sources, swap), side.outputs)
                for side, swap in ((model, kind), (rival, other))
            )
            yield f"{place}: `{model.name}` says `{ours}`, `{rival.name}` `{theirs}`"
