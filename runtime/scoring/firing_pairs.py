"""The pairs on whose bases it is chosen from where on a feature fires: never those of the test."""

from __future__ import annotations

from causalspec.runtime.fitting.candidates import Candidates
from causalspec.runtime.fitting.fit_store import FitStore
from causalspec.runtime.fitting.sweep import Sweep
from causalspec.runtime.inputs.experiment import Experiment, PreparedSplits, present_splits
from causalspec.runtime.inputs.task_network import TaskNetwork


def firing_pairs(
    store: FitStore,
    network: TaskNetwork,
    experiment: Experiment,
    offered: Candidates,
    found: Sweep,
) -> PreparedSplits:
    """What the maps were fitted on, or chosen on where nothing is fitted; drawn anew where the maps
    are an earlier run's.

    Raises:
        SpecError: the data has no such split.
        Untestable: the network answers none of these pairs.
    """
    at_hand = found.splits.train or found.splits.validation
    if at_hand:
        return at_hand
    pairs = [experiment.draw(offered.fitting_splits[0])]
    prompt = experiment.fitting_prompt
    harvester = present_splits(network, experiment, pairs, offered.choices, prompt)
    [prepared] = next(harvester.prepared_splits([found.best.sites], store.watcher))
    return prepared
