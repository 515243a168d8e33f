"""What else would score as well: the controls that stand beside every result, and the rivals.

Each is scored on the claim's own test pairs at the chosen site, except a rival, whose variable has
pairs of its own, drawn in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from causalspec.compiler.data.counterfactuals import InterchangePairs
from causalspec.compiler.data.rival_designs import rival_design
from causalspec.compiler.model import CausalModel
from causalspec.compiler.specification import Method, Specification
from causalspec.runtime.engine.subjects import Site
from causalspec.runtime.fitting.candidates import Candidates
from causalspec.runtime.fitting.fit import predict_without_swap
from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.fitting.workshop import (
    Workshop,
    fit_and_score,
    score_of,
    with_shuffled_labels,
)
from causalspec.runtime.inputs.task_network import TaskNetwork
from causalspec.runtime.maps.site_maps import PlacedVariable
from causalspec.runtime.results.records import ControlScore, Score
from causalspec.runtime.scoring.experiment import Experiment, Lot, Untestable, harvest_lots

EXPLANATIONS: Mapping[str, str] = {
    "random_subspace": "as many dimensions at the same site, drawn at random",
    "random_network": "the same architecture, untrained, fitted as hard on the same pairs",
    "shuffled_labels": "a map fitted in the same way to permuted labels",
    "no_swap": "nothing is swapped: the network's own answer to the base, the floor that the "
    "data set itself gives away",
    "full_vector": "the whole vector at the site is swapped, nothing is fitted",
}


@dataclass(frozen=True, eq=False)
class Finalist:
    """The chosen site and all that a control needs to be compared with the map fitted there.

    `train` is None where the method fits nothing.
    """

    asked: Experiment
    specification: Specification
    network: TaskNetwork
    candidates: Candidates
    site: Site
    train: Lot | None = field(repr=False)
    test: Lot = field(repr=False)
    settings: FitSettings

    def stage(self, what: str) -> str:
        """The name of a piece of work in the run folder and on the progress bar."""
        return f"{self.asked.claim.name}: {what}"

    def placed(self, methods: Sequence[Method]) -> tuple[PlacedVariable, ...]:
        return tuple(PlacedVariable(self.site, method) for method in methods)


def score_controls(workshop: Workshop, finalist: Finalist) -> Mapping[str, ControlScore]:
    """Every control and rival, in the order of the report."""
    scores: dict[str, ControlScore] = {}
    for control in _controls_of(finalist):
        score = _score(workshop, finalist, control)
        scores[control] = ControlScore(control, score, EXPLANATIONS[control])
    asked = dict.fromkeys(metric.of for metric in finalist.asked.claim.metrics)
    for name in asked:
        if name is None or name in scores:
            continue
        rival = finalist.specification.models[name]
        explanation = (
            f"the rival's {', '.join(rival.intermediates)}, fitted at the same site with as many "
            "dimensions on pairs drawn in the same way"
        )
        scores[name] = ControlScore(name, _rival(workshop, finalist, rival), explanation)
    return scores


def _controls_of(finalist: Finalist) -> tuple[str, ...]:
    """Those that the method gives a meaning, asked for or not; and those asked for."""
    wanted = {"no_swap", "random_network"}
    if finalist.candidates.is_trained:
        wanted |= {"random_subspace", "shuffled_labels", "full_vector"}
    wanted |= {one.of for one in finalist.asked.claim.metrics if one.of in EXPLANATIONS}
    return tuple(control for control in EXPLANATIONS if control in wanted)


def _score(workshop: Workshop, finalist: Finalist, control: str) -> Score:
    methods = finalist.candidates.methods
    match control:
        case "no_swap":
            test = finalist.test
            return score_of(predict_without_swap(test.subject, test.rows), test)
        case "random_subspace" | "full_vector":
            same = control == "random_subspace"
            methods = [Method(control, one.arguments if same else ()) for one in methods]
            train = None
            test = finalist.test
        case "shuffled_labels":
            seed = finalist.settings.seed + 1
            train = finalist.train and with_shuffled_labels(finalist.train, seed)
            test = finalist.test
        case _:
            untrained = finalist.network.untrained(finalist.settings.seed + 2)
            same = replace(finalist, network=untrained)
            same = replace(same, asked=replace(same.asked, keeps_unanswered=True))
            train, test = _harvest(workshop, same, *_pairs_of(finalist))
    stage = finalist.stage(control)
    placed = finalist.placed(methods)
    return fit_and_score(workshop, stage, placed, train, test, finalist.settings).score


def _rival(workshop: Workshop, finalist: Finalist, rival: CausalModel) -> Score:
    """Another model's variables at the same site, on pairs of their own."""
    asked = replace(finalist.asked, design=rival_design(finalist.asked.design, rival))
    drawn = asked.draw("train") if finalist.train is not None else None
    theirs = replace(finalist, asked=asked)
    asked_about = asked.draw(asked.test_split)
    try:
        train, test = _harvest(workshop, theirs, drawn, asked_about)
    except Untestable:
        return Score(0, 0, drawn=len(asked_about))
    methods = [finalist.candidates.methods[0] for _ in rival.intermediates]
    stage, placed = finalist.stage(rival.name), finalist.placed(methods)
    return fit_and_score(workshop, stage, placed, train, test, finalist.settings).score


def _pairs_of(finalist: Finalist) -> tuple[InterchangePairs | None, InterchangePairs]:
    return finalist.train and finalist.train.pairs, finalist.test.pairs


def _harvest(
    workshop: Workshop,
    finalist: Finalist,
    train: InterchangePairs | None,
    test: InterchangePairs,
) -> tuple[Lot | None, Lot]:
    """Lots of other pairs or of another network, at the chosen layer alone."""

    def lots(pairs: Sequence[InterchangePairs], prompt: str | None) -> tuple[Lot, ...]:
        layers, tokens = [finalist.site.layer], finalist.candidates.tokens
        found = harvest_lots(
            finalist.network, finalist.asked, pairs, layers, tokens, prompt, workshop.watcher
        )
        return next(iter(found))

    asked = finalist.asked
    if train is None:
        (alone,) = lots([test], asked.claim.prompt)
        return None, alone
    if asked.fitting_prompt == asked.claim.prompt:
        first, second = lots([train, test], asked.claim.prompt)
        return first, second
    (first,) = lots([train], asked.fitting_prompt)
    (second,) = lots([test], asked.claim.prompt)
    return first, second
