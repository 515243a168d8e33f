"""Third inputs: those that a hypothesis calls equivalent to a pair's base, and any others.

Equivalent are two inputs that agree in all that the outputs read but the swapped variables. What
the outputs read through a variable that a swapped one moves is looked for behind it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from causalspec.compiler import CausalModel, Columns, agreeing, references
from causalspec.dsl.diagnostics import SpecError
from causalspec.runtime.engine.right_answers import agreement
from causalspec.runtime.engine.subjects import Subject
from causalspec.runtime.fitting.fit_store import FitStore
from causalspec.runtime.inputs.experiment import PreparedSplit
from causalspec.runtime.inputs.task_network import Presentation
from causalspec.runtime.scoring.controls.selected_alignment import SelectedAlignment
from causalspec.runtime.scoring.controls.untested import NotTested
from causalspec.runtime.untyped import distinct, from_array

DRAWN, RUN = 4, 2
"""So many equivalents are drawn for each base, and the network is run on so many of them at most:
it may be given the base's own tokens, or answer wrongly.
"""

NO_EQUIVALENT = "no base has another input that the hypothesis calls equivalent to it"


@dataclass(frozen=True, eq=False)
class ThirdInputs:
    """For each pair an input, its number in `subject`; -1 in LongTensor [rows]: there is none."""

    subject: Subject = field(repr=False)
    numbers: Tensor = field(repr=False)


def read_beside(model: CausalModel, swapped: Collection[str]) -> tuple[str, ...]:
    """The variables that decide, with the swapped ones, what the outputs are: none of them depends
    on a swapped one.
    """
    moved = set(swapped)
    for variable in model.variables:  # in topological order
        if variable.mechanism is not None and moved & set(references(variable.mechanism)):
            moved.add(variable.name)
    found: dict[str, None] = {}
    seen = set(swapped)
    waiting = [*model.outputs]
    while waiting:
        mechanism = model.by_name[waiting.pop()].mechanism
        for name in () if mechanism is None else references(mechanism):
            if name in seen:
                continue
            seen.add(name)
            if name in moved:
                waiting.append(name)
            else:
                found[name] = None
    return tuple(found)


def inputs_at_hand(prepared: PreparedSplit) -> Tensor:
    """LongTensor [inputs]: the inputs of a split's pairs, bases and sources."""
    rows = prepared.rows
    used = torch.cat([prepared.own_bases, rows.origins[rows.origins >= 0]])
    return distinct(used)[0]


def equivalents(
    store: FitStore, selected: SelectedAlignment, prepared: PreparedSplit, seed: int
) -> ThirdInputs:
    """For each pair an input that is equivalent to its base, and another to the network, with the
    sites in as many places, drawn from the task's own inputs; the network answers it rightly where
    it has to answer the pairs.

    Raises:
        NotTested: the equivalents cannot be shown to the network.
    """
    rows = len(prepared.pairs)
    settings, is_found = _drawn(prepared, seed)
    bases = {name: prepared.pairs.base[name] for name in settings}
    both = {name: np.concatenate([bases[name], settings[name]]) for name in settings}
    shown = _shown(selected, both)
    usable = from_array(is_found) & _told_apart(selected, shown, rows)
    rank = usable.long().cumsum(1)
    chosen = (usable & (rank <= RUN)).flatten().nonzero()[:, 0]
    if not len(chosen):
        return ThirdInputs(prepared.subject, torch.full((rows,), -1))
    kept = {name: column[chosen.numpy()] for name, column in settings.items()}
    presentation = _shown(selected, kept)
    nowhere = torch.zeros(presentation.count, dtype=torch.bool)  # their vectors suffice
    subject = next(iter(presentation.subjects([selected.sites], nowhere, store.watcher)))
    is_right = torch.ones(len(chosen), dtype=torch.bool)
    if not selected.experiment.keeps_unanswered:
        is_right = agreement(subject.predictions, presentation.correct)[: len(chosen)].cpu()
    numbers = torch.full((rows, DRAWN), -1)
    numbers.view(-1)[chosen] = torch.where(is_right, torch.arange(len(chosen)), -1)
    first = (numbers >= 0).long().argmax(1, keepdim=True)
    return ThirdInputs(subject, numbers.gather(1, first)[:, 0])


def _drawn(prepared: PreparedSplit, seed: int) -> tuple[Columns, NDArray[np.bool_]]:
    """Inputs that the hypothesis calls equivalent to the bases, [rows * DRAWN], and whether one was
    found, [rows, DRAWN].
    """
    pairs = prepared.pairs
    model = pairs.model
    settings = {name: np.repeat(pairs.base[name], DRAWN) for name in model.inputs}
    is_found = np.zeros((len(pairs), DRAWN), dtype=np.bool_)
    for number, kind in enumerate(pairs.design.kinds):
        mine = np.flatnonzero(pairs.kinds == number)
        if not len(mine):
            continue
        given = {name: column[mine] for name, column in pairs.base.items()}
        names = read_beside(model, kind.variables)
        found, is_found[mine] = agreeing(model, given, names, DRAWN, seed + number)
        for name in model.inputs:
            settings[name].reshape(-1, DRAWN)[mine] = found[name].reshape(-1, DRAWN)
    return settings, is_found


def _shown(selected: SelectedAlignment, settings: Columns) -> Presentation:
    experiment, choices = selected.experiment, selected.candidates.choices
    try:
        return selected.network.present(experiment.task, settings, choices, experiment.claim.prompt)
    except SpecError as failure:
        told = failure.diagnostics[0].message
        raise NotTested(f"an input that is equivalent to a base cannot be shown: {told}") from None


def _told_apart(selected: SelectedAlignment, shown: Presentation, rows: int) -> Tensor:
    """BoolTensor [rows, DRAWN]: whether the network is given something else than the base, with
    every site in as many places. `shown` has the bases, then what was drawn for each.
    """
    bases = torch.arange(rows)[:, None]
    theirs = rows + torch.arange(rows * DRAWN).view(rows, DRAWN)
    told = shown.alike[theirs] != shown.alike[bases]
    for site in selected.sites:
        places = shown.places.get(site.token)
        if places is not None:
            told &= places[theirs] == places[bases]
    return told


def others(prepared: PreparedSplit, generator: np.random.Generator) -> ThirdInputs:
    """For each pair any input of the split."""
    at_hand = inputs_at_hand(prepared).numpy()
    drawn = generator.choice(at_hand, len(prepared.pairs))
    return ThirdInputs(prepared.subject, from_array(drawn))
