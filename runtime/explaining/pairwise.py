"""Swaps between every two of some inputs, under a hypothesis' own maps: does its label come out?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from causalspec.compiler import (
    CausalModel,
    Column,
    Columns,
    SwapKind,
    Task,
    defined_name,
    interchange_columns,
)
from causalspec.runtime.engine.interchanges import joined
from causalspec.runtime.engine.label_runs import LabelRuns
from causalspec.runtime.engine.right_answers import agreement
from causalspec.runtime.engine.subjects import Interchanges
from causalspec.runtime.explaining.partition import Truth
from causalspec.runtime.fitting.placed_maps import PlacedMaps
from causalspec.runtime.fitting.predict import predict
from causalspec.runtime.inputs.task_network import Presentation, TaskNetwork
from causalspec.runtime.inputs.token_places import TokenChoice
from causalspec.runtime.scoring.observed import Observed
from causalspec.runtime.untyped import from_array
from causalspec.runtime.watch import Watcher

_SWAPS_AT_ONCE = 4_096


class UnmeasurableError(Exception):
    """Swaps between every two inputs can't be made; the message is a sentence for the user."""


@dataclass(frozen=True, eq=False)
class Hypothesis:
    """A model whose `variables` have maps. `kinds` are the swaps of its data, each once, whose
    sources are all one input here; `shared_noise` gives a source the base's noise.
    """

    model: CausalModel
    kinds: tuple[SwapKind, ...]
    variables: tuple[str, ...]
    maps: PlacedMaps = field(repr=False)
    shared_noise: bool = False


@dataclass(frozen=True, eq=False)
class Asked:
    """Inputs of a task before a network: their `settings`, codes of all that no mechanism computes,
    and how they are shown.
    """

    task: Task
    network: TaskNetwork = field(repr=False)
    settings: Columns = field(repr=False)
    choices: tuple[TokenChoice, ...]
    prompt: str | None

    @property
    def count(self) -> int:
        """How many inputs there are."""
        return len(next(iter(self.settings.values())))

    def present(self) -> Presentation:
        """The inputs as the network is given them."""
        given = {name: self.settings[name] for name in self.task.model.inputs}
        return self.network.present(self.task, given, self.choices, self.prompt)


def hypothesis_of(observed: Sequence[Observed]) -> Hypothesis | None:
    """The hypothesis whose maps were observed on some data sets; None where every swap takes from a
    source that is itself swapped into.
    """
    first = observed[0]
    kinds: dict[tuple[str, ...], SwapKind] = {}
    for seen in observed:
        for kind in seen.prepared.pairs.design.kinds:
            if not kind.within:
                sources = (0,) * len(kind.variables)
                kinds.setdefault(kind.variables, SwapKind(kind.variables, sources))
    if not kinds or first.maps is None:
        return None
    return Hypothesis(
        first.prepared.pairs.model,
        tuple(kinds.values()),
        first.prepared.encoded.variables,
        first.maps,
        first.prepared.pairs.design.shared_noise,
    )


@torch.no_grad()
def pairwise_agreement(asked: Asked, hypothesis: Hypothesis, watcher: Watcher, what: str) -> Truth:
    """BoolArray [kinds, bases, sources]: whether the network says what the hypothesis does where a
    base takes the variables of a kind from a source. Where the hypothesis says nothing, since a
    value is undefined there, nothing speaks against it.

    Raises:
        UnmeasurableError: variables lie at tokens that are swapped together, of which inputs have
            more or less.
    """
    presentation, count = asked.present(), asked.count
    _check_together(presentation, asked.choices)
    bases = torch.arange(count).repeat_interleave(count)
    sources = torch.arange(count).repeat(count)
    parts: list[Interchanges] = []
    unsaid: list[Tensor] = []
    for kind in hypothesis.kinds:
        origins = torch.full((count * count, len(hypothesis.variables)), -1)
        for variable in kind.variables:
            origins[:, hypothesis.variables.index(variable)] = sources
        label, defined = _labels(asked.settings, hypothesis, kind, bases, sources)
        parts.append(Interchanges(bases, origins, presentation.outputs(bases, label)))
        unsaid.append(~defined)
    rows = joined(parts)
    presentation, forced = presentation.forcing(rows.bases, rows.labels)
    rows = rows.asking(forced, rows.labels)
    is_base = torch.zeros(presentation.count, dtype=torch.bool)
    is_base[LabelRuns.of(rows).runs.bases] = True
    is_base[:count] = True
    sites = tuple(here.site for here in hypothesis.maps.placed)
    subject = next(iter(presentation.subjects([sites], is_base, watcher)))
    agrees: list[Tensor] = []
    with watcher.work(what, rows.rows) as advance:
        for start in range(0, rows.rows, _SWAPS_AT_ONCE):
            stop = min(start + _SWAPS_AT_ONCE, rows.rows)
            part = rows.take(torch.arange(start, stop))
            agrees.append(agreement(predict(subject, hypothesis.maps, part), part.labels))
            advance(stop, "")
    found = torch.cat(agrees) | torch.cat(unsaid)
    return found.view(len(hypothesis.kinds), count, count).numpy()


def _labels(
    settings: Columns, hypothesis: Hypothesis, kind: SwapKind, bases: Tensor, sources: Tensor
) -> tuple[dict[str, Column], Tensor]:
    """What the hypothesis says under each swap, and whether it says anything."""
    model = hypothesis.model
    into, taken = bases.numpy(), sources.numpy()
    base = {name: settings[name][into] for name in model.exogenous}
    source = {name: settings[name][taken] for name in model.exogenous}
    if hypothesis.shared_noise:
        source |= {name: base[name] for name in model.noise}
    flags = [defined_name(name) for name in model.outputs]
    partial = [name for name in flags if name in model.total.by_name]
    outputs = list(model.outputs)
    found = interchange_columns(model, base, [source], kind, wanted=outputs)
    defined = np.ones(len(into), np.bool_)
    if partial:
        known = interchange_columns(model, base, [source], kind, wanted=partial)
        defined = np.logical_and.reduce([known[name] == 1 for name in partial])
    return {name: found[name] for name in outputs}, from_array(defined)


def _check_together(presentation: Presentation, choices: Sequence[TokenChoice]) -> None:
    for choice in choices:
        for name in presentation.token_names[choice] if choice.together else ():
            counts = presentation.places[name]
            if bool((counts != counts[0]).any()):
                raise UnmeasurableError(
                    f"`{name}` is swapped whole, and has {int(counts.min())} to "
                    f"{int(counts.max())} tokens: place the variable at single ones"
                )
