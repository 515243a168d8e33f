"""The chosen sites and all that a control needs to be compared with the maps fitted there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from causalspec.compiler import InterchangePairs, Specification
from causalspec.runtime.fitting.candidates import Candidates
from causalspec.runtime.fitting.fit_store import FitStore, fit_and_score, scoring
from causalspec.runtime.fitting.placed_maps import PlacedMaps
from causalspec.runtime.fitting.search import Combination
from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.inputs.experiment import Experiment, PreparedSplits, present_splits
from causalspec.runtime.inputs.task_network import TaskNetwork
from causalspec.runtime.results.run_folder import Stage
from causalspec.runtime.scoring.observed import Observed, observe

Pairs = Sequence[InterchangePairs]


@dataclass(frozen=True, eq=False)
class SelectedAlignment:
    """A claim whose sites are chosen. `train` is None where nothing is made from it.

    `written` gives maps what the placements write in the place of the sources' vectors, and
    `has_label` says whether the hypothesis predicts an answer then.
    """

    experiment: Experiment
    specification: Specification
    network: TaskNetwork
    candidates: Candidates
    sites: Combination
    dimensions: Mapping[str, int]
    """How many dimensions each variable's share came to, at most as many as its site has."""
    train: PreparedSplits | None = field(repr=False)
    test: PreparedSplits = field(repr=False)
    settings: FitSettings
    maps: PlacedMaps = field(repr=False)
    """The claim's own, as they were fitted."""
    validation: PreparedSplits = field(repr=False)
    written: Callable[[PlacedMaps], PlacedMaps] = field(repr=False)
    has_label: bool = True
    may_fit: bool = True
    """False where the claim's own maps are an earlier run's."""
    only_named: bool = False
    """Whether controls that the claim does not name are left out."""

    @property
    def is_trained(self) -> bool:
        """Whether gradient steps found the claim's maps."""
        return self.candidates.is_trained

    def stage(self, what: str) -> str:
        """The name of a piece of work in the run folder and on the progress bar."""
        return f"{self.experiment.claim.name}: {what}"

    def observed(
        self,
        store: FitStore,
        what: str,
        *,
        candidates: Candidates | None = None,
        train: PreparedSplits | None = None,
        test: PreparedSplits | None = None,
    ) -> tuple[Observed, ...]:
        """What the network does on the test pairs with maps fitted to `train` at the same sites."""
        offered, test = candidates or self.candidates, test or self.test
        maps = fit_and_score(
            store,
            self.stage(what),
            offered.variables,
            offered.placed(self.sites),
            train,
            test,
            self.settings,
        ).maps
        return observe(test, self.written(maps), has_label=self.has_label)

    def kept(
        self,
        store: FitStore,
        what: str,
        run: Callable[[], tuple[Observed, ...]],
        maps: PlacedMaps | None = None,
        splits: PreparedSplits | None = None,
    ) -> tuple[Observed, ...]:
        """What `run` says that the network does under `maps` on `splits`, by default the test
        pairs; what it has said before, if the run folder has it.
        """
        name = self.stage(what)
        finished = store.folder.find(name)
        store.watcher.done(scoring(splits or self.test))
        if finished is None:
            found = run()
            predicted = {f"predicted.{k}": seen.predicted for k, seen in enumerate(found)}
            store.folder.finish(name, Stage(predicted, {}))
            return found
        return tuple(
            Observed(prepared, maps, finished.tensors[f"predicted.{k}"], self.has_label)
            for k, prepared in enumerate(splits or self.test)
        )

    def fitting_pairs(self) -> Mapping[str, Pairs]:
        """The pairs of every split, by its name, as far as the network was run on them."""
        splits = {"train": self.train, "validation": self.validation, "test": self.test}
        return {
            name: [prepared.pairs for prepared in split] for name, split in splits.items() if split
        }

    def at(self, sites: Combination) -> SelectedAlignment:
        """The same at other sites."""
        return replace(self, sites=sites)

    def pairs(self) -> tuple[Pairs | None, Pairs]:
        """The pairs fitted on and scored, as the compiler drew them."""
        train = None if self.train is None else [prepared.pairs for prepared in self.train]
        return train, [prepared.pairs for prepared in self.test]

    def harvested(
        self, store: FitStore, train: Pairs | None, test: Pairs
    ) -> tuple[PreparedSplits | None, PreparedSplits]:
        """PreparedSplits of other pairs or of another network, at the chosen sites alone.

        Raises:
            Untestable: the network answers none of them.
        """
        prompt, fitting_prompt = self.experiment.claim.prompt, self.experiment.fitting_prompt

        def prepared(splits: Sequence[Pairs], prompt: str | None) -> tuple[PreparedSplits, ...]:
            choices = self.candidates.choices
            harvester = present_splits(self.network, self.experiment, splits, choices, prompt)
            return next(harvester.prepared_splits([self.sites], store.watcher))

        if train is None:
            [alone] = prepared([test], prompt)
            return None, alone
        if prompt == fitting_prompt:
            first, second = prepared([train, test], prompt)
            return first, second
        [first], [second] = prepared([train], fitting_prompt), prepared([test], prompt)
        return first, second

    def on(self, network: TaskNetwork) -> SelectedAlignment:
        """The same on another network, which need not answer rightly."""
        experiment = replace(self.experiment, keeps_unanswered=True)
        return replace(self, network=network, experiment=experiment)
