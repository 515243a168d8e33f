"""Claims whose placements write something else than a source's vector: how they are scored.

Sites are chosen and maps are fitted by interchange all the same; what is written is written when
the test pairs are scored.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import torch

from causalspec.compiler import WRITES, Specification, Write, generate
from causalspec.runtime.fitting.candidates import Candidates
from causalspec.runtime.fitting.fit_store import FitStore
from causalspec.runtime.fitting.placed_maps import PlacedMaps
from causalspec.runtime.fitting.sweep import Sweep
from causalspec.runtime.fitting.writes import Averages, Written, made
from causalspec.runtime.inputs.experiment import Experiment, PreparedSplits, present_splits
from causalspec.runtime.inputs.task_network import TaskNetwork
from causalspec.runtime.untyped import distinct


@dataclass(frozen=True, eq=False)
class Writing:
    """How maps are made to write what a claim's placements write, and whether that has a label."""

    maps_of: Callable[[PlacedMaps], PlacedMaps] = field(repr=False)
    has_label: bool


def writing_of(
    store: FitStore,
    specification: Specification,
    network: TaskNetwork,
    experiment: Experiment,
    offered: Candidates,
    found: Sweep,
) -> Writing:
    """How a claim's test pairs are to be scored: with maps as they are, if all are interchanges."""
    writes = offered.writes
    if not any(writes):
        return Writing(lambda maps: maps, True)
    writer = _Writer(store, specification, network, experiment, offered, found)
    written = [
        None if write is None else writer.made(place, write) for place, write in enumerate(writes)
    ]
    has_label = all(write is None or WRITES[write.name].has_label for write in writes)
    return Writing(lambda maps: maps.writing(written), has_label)


@dataclass(frozen=True, eq=False)
class _Writer:
    """A claim whose sites are chosen, with what its writes are made from."""

    store: FitStore
    specification: Specification
    network: TaskNetwork
    experiment: Experiment
    offered: Candidates
    found: Sweep

    def made(self, place: int, write: Write) -> Written:
        """What the placement of the variable number `place` writes at its chosen site."""
        variable, splits = self.offered.variables[place], self.found.splits
        site = self.offered.placed(self.found.best.sites)[place].site
        prepared = splits.train or splits.validation or splits.test or ()
        if write.data is not None:
            prepared = self._prepared(*write.data)
        assert prepared
        inputs, _ = distinct(torch.cat([split.own_bases for split in prepared]))
        domain = self.experiment.claim.model.by_name[variable].domain
        codes = domain.codes()
        values = prepared[0].encoded.values([variable])[inputs, 0] * codes.step + codes.start
        return made(write, Averages(prepared[0].subject, site, inputs, values, domain.text))

    def _prepared(self, design: str, split: str) -> PreparedSplits:
        """The inputs of the split whose mean is written, however they are answered."""
        everything = replace(self.experiment, keeps_unanswered=True)
        pairs = generate(self.specification.counterfactuals[design], split)
        choices, prompt = self.offered.choices, self.experiment.fitting_prompt
        harvester = present_splits(self.network, everything, [[pairs]], choices, prompt)
        [prepared] = next(harvester.prepared_splits([self.found.best.sites], self.store.watcher))
        return prepared
