"""Candidate sites fitted on `train` and scored on `validation`; the best go on to `test`.

Every combination of sites is tried where they are few. Of more, the sites of one placement are
tried after the other's, each with its own swaps alone where the data has such, and then all
placements together at the best of each. Where many are to be trained, most are dropped early
(`localisation`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import takewhile

import torch

from causalspec.compiler import InterchangePairs
from causalspec.runtime.engine.subjects import Subject
from causalspec.runtime.fitting.candidates import MOST_COMBINATIONS, Candidates, TokenNames
from causalspec.runtime.fitting.fit_store import FitStore, ScoredFit, fit_and_score
from causalspec.runtime.fitting.localisation import rounds
from causalspec.runtime.fitting.placed_maps import PlacedMaps
from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.inputs.experiment import (
    Experiment,
    Harvester,
    PreparedSplit,
    PreparedSplits,
    present_splits,
)
from causalspec.runtime.inputs.task_network import TaskNetwork
from causalspec.runtime.maps.computed import NotDetermined
from causalspec.runtime.results.records import MeasuredScore, SiteScore
from causalspec.runtime.sites.site import Site

Combination = tuple[Site, ...]
"""A site for each offer."""

Measuring = Callable[[PreparedSplits, PlacedMaps], tuple[MeasuredScore, ...]]
"""What else is measured of a full fit, on its validation pairs."""


@dataclass(frozen=True, eq=False)
class Entry:
    """One combination of candidate sites and its fit, in full or, where it was dropped, for so many
    steps.
    """

    sites: Combination
    fit: ScoredFit = field(repr=False)
    dropped_after: int | None = None
    measures: tuple[MeasuredScore, ...] = ()

    @property
    def result(self) -> SiteScore:
        """As results hold it."""
        fit = self.fit
        return SiteScore(self.sites, fit.score, fit.final_loss, self.dropped_after, self.measures)


@dataclass(frozen=True, eq=False)
class Splits:
    """The splits that fitting and choosing take, and `test`, each of every data set.

    `train` is None where nothing is made from it; `test` where the test pairs are shown under
    another prompt than the one fitted on.
    """

    train: PreparedSplits | None = field(repr=False)
    validation: PreparedSplits = field(repr=False)
    test: PreparedSplits | None = field(repr=False)

    @property
    def subject(self) -> Subject:
        """The network as it was run on all of them."""
        return self.validation[0].subject


@dataclass(frozen=True, eq=False)
class Sweep:
    """All entries in the order in which they were tried, and the splits at the best one's sites.

    `searched` are those among which one was chosen, of each choice.
    """

    entries: tuple[Entry, ...]
    best: Entry
    splits: Splits
    searched: tuple[tuple[Entry, ...], ...] = ()


def sweep(
    store: FitStore,
    network: TaskNetwork,
    experiment: Experiment,
    offered: Candidates,
    settings: FitSettings,
    *,
    title: str | None = None,
    pairs: Mapping[str, Sequence[InterchangePairs]] | None = None,
    measuring: Measuring = lambda _pairs, _maps: (),
) -> Sweep:
    """Fit and score candidates. One harvest serves all of them where memory allows.

    `title` names the fits in the run folder and on the progress bar, by default the claim. `pairs`
    are the pairs of each split, those of the claim's data where none are given. `measuring` is
    asked of every full fit.

    Raises:
        Untestable: the network answers no pair of some split.
    """
    harvester = present_candidates(network, experiment, offered, pairs)
    named = title or experiment.claim.name
    search = _Search(store, network, experiment, offered, settings, named, harvester, measuring)
    if offered.count(search.names) <= MOST_COMBINATIONS or len(offered.offers) == 1:
        entries = together = search.searched(offered.combinations(search.names))
        searched = [entries]
    else:
        searched, together = search.one_after_the_other()
        entries = [entry for tried in searched for entry in tried] + together
    best = best_of(together)
    groups = tuple(tuple(tried) for tried in searched)
    return Sweep(tuple(entries), best, search.splits_at(best.sites), groups)


@dataclass(slots=True)
class _Search:
    """Fits of combinations of sites; the last harvest is kept, since it mostly serves them all."""

    store: FitStore
    network: TaskNetwork
    experiment: Experiment
    offered: Candidates
    settings: FitSettings
    title: str
    harvester: Harvester
    measuring: Measuring
    at_hand: Splits | None = None

    @property
    def names(self) -> TokenNames:
        """How sites name the tokens of each choice."""
        return self.harvester.encoded.presentation.token_names

    def searched(
        self, combinations: Sequence[Combination], offered: Candidates | None = None
    ) -> list[Entry]:
        """As `fitted`, but where there are many combinations to be trained, most of them are given
        up on after a short fit: on their validation pairs they were not among the best.
        """
        trained = (offered or self.offered).is_trained and not self.settings.exhaustive
        remaining, found = list(combinations), dict[Combination, Entry]()
        told = [f"{len(remaining)} sites"]
        for part in rounds(len(remaining), self.settings.steps) if trained else ():
            tried = self.fitted(remaining, offered, part.steps)
            found |= {entry.sites: entry for entry in tried}
            best = {entry.sites for entry in sorted(tried, key=_merit, reverse=True)[: part.kept]}
            told[-1] += f" for {part.steps} steps"
            remaining = [combination for combination in remaining if combination in best]
            told.append(f"the best {len(remaining)}")
        if len(told) > 1:
            told[-1] += f" for {self.settings.steps}"
            self.store.watcher.notice(
                f"{self.title}: tried {', '.join(told)}; the others were dropped on their "
                "validation pairs (`--exhaustive` fits all)"
            )
        found |= {entry.sites: entry for entry in self.fitted(remaining, offered)}
        return [found[combination] for combination in combinations if combination in found]

    def fitted(
        self,
        combinations: Sequence[Combination],
        offered: Candidates | None = None,
        steps: int | None = None,
    ) -> list[Entry]:
        """Each combination fitted, in full or for so many steps, and scored, in order; of some
        offers alone where they are given. One whose vectors do not determine a closed-form map is
        left out, and told.

        Raises:
            LookupError: no pair swaps the variables of these offers alone.
            NotDetermined: no combination has a map.
        """
        entries: list[Entry] = []
        failure: NotDetermined | None = None
        for splits, served in self._served(combinations):
            if offered is not None:
                splits = _of_variables(splits, self.offered.variables, offered.variables)
            for combination in served:
                try:
                    entry = self._entry(combination, splits, offered or self.offered, steps)
                    entries.append(entry)
                except NotDetermined as error:
                    failure = error
                    self.store.watcher.notice(f"{_named(combination)} has no map: {error}")
        if failure is not None and not entries:
            raise failure
        return entries

    def splits_at(self, combination: Combination) -> Splits:
        """The splits with what the network holds at these sites."""
        [(splits, _)] = self._served([combination])
        return splits

    def one_after_the_other(self) -> tuple[list[list[Entry]], list[Entry]]:
        """The sites of each placement alone, then all placements at the best of each: the entries
        of every placement, and those of all placements. Where no pair swaps a placement's variables
        alone, the others stay where they were found last.
        """
        searched: list[list[Entry]] = []
        best = [offer.sites_with(self.names)[0] for offer in self.offered.offers]
        for place, offer in enumerate(self.offered.offers):
            sites = offer.sites_with(self.names)
            try:
                alone = Candidates(offer.variables, (offer,))
                tried = self.searched([(site,) for site in sites], alone)
                best[place] = best_of(tried).sites[0]
            except LookupError:
                tried = self.searched([(*best[:place], site, *best[place + 1 :]) for site in sites])
                best[place] = best_of(tried).sites[place]
            searched.append(tried)
        together = self.fitted([tuple(best)])
        return searched, together

    def _served(
        self, combinations: Sequence[Combination]
    ) -> Iterator[tuple[Splits, Sequence[Combination]]]:
        remaining = list(combinations)
        wanted = {site for combination in combinations for site in _read(combination)}
        if self.at_hand is not None and wanted <= set(self.at_hand.subject.sites):
            yield self.at_hand, remaining
            return
        self.at_hand = None  # dropped before others are made
        for prepared in self.harvester.prepared_splits(combinations, self.store.watcher):
            self.at_hand = self._splits(prepared)
            here = set(self.at_hand.subject.sites)
            served = list(takewhile(partial(_is_within, here), remaining))
            remaining = remaining[len(served) :]
            yield self.at_hand, served
            if remaining:
                self.at_hand = None

    def _splits(self, prepared: tuple[PreparedSplits, ...]) -> Splits:
        fitting = len(self.offered.fitting_splits)
        return Splits(
            train=prepared[0] if fitting == 2 else None,
            validation=prepared[fitting - 1],
            test=prepared[fitting] if len(prepared) > fitting else None,
        )

    def _entry(
        self, combination: Combination, splits: Splits, offered: Candidates, steps: int | None
    ) -> Entry:
        length = "" if steps is None else f", {steps} steps"
        fit = fit_and_score(
            self.store,
            f"{self.title}: {_named(combination)}{length}",
            offered.variables,
            offered.placed(combination),
            splits.train,
            splits.validation,
            self.settings if steps is None else replace(self.settings, steps=steps),
        )
        measures = self.measuring(splits.validation, fit.maps) if steps is None else ()
        return Entry(combination, fit, steps, measures)


def present_candidates(
    network: TaskNetwork,
    experiment: Experiment,
    offered: Candidates,
    pairs: Mapping[str, Sequence[InterchangePairs]] | None = None,
) -> Harvester:
    """The test pairs come along, unlooked at, so that they need no harvest of their own."""
    prompt = experiment.fitting_prompt
    splits = [
        pairs[split] if pairs is not None else experiment.draw(split)
        for split in offered.fitting_splits
    ]
    if prompt == experiment.claim.prompt:
        splits.append(pairs["test"] if pairs is not None else experiment.draw_test())
    return present_splits(network, experiment, splits, offered.choices, prompt)


def _named(combination: Combination) -> str:
    return "; ".join(str(site) for site in dict.fromkeys(combination))


def _is_within(sites: set[Site], combination: Combination) -> bool:
    return _read(combination) <= sites


def _read(combination: Combination) -> set[Site]:
    """The sites whose vectors an edit at each of these is made of."""
    return {replace(site, receiver=None) for site in combination}


def _of_variables(splits: Splits, all_names: Sequence[str], names: Sequence[str]) -> Splits:
    """The rows that swap nothing but `names`, or all of them where there are none; of each, what
    happens to `names` alone.
    """
    columns = torch.tensor([all_names.index(name) for name in names])

    def of(prepared: PreparedSplit) -> PreparedSplit | None:
        others = torch.ones(len(all_names), dtype=torch.bool)
        others[columns] = False
        mine = ~(prepared.rows.origins[:, others] >= 0).any(1)
        mine &= (prepared.rows.origins[:, columns] >= 0).any(1)
        if prepared.rows.inner_of is not None:
            mine &= ~(prepared.rows.inner_of >= 0).any(1)
        kept = mine.nonzero()[:, 0]
        if not len(kept):
            return None
        found = prepared.take(kept)
        origins = found.rows.origins[:, columns]
        return replace(found, rows=replace(found.rows, origins=origins, inner=None, inner_of=None))

    def of_all(splits: PreparedSplits) -> PreparedSplits:
        found = tuple(kept for kept in map(of, splits) if kept is not None)
        if not found:
            raise LookupError(f"no pair swaps {', '.join(names)} alone")
        return found

    train = None if splits.train is None else of_all(splits.train)
    return Splits(train, of_all(splits.validation), None)


def best_of(entries: Sequence[Entry]) -> Entry:
    """The best of those that were fitted in full."""
    return max((entry for entry in entries if entry.dropped_after is None), key=_merit)


def _merit(entry: Entry) -> tuple[float, float, tuple[int, ...]]:
    """Validation decides; among equals the lower loss, then the earlier sites."""
    loss = entry.fit.final_loss
    return (
        round(entry.fit.score.mean, 9),
        -loss if loss is not None else 0.0,
        tuple(-(site.layer or 0) for site in entry.sites),
    )
