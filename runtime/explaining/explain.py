"""One claim explained: its inputs partitioned, a rule for those that it fails on, its strength."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest

import numpy as np
import torch

from causalspec.compiler import CausalModel, Column
from causalspec.dsl.formatter import format_source
from causalspec.dsl.source import Source
from causalspec.runtime.explaining.literals import literals
from causalspec.runtime.explaining.pairwise import (
    Asked,
    Hypothesis,
    UnmeasurableError,
    hypothesis_of,
    pairwise_agreement,
)
from causalspec.runtime.explaining.partition import (
    LEVELS,
    THRESHOLD,
    Partition,
    Truth,
    get_on,
    partition,
)
from causalspec.runtime.explaining.rules import FEWEST, FoundRule, TooFewInputsError, learn_rule
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
    try:
        agrees = {
            rival: _measured(store, selected, asked, rival, hypothesis)
            for rival, hypothesis in hypotheses.items()
        }
    except UnmeasurableError as failure:
        return _unexplained(selected, str(failure))
    return explanation(asked, hypotheses[name], selected.experiment.claim.name, agrees)


def explanation(
    asked: Asked, hypothesis: Hypothesis, claim: str, agrees: Mapping[str, Truth]
) -> Explanation:
    """What follows from the swaps of a claim's `hypothesis` and its rivals, `agrees` [kinds, bases,
    sources] of each.
    """
    model, own = hypothesis.model, agrees[hypothesis.model.name]
    mutual = get_on(own)
    level, found, rule, reason = _best_told(model, asked, mutual)
    parts = {name: partition(get_on(swaps), level) for name, swaps in agrees.items()}
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
        threshold=level,
        iia=float(own.mean()) if own.size else None,
        iia_explained=right / total if total else None,
        inputs=tuple(
            JudgedInput(
                shown.text(place),
                bool(found.explained[place]),
                float(found.agreement[place]),
                None if rule is None else bool(rule.term.holds[place]),
                tuple(name for name, part in parts.items() if part.explained[place]),
            )
            for place in order
        ),
        get_on=tuple("".join("01"[int(met)] for met in mutual[place][order]) for place in order),
        rule=None if rule is None else _learnt(model, rule),
        reason=reason,
        strengths=strengths(agrees),
    )


def statement(name: str, condition: str) -> str:
    """`let NAME = CONDITION` in the canonical layout."""
    text = f"language 1\n\nmodel M of T {{\n  let {name} = {condition}\n}}\n"
    lines = format_source(Source("a rule", text)).splitlines()
    return lines[3].strip()


def _best_told(
    model: CausalModel, asked: Asked, mutual: Truth
) -> tuple[float, Partition, FoundRule | None, str]:
    """The level of agreement whose explained set a rule tells best, by the half of the inputs that
    chooses rules; the lowest one where none has a rule.
    """
    parts = [(level, partition(mutual, level)) for level in LEVELS]
    judged = [(level, part, *_rule(model, asked, part)) for level, part in parts]
    told = [entry for entry in judged if entry[2] is not None]
    return max(told, key=_merit) if told else judged[0]


def _merit(entry: tuple[float, Partition, FoundRule | None, str]) -> float:
    return -1.0 if entry[2] is None else entry[2].merit


def _rule(model: CausalModel, asked: Asked, found: Partition) -> tuple[FoundRule | None, str]:
    """The rule for what is not explained, or the reason why there is none."""
    count, explained = asked.count, int(found.explained.sum())
    if explained == count:
        return None, f"the hypothesis explains all {count} inputs: there is nothing to tell apart"
    if explained < FEWEST:
        return None, (
            f"it explains none of the inputs: the largest set on which its swaps do as it says has "
            f"{explained} of {count}"
        )
    try:
        rule = learn_rule(literals(model, asked.settings), ~found.explained)
    except TooFewInputsError:
        few = count - explained
        needed = -(-count * FEWEST // few)
        return None, (
            f"{few} of {count} inputs {'is' if few == 1 else 'are'} not explained, too few to "
            f"learn a rule from, which takes {FEWEST}: about {needed} inputs would do, "
            f"`--explain-inputs {needed}`, if the test pairs have as many different bases"
        )
    if rule is None or not rule.is_better_than_chance:
        tried = "" if rule is None else f"; the best, `{rule.term.text}`, is right about "
        told = "" if rule is None else f"{rule.accuracy:.0%} of either sort of the inputs held out"
        return None, f"no rule tells the inputs apart better than chance{tried}{told}"
    return rule, ""


def _learnt(model: CausalModel, rule: FoundRule) -> LearntRule:
    number = 1
    while (name := NAME if number == 1 else f"{NAME}_{number}") in model.by_name:
        number += 1
    line = statement(name, rule.term.text)
    text = re.sub(r"^let \w+ = ", "", line)
    return LearntRule(text, line, rule.accuracy, rule.held_out, rule.wrong, rule.probability)


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
    store: FitStore, selected: SelectedAlignment, asked: Asked, name: str, hypothesis: Hypothesis
) -> Truth:
    stage = selected.stage(f"{name}, swaps of {asked.count} inputs")
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
