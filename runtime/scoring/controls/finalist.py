"""The chosen sites and all that a control needs to be compared with the maps fitted there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from causalspec.compiler import InterchangePairs, Specification
from causalspec.runtime.fitting.candidates import Candidates
from causalspec.runtime.fitting.placed_maps import PlacedMaps
from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.fitting.sweep import Combination
from causalspec.runtime.fitting.workshop import Workshop, fit_and_score
from causalspec.runtime.inputs.experiment import Experiment, Lots, harvest_lots
from causalspec.runtime.inputs.task_network import TaskNetwork
from causalspec.runtime.scoring.observed import Observed, observe

Pairs = Sequence[InterchangePairs]


@dataclass(frozen=True, eq=False)
class Finalist:
    """A claim whose sites are chosen. `train` is None where nothing is made from it.

    `written` gives maps what the placements write in the place of the sources' vectors, and
    `has_label` says whether the hypothesis predicts an answer then.
    """

    asked: Experiment
    specification: Specification
    network: TaskNetwork
    candidates: Candidates
    sites: Combination
    dimensions: Mapping[str, int]
    """How many dimensions each variable's share came to, at most as many as its site has."""
    train: Lots | None = field(repr=False)
    test: Lots = field(repr=False)
    settings: FitSettings
    written: Callable[[PlacedMaps], PlacedMaps] = field(repr=False)
    has_label: bool = True
    may_fit: bool = True
    """False where the claim's own maps are an earlier run's."""

    @property
    def is_trained(self) -> bool:
        """Whether gradient steps found the claim's maps."""
        return self.candidates.is_trained

    def stage(self, what: str) -> str:
        """The name of a piece of work in the run folder and on the progress bar."""
        return f"{self.asked.claim.name}: {what}"

    def observed(
        self,
        workshop: Workshop,
        what: str,
        *,
        candidates: Candidates | None = None,
        train: Lots | None = None,
        test: Lots | None = None,
    ) -> tuple[Observed, ...]:
        """What the network does on the test pairs with maps fitted to `train` at the same sites."""
        offered, test = candidates or self.candidates, test or self.test
        maps = fit_and_score(
            workshop,
            self.stage(what),
            offered.variables,
            offered.placed(self.sites),
            train,
            test,
            self.settings,
        ).maps
        return observe(test, self.written(maps), has_label=self.has_label)

    def pairs(self) -> tuple[Pairs | None, Pairs]:
        """The pairs fitted on and scored, as the compiler drew them."""
        train = None if self.train is None else [lot.pairs for lot in self.train]
        return train, [lot.pairs for lot in self.test]

    def harvested(
        self, workshop: Workshop, train: Pairs | None, test: Pairs
    ) -> tuple[Lots | None, Lots]:
        """Lots of other pairs or of another network, at the chosen sites alone.

        Raises:
            Untestable: the network answers none of them.
        """
        prompt, fitting_prompt = self.asked.claim.prompt, self.asked.fitting_prompt

        def lots(splits: Sequence[Pairs], prompt: str | None) -> tuple[Lots, ...]:
            choices = self.candidates.choices
            harvester = harvest_lots(self.network, self.asked, splits, choices, prompt)
            return next(harvester.lots([self.sites], workshop.watcher))

        if train is None:
            [alone] = lots([test], prompt)
            return None, alone
        if prompt == fitting_prompt:
            first, second = lots([train, test], prompt)
            return first, second
        [first], [second] = lots([train], fitting_prompt), lots([test], prompt)
        return first, second

    def on(self, network: TaskNetwork) -> Finalist:
        """The same on another network, which need not answer rightly."""
        asked = replace(self.asked, keeps_unanswered=True)
        return replace(self, network=network, asked=asked)
