"""Rivals that a data set does not tell apart, though other pairs would."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy

from causalspec.compiler.counterparts import counterparts_of
from causalspec.compiler.data.counterfactuals import generate
from causalspec.compiler.data.pairs import InterchangePairs
from causalspec.compiler.data.rivals import Prediction
from causalspec.compiler.derived_models import (
    differs,
    interchanged,
    of_task,
    side_by_side,
    source_prefix,
    with_noise_at_rest,
)
from causalspec.compiler.evaluators import interpret
from causalspec.compiler.evaluators.intervals import UnsupportedModelError
from causalspec.compiler.evidence import Examination, Exhaustive, Sampled, Witness
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
        try:
            agreeing, pairs = _agreeing(design, first, with_noise_at_rest(rival))
        except (SpecError, UnsupportedModelError):  # said elsewhere
            continue
        if agreeing is None:
            yield Examination(question, True, Sampled(pairs, design.seed), design.span)
            continue
        parting = _parting_pair(design, rival, agreeing)
        if parting is None:
            continue  # no pair would
        place, ours, theirs = parting
        diagnostics.warning(
            "CS503",
            f"no pair of `{design.name}` tells `{model.name}` from `{rival.name}`, though others "
            "would",
            design.span,
            help=f"they part at {place}: `{model.name}` says `{ours}`, `{rival.name}` "
            f"`{theirs}`; let the filters admit such pairs, or write `distinguish from "
            f"{rival.name}`",
        )
        yield Examination(question, False, Exhaustive(pairs), design.span)


def _agreeing(
    design: CounterfactualDesign, first: Sequence[InterchangePairs], rival: CausalModel
) -> tuple[Agreeing | None, int]:
    """Which interventions of the rival agree on every pair, None where some kind has none; and on
    how many pairs that is known.
    """
    kept: dict[SwapKind, Sequence[SwapKind]] = {
        kind: counterparts_of(kind, rival) for kind in design.kinds
    }
    made = (
        generate(design, split.name, rows=min(split.rows, MOST_PAIRS)) for split in design.splits
    )
    seen = 0
    for several in (first, made):
        seen = 0
        for pairs in several:
            seen += len(pairs)
            kept = _still_agreeing(pairs, rival, kept)
            if not all(kept.values()):
                return None, seen
    return kept, seen


def _still_agreeing(
    pairs: InterchangePairs, rival: CausalModel, kept: Agreeing
) -> dict[SwapKind, Sequence[SwapKind]]:
    found: dict[SwapKind, Sequence[SwapKind]] = {}
    for number, kind in enumerate(pairs.design.kinds):
        mine = pairs.select(numpy.flatnonzero(pairs.kinds == number))
        found[kind] = [
            one
            for one in kept[kind]
            if not len(mine)
            or Prediction(rival, one, len(mine.sources))
            .is_label(mine.base, mine.sources, mine.label)
            .all()
        ]
    return found


def _parting_pair(
    design: CounterfactualDesign, rival: CausalModel, agreeing: Agreeing
) -> tuple[str, str, str] | None:
    """The smallest pair, admitted by the filters or not, on which the labels differ."""
    model = design.model
    for kind, others in agreeing.items():
        for other in others:
            ours = with_noise_at_rest(model)
            theirs = with_noise_at_rest(rival)
            both = side_by_side(interchanged(ours, kind), interchanged(theirs, other))
            outputs = {f"result.{name}": of_task(f"result.{name}") for name in model.outputs}
            found = smallest_witness(both, differs(outputs))
            if isinstance(found, Witness):
                return _shown(ours, theirs, (kind, other), found)
    return None


def _shown(
    model: CausalModel, rival: CausalModel, kinds: tuple[SwapKind, SwapKind], found: Witness
) -> tuple[str, str, str]:
    """The pair and both labels, replayed in the interpreter."""
    sides = {"base": "base"} | {
        source_prefix(number): "source" if set(kinds[0].sources) == {number} else f"s{number + 1}"
        for number in sorted(set(kinds[0].sources))
    }
    settings = [
        {name: found.setting[f"{prefix}.{name}"] for name in model.inputs} for prefix in sides
    ]
    place = ", ".join(
        f"{said} `{setting_text(model, one, one)}`"
        for said, one in zip(sides.values(), settings, strict=True)
    )
    numbers = sorted(set(kinds[0].sources))
    sources = [
        settings[1 + numbers.index(k)] if k in numbers else {} for k in range(max(numbers) + 1)
    ]
    labels: list[str] = []
    for one, kind in zip((model, rival), kinds, strict=True):
        solution = interpret.interchange(one, settings[0], sources, kind)
        labels.append(setting_text(one, solution, one.outputs))
    return place, labels[0], labels[1]
