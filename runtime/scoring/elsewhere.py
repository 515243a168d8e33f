"""Whether a claim's maps hold elsewhere: on other data, or under another prompt, as they are.

Held-out entities, paraphrases and shifted inputs are so many data sets and prompts of a spec. Maps
and sites stay those that the claim's own `train` and `validation` pairs gave: nothing is fitted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from causalspec.compiler import generate
from causalspec.runtime.fitting.fit_store import FitStore
from causalspec.runtime.inputs.experiment import Untestable
from causalspec.runtime.inputs.written_values import with_values
from causalspec.runtime.scoring.controls import Compared
from causalspec.runtime.scoring.controls.named_elsewhere import elsewhere_named
from causalspec.runtime.scoring.controls.selected_alignment import SelectedAlignment
from causalspec.runtime.scoring.observed import Observed, observe

SPLIT = "test"


def observed_elsewhere(store: FitStore, selected: SelectedAlignment) -> Iterator[Compared]:
    """What the network does under the claim's maps on each of the data sets and under each of the
    prompts that its expectations name.
    """
    experiment, specification = selected.experiment, selected.specification
    for name in elsewhere_named(specification, experiment.claim, experiment.task):
        design = specification.counterfactuals.get(name)
        if design is None:
            claim = replace(experiment.claim, prompt=name)
            there = replace(selected, experiment=replace(experiment, claim=claim))
            explanation = f"the claim's maps as they are, under the prompt `{name}`"
        else:
            there = replace(selected, experiment=experiment.about([design]))
            explanation = f"the claim's maps as they are, on the pairs of `{name}.{SPLIT}`"
        pairs = (
            experiment.draw_test()
            if design is None
            else [with_values(generate(design, SPLIT), experiment.values)]
        )
        count = sum(len(drawn) for drawn in pairs)
        try:
            _, test = there.harvested(store, None, pairs)
        except Untestable as failure:
            yield Compared(name, explanation, (), count, not_tested=str(failure))
            continue
        found: tuple[Observed, ...] = observe(
            test, selected.written(selected.maps), has_label=selected.has_label
        )
        yield Compared(name, explanation, found, count)
