"""One claim explained: a rule for those of its inputs that it fails on, and its strength."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest

import numpy as np
import torch

from causalspec.compiler import CausalModel, Column
from causalspec.dsl.formatter import format_source
from causalspec.dsl.source import Source
from causalspec.runtime.explaining.literals import values_of
from causalspec.runtime.explaining.narrowed import NarrowedClaim, NoRuleError, narrowed
from causalspec.runtime.explaining.pairwise import (
    Asked,
    Hypothesis,
    UnmeasurableError,
    hypothesis_of,
    pairwise_agreement,
)
from causalspec.runtime.explaining.partition import THRESHOLD, Truth, get_on, partition
from causalspec.runtime.explaining.strength import iia_within, strengths
from causalspec.runtime.fitting.fit_store import FitStore
from causalspec.runtime.inputs.experiment import PreparedSplit
from causalspec.runtime.results.explanations import Explanation, JudgedInput, LearntRule
from causalspec.runtime.results.run_folder import Stage
from causalspec.runtime.scoring.controls import Compared
from causalspec.runtime.scoring.controls.selected_alignment import SelectedAlignment
from causalspec.runtime.scoring.observed import Observed
from causalspec.runtime.untyped import as_list, from_array

NAME = "exceptional"


def explain(
    store: FitStore,
    selected: SelectedAlignment,
    observed: Sequence[Observed],
    compared: Sequence[Compared],
    most: int,
) -> Explanation:
    """Why a claim that was observed on its test pairs fails, by swaps between every two of at most
    `most` bases of these; rivals are those that it was compared with. Swaps once made are kept in
    the run folder.
    """
    if any(selected.candidates.writes):
        return _unexplained(selected, "it writes values of its own, and inputs swap none")
    hypotheses = dict(_hypotheses(selected, observed, compared))
    name = selected.experiment.claim.model.name
    if name not in hypotheses:
        return _unexplained(selected, "each of its swaps takes from a run that is swapped into")
    asked = Asked(
        selected.experiment.task,
        selected.network,
        _settings(selected, most),
        selected.candidates.choices,
        selected.experiment.claim.prompt,
    )
    own = hypotheses[name]
    try:
        agrees = {
            rival: _measured(store, selected, asked, f"{rival}, swaps", hypothesis)
            for rival, hypothesis in hypotheses.items()
        }
    except UnmeasurableError as failure:
        return _unexplained(selected, str(failure))
    claim = selected.experiment.claim.name
    if partition(get_on(agrees[name])).explained.all():
        reason = f"the hypothesis explains all {asked.count} inputs: there is nothing to tell apart"
        return explanation(asked, own, claim, agrees, reason=reason)
    try:
        found = narrowed(store, selected, observed)
    except NoRuleError as failure:
        return explanation(asked, own, claim, agrees, reason=str(failure))
    fitted = replace(own, maps=found.maps)
    what = f"{name} unless `{found.judged.rule.text}`, swaps"
    alone = _measured(store, selected, asked, what, fitted)
    return explanation(asked, own, claim, agrees, found, alone)


def explanation(
    asked: Asked,
    hypothesis: Hypothesis,
    claim: str,
    agrees: Mapping[str, Truth],
    narrowed_to: NarrowedClaim | None = None,
    alone: Truth | None = None,
    reason: str = "",
) -> Explanation:
    """What follows from the swaps of a claim's `hypothesis` and its rivals, `agrees` [kinds, bases,
    sources] of each, and from those of the hypothesis under the maps of a claim `narrowed_to` what
    a rule leaves, `alone`; without a rule there is a `reason`.
    """
    model, whole = hypothesis.model, agrees[hypothesis.model.name]
    own = whole if alone is None else alone
    mutual = get_on(own)
    parts = {name: partition(get_on(swaps)) for name, swaps in agrees.items()}
    found = parts[model.name] if alone is None else partition(mutual)
    parts[model.name] = found
    rule = narrowed_to and narrowed_to.judged.rule
    holds = None if rule is None else rule.holds(values_of(model, asked.settings))
    right, total = iia_within(own, found.explained)
    shown = asked.present()
    order = sorted(
        range(asked.count),
        key=lambda place: (not found.explained[place], -found.agreement[place], place),
    )
    return Explanation(
        claim=claim,
        model=model.name,
        swaps=tuple(kind.name for kind in hypothesis.kinds),
        threshold=THRESHOLD,
        iia=float(whole.mean()) if whole.size else None,
        iia_explained=right / total if total else None,
        inputs=tuple(
            JudgedInput(
                shown.text(place),
                bool(found.explained[place]),
                float(found.agreement[place]),
                None if holds is None else bool(holds[place]),
                tuple(name for name, part in parts.items() if part.explained[place]),
            )
            for place in order
        ),
        get_on=tuple("".join("01"[int(met)] for met in mutual[place][order]) for place in order),
        rule=None
        if narrowed_to is None or holds is None
        else _learnt(model, narrowed_to, holds, found.explained),
        reason=reason,
        strengths=strengths({**agrees, model.name: own}),
    )


def statement(name: str, condition: str) -> str:
    """`let NAME = CONDITION` in the canonical layout."""
    text = f"language 1\n\nmodel M of T {{\n  let {name} = {condition}\n}}\n"
    lines = format_source(Source("a rule", text)).splitlines()
    return lines[3].strip()


def _learnt(model: CausalModel, found: NarrowedClaim, holds: Truth, explained: Truth) -> LearntRule:
    number = 1
    while (name := NAME if number == 1 else f"{NAME}_{number}") in model.by_name:
        number += 1
    line = statement(name, found.judged.rule.text)
    score = found.iia
    return LearntRule(
        text=line.split(" = ", 1)[1],
        line=line,
        wrong=int((holds == explained).sum()),
        share=found.judged.share,
        pairs=score.total,
        iia=score.mean,
        lower=float(score.lower),
        upper=float(score.upper),
    )


def _hypotheses(
    selected: SelectedAlignment, observed: Sequence[Observed], compared: Sequence[Compared]
) -> Iterator[tuple[str, Hypothesis]]:
    """The claim's own and its rivals; noise of a rival's own has no value at the claim's inputs."""
    own = hypothesis_of(observed)
    if own is None:
        return
    yield own.model.name, own
    for comparison in compared:
        if comparison.name in selected.specification.models and comparison.observed:
            rival = hypothesis_of(comparison.observed)
            if rival is not None and set(rival.model.exogenous) <= set(own.model.exogenous):
                yield comparison.name, rival


def _settings(selected: SelectedAlignment, most: int) -> Mapping[str, Column]:
    """The first bases of the test pairs that differ for the network, of all data sets in turn."""
    seen: dict[int, tuple[int, int]] = {}
    numbered = [
        [(alike, number, row) for row, alike in enumerate(_alike(prepared))]
        for number, prepared in enumerate(selected.test)
    ]
    for turn in zip_longest(*numbered):
        for entry in turn:
            if entry is not None and len(seen) < most:
                seen.setdefault(entry[0], entry[1:])
    names = selected.experiment.claim.model.exogenous
    return {
        name: np.array(
            [selected.test[number].pairs.base[name][row] for number, row in seen.values()]
        )
        for name in names
    }


def _alike(prepared: PreparedSplit) -> list[int]:
    return as_list(prepared.presentation.alike[prepared.own_bases])


def _measured(
    store: FitStore, selected: SelectedAlignment, asked: Asked, what: str, hypothesis: Hypothesis
) -> Truth:
    stage = selected.stage(f"{what} of {asked.count} inputs")
    finished = store.folder.find(stage)
    if finished is not None:
        return finished.tensors["agrees"].bool().numpy()
    found = pairwise_agreement(asked, hypothesis, store.watcher, stage)
    store.folder.finish(stage, Stage({"agrees": torch.clone(from_array(found))}, {}))
    return found


def _unexplained(selected: SelectedAlignment, reason: str) -> Explanation:
    claim = selected.experiment.claim
    return Explanation(
        claim.name, claim.model.name, (), THRESHOLD, None, None, (), (), None, reason, ()
    )
