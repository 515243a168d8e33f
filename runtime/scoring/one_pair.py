"""One counterfactual pair before a network: its tokens, and the answers before and after a swap."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, product

import torch
from torch import Tensor

from causalspec.compiler import Alignment, InterchangePairs, Specification
from causalspec.runtime.engine.computing import computing
from causalspec.runtime.engine.label_runs import LabelRuns
from causalspec.runtime.engine.right_answers import as_asked, is_asked
from causalspec.runtime.fitting.candidates import Candidates, candidates
from causalspec.runtime.fitting.placed_maps import PlacedMaps, build_maps
from causalspec.runtime.fitting.reuse import EarlierMaps, reused
from causalspec.runtime.fitting.search import Combination
from causalspec.runtime.inputs.experiment import (
    Experiment,
    Harvester,
    PreparedSplit,
    experiment_of,
    present_splits,
)
from causalspec.runtime.inputs.task_network import SeenToken, TaskNetwork
from causalspec.runtime.scoring.questions import question_about
from causalspec.runtime.watch import Watcher

MOST_SITES = 64
"""So many sites, or combinations of sites, are tried without fitted maps."""

MOST_ANSWERS = 5


@dataclass(frozen=True, slots=True)
class SeenInput:
    """An input as the network is given it, and what it says to it left alone."""

    text: str
    tokens: tuple[SeenToken, ...]
    said: str
    right: str


@dataclass(frozen=True, slots=True)
class LikelyAnswer:
    """A token or a class, and how likely the network finds it."""

    text: str
    probability: float


@dataclass(frozen=True, slots=True)
class Answered:
    """What the network makes of the base. `probability` is the label's; `top` has the likeliest at
    each place of the label: one for each of its tokens, or for each output. Of several right texts
    of several tokens they are those after the likeliest, at as many places as the longest has.
    """

    probability: float
    said: str
    top: tuple[tuple[LikelyAnswer, ...], ...]


@dataclass(frozen=True, slots=True)
class SwappedAt:
    """What it makes of the base with the swap made at some sites, one for each placement."""

    sites: Combination
    variables: tuple[tuple[str, ...], ...]
    """The variables at each of these sites."""
    answered: Answered


@dataclass(frozen=True, slots=True)
class SeenPair:
    """A pair, looked at. `inputs` are the base and every source; `places` names what is answered.

    Of `offered` sites or combinations of sites those in `swapped` were tried, in their order.
    """

    inputs: tuple[SeenInput, ...]
    label: str
    places: tuple[str, ...]
    before: Answered
    swapped: tuple[SwappedAt, ...]
    offered: int

    @property
    def likeliest(self) -> SwappedAt:
        """Where the swap makes the label likeliest."""
        return max(self.swapped, key=lambda swap: swap.answered.probability)


def look_at(
    specification: Specification,
    network: TaskNetwork,
    alignment: Alignment,
    pair: InterchangePairs,
    prompt: str | None,
    earlier: EarlierMaps | None,
    watcher: Watcher,
) -> SeenPair:
    """Show a network one pair, with earlier maps at their sites, or with whole vectors swapped at
    every site that `alignment` offers. What it answers wrongly is shown all the same.

    Raises:
        SpecError: the alignment or the prompt does not fit the network or its tokenizer.
        ToolFailure: the maps are not the alignment's; memory or the device fails.
    """
    question = question_about(alignment, pair.design.name, pair.split, prompt)
    experiment = experiment_of(specification, question, keeps_unanswered=True)
    network = network.knowing(experiment.task)
    offered = candidates(network, alignment, experiment.variables, question)
    with computing(network.threads):
        if earlier is not None:
            kept = reused(network, experiment, offered, earlier, [pair])
            return _seen(kept.harvester, offered, [kept.sites], 1, kept.maps, watcher)
        harvester = present_splits(network, experiment, [[pair]], offered.choices, prompt)
        whole = offered.with_method("full_vector")
        names = harvester.encoded.presentation.token_names
        every = product(*(offer.sites_with(names) for offer in offered.offers))
        sites = list(islice(every, MOST_SITES))
        return _seen(harvester, whole, sites, offered.count(names), None, watcher)


def _seen(
    harvester: Harvester,
    offered: Candidates,
    combinations: Sequence[Combination],
    count: int,
    maps: PlacedMaps | None,
    watcher: Watcher,
) -> SeenPair:
    found: dict[Combination, SwappedAt] = {}
    shown: SeenPair | None = None
    for [[prepared]] in harvester.prepared_splits(combinations, watcher):
        if shown is None:
            shown = _unswapped(harvester.experiment, prepared, count)
        for combination in combinations:
            read = {replace(site, receiver=None) for site in combination}
            if combination not in found and read <= set(prepared.subject.sites):
                made = maps or build_maps(offered.placed(combination), prepared.subject, seed=0)
                variables = tuple(offer.variables for offer in offered.offers)
                found[combination] = SwappedAt(combination, variables, _answered(prepared, made))
    assert shown is not None
    return replace(shown, swapped=tuple(found[combination] for combination in combinations))


def _unswapped(experiment: Experiment, prepared: PreparedSplit, count: int) -> SeenPair:
    presentation, [label] = prepared.presentation, prepared.rows.labels
    [kind] = {int(number) for number in prepared.pairs.kinds}
    # Inputs are numbered base first, then every source.
    numbers = [0, *(1 + source for source in prepared.pairs.design.kinds[kind].used_sources)]
    inputs: list[SeenInput] = []
    for number in numbers:
        right = presentation.correct[number]
        said = as_asked(prepared.subject.predictions[number], right)
        inputs.append(
            SeenInput(
                presentation.text(number),
                presentation.tokens(number),
                presentation.said(said),
                presentation.said(right),
            )
        )
    outputs = experiment.task.model.outputs
    places = [f"token {place + 1}" for place in range(int(is_asked(label[None]).sum()))]
    if len(places) == 1 or not prepared.presentation.answers_with_tokens:
        places = list(outputs)
    said = presentation.said(label)
    return SeenPair(tuple(inputs), said, tuple(places), _answered(prepared, None), (), count)


@torch.no_grad()
def _answered(prepared: PreparedSplit, maps: PlacedMaps | None) -> Answered:
    asked, presentation = LabelRuns.of(prepared.rows), prepared.presentation
    edits = () if maps is None else maps.edits(prepared.subject, asked.runs)
    logits = prepared.subject.run(asked.runs.bases, edits).logits.cpu()
    logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
    [label] = asked.labels
    shown = int(asked.likeliest(logits)[0])
    likely = logits[shown].softmax(-1)
    asks = is_asked(label[None])[0]
    places = [place for place in range(len(asks)) if asks[place]]
    top = tuple(tuple(_top(prepared, likely[place], place)) for place in places)
    said = presentation.said(as_asked(asked.predicted(logits)[0], label))
    probability = float(asked.log_probability(logits)[0].exp())
    return Answered(probability, said, top)


def _top(prepared: PreparedSplit, likely: Tensor, place: int) -> Iterator[LikelyAnswer]:
    values, outputs = likely.topk(min(MOST_ANSWERS, len(likely)))
    for value, output in zip(values, outputs, strict=True):
        if value > 0:  # what is on no menu has none
            text = prepared.presentation.answer_text(place, int(output))
            yield LikelyAnswer(text, float(value))
