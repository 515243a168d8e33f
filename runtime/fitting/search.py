"""Candidate sites fitted on `train` and scored on `validation`; the best go on to `test`.

Every combination of sites is tried where they are few. Of more, the sites of one placement are
tried after the other's, each with its own swaps alone where the data has such, and then all
placements together at the best of each. Where many are to be trained, most are dropped early, on
what a swap of the whole vector changes there or after a short fit (`localisation`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import takewhile
from typing import NamedTuple

from causalspec.runtime.fitting.attempts import IN_FULL, OTHERS_VECTORS, OWN_VECTORS, Attempt
from causalspec.runtime.fitting.candidates import Candidates, TokenNames
from causalspec.runtime.fitting.fit_store import (
    FitStore,
    ScoredFit,
    Wanted,
    fit_and_score_together,
)
from causalspec.runtime.fitting.localisation import (
    MANY,
    rounds,
    staying,
    steps_of,
)
from causalspec.runtime.fitting.placed_maps import PlacedMaps
from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.fitting.shared_batches import shared_batches
from causalspec.runtime.fitting.splits import Splits, splits_from
from causalspec.runtime.inputs.experiment import (
    Experiment,
    Harvester,
    PreparedSplits,
)
from causalspec.runtime.maps.computed import NotDetermined
from causalspec.runtime.results.records import MeasuredScore, SiteScore
from causalspec.runtime.results.run_folder import Stages
from causalspec.runtime.sites.site import Site
from causalspec.runtime.watch import Work

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


@dataclass(frozen=True, slots=True)
class Seeded:
    """What a search with one seed has of its own: the settings, and the folder of its fits."""

    settings: FitSettings
    folder: Stages


class _Trial(NamedTuple):
    """A combination of sites that is tried with a seed, the seeds counted from 0."""

    seed: int
    sites: Combination


@dataclass(slots=True)
class Search:
    """Fits of combinations of sites; the last harvest is kept, since it mostly serves them all.

    Searches of several seeds go side by side: what is tried of each is told by its place.
    """

    store: FitStore
    experiment: Experiment
    offered: Candidates
    seeds: Sequence[Seeded]
    title: str
    harvester: Harvester
    measuring: Measuring
    at_hand: Splits | None = None

    @property
    def names(self) -> TokenNames:
        """How sites name the tokens of each choice."""
        return self.harvester.encoded.presentation.token_names

    def searched(
        self, every: Sequence[Sequence[Combination]], offered: Candidates | None = None
    ) -> list[list[Entry]]:
        """As `fitted`, but where there are many combinations to be trained, most of them are given
        up on: a swap of the whole vector changes little there, or after a short fit they were not
        among the best on their validation pairs.
        """
        settings = self.seeds[0].settings
        trained = (offered or self.offered).is_trained and not settings.exhaustive
        remaining = [list(combinations) for combinations in every]
        found: list[dict[Combination, Entry]] = [{} for _ in every]
        sites = len(remaining[0])
        told = [f"{sites} sites"]
        if trained and sites > MANY:
            swapped = self.fitted(remaining, offered, OWN_VECTORS)
            others = self.fitted(remaining, offered, OTHERS_VECTORS)
            for seed, (tried, reached) in enumerate(zip(swapped, others, strict=True)):
                found[seed] |= {entry.sites: entry for entry in tried}
                stay = staying([entry.fit.share_changed for entry in reached])
                remaining[seed] = [tried[number].sites for number in stay]
                saved = steps_of(sites, settings.steps) - steps_of(sites, settings.steps, len(stay))
                self.store.watcher.done(Work(steps=saved))
            told[-1] += " by swaps of whole vectors"
            told.append(f"the {len(remaining[0])} where these change most")
        for part in rounds(sites, settings.steps, len(remaining[0])) if trained else ():
            for seed, tried in enumerate(self.fitted(remaining, offered, Attempt(part.steps))):
                found[seed] |= {entry.sites: entry for entry in tried}
                ranked = sorted(tried, key=_merit, reverse=True)
                best = {entry.sites for entry in ranked[: part.kept]}
                remaining[seed] = [sites for sites in remaining[seed] if sites in best]
            told[-1] += f" for {part.steps} steps"
            told.append(f"the best {len(remaining[0])}")
        if len(told) > 1:
            told[-1] += f" for {settings.steps}"
            self.store.watcher.notice(
                f"{self.title}: tried {', '.join(told)}; the others were dropped on their "
                "validation pairs (`--exhaustive` fits all)"
            )
        for seed, tried in enumerate(self.fitted(remaining, offered)):
            found[seed] |= {entry.sites: entry for entry in tried}
        return [
            [of_seed[sites] for sites in combinations if sites in of_seed]
            for combinations, of_seed in zip(every, found, strict=True)
        ]

    def fitted(
        self,
        every: Sequence[Sequence[Combination]],
        offered: Candidates | None = None,
        attempt: Attempt = IN_FULL,
    ) -> list[list[Entry]]:
        """Each seed's combinations fitted and scored, in order; of some offers alone where they are
        given. One whose vectors do not determine a closed-form map is left out, and told.

        Raises:
            LookupError: no pair swaps the variables of these offers alone.
            NotDetermined: no combination of a seed has a map.
        """
        trials = [
            _Trial(seed, sites) for seed, combinations in enumerate(every) for sites in combinations
        ]
        entries: dict[_Trial, Entry] = {}
        failure: NotDetermined | None = None
        for splits, served in self._served(self._batches(trials)):
            if offered is not None:
                splits = splits.of_variables(self.offered.variables, offered.variables)
            names = [self._called(batch[-1], attempt) for batch in served]
            tried = {
                number: list(
                    self._entries(served[number], splits, offered or self.offered, attempt)
                )
                for number in self.store.folder.in_turn(names)
            }
            for trial, entry in (each for number in sorted(tried) for each in tried[number]):
                if isinstance(entry, Entry):
                    entries[trial] = entry
                    continue
                failure = entry
                self.store.watcher.notice(f"{_named(trial.sites)} has no map: {entry}")
        found = [
            [entries[trial] for trial in trials if trial.seed == seed and trial in entries]
            for seed in range(len(every))
        ]
        if failure is not None and not all(found):
            raise failure
        return found

    def splits_at(self, combination: Combination) -> Splits:
        """The splits with what the network holds at these sites."""
        [(splits, _)] = self._served([[_Trial(0, combination)]])
        return splits

    def one_after_the_other(self) -> Iterator[tuple[list[list[Entry]], list[Entry]]]:
        """The sites of each placement alone, then all placements at the best of each: for each seed
        the entries of every placement, and those of all placements. Where no pair swaps a
        placement's variables alone, the others stay where they were found last.
        """
        offers = self.offered.offers
        searched: list[list[list[Entry]]] = [[] for _ in self.seeds]
        best = [[offer.sites_with(self.names)[0] for offer in offers] for _ in self.seeds]
        for place, offer in enumerate(offers):
            sites = offer.sites_with(self.names)
            here = 0
            try:
                alone = Candidates(offer.variables, (offer,))
                tried = self.searched([[(site,) for site in sites]] * len(self.seeds), alone)
            except LookupError:
                here = place
                tried = self.searched(
                    [[(*at[:place], site, *at[place + 1 :]) for site in sites] for at in best]
                )
            for at, found, entries in zip(best, searched, tried, strict=True):
                at[place] = best_of(entries).sites[here]
                found.append(entries)
        together = self.fitted([[tuple(at)] for at in best])
        return zip(searched, together, strict=True)

    def _batches(self, trials: Sequence[_Trial]) -> list[list[_Trial]]:
        """The trials whose fits share batches."""
        rows = self.seeds[0].settings.batch
        positions = self.harvester.encoded.presentation.run_lengths
        numbers = shared_batches([trial.sites for trial in trials], rows, positions)
        return [[trials[number] for number in batch] for batch in numbers]

    def _served(
        self, batches: Sequence[Sequence[_Trial]]
    ) -> Iterator[tuple[Splits, Sequence[Sequence[_Trial]]]]:
        remaining = list(batches)
        groups = [_sites_of(batch) for batch in batches]
        wanted = {site for group in groups for site in _read(group)}
        if self.at_hand is not None and wanted <= set(self.at_hand.subject.sites):
            yield self.at_hand, remaining
            return
        self.at_hand = None  # dropped before others are made
        for prepared in self.harvester.prepared_splits(groups, self.store.watcher):
            self.at_hand = splits_from(prepared, self.offered)
            here = set(self.at_hand.subject.sites)
            served = list(takewhile(partial(_is_within, here), remaining))
            remaining = remaining[len(served) :]
            yield self.at_hand, served
            if remaining:
                self.at_hand = None

    def _stage(self, trial: _Trial, attempt: Attempt) -> str:
        """Under which name a fit is kept in its seed's folder."""
        return f"{self.title}: {_named(trial.sites)}{attempt.suffix}"

    def _called(self, last: _Trial, attempt: Attempt) -> str:
        """What processes that share the run call fits in one batch: by the last of them."""
        seed = f"seed {self.seeds[last.seed].settings.seed}: " if last.seed else ""
        return seed + self._stage(last, attempt)

    def _entries(
        self, batch: Sequence[_Trial], splits: Splits, offered: Candidates, attempt: Attempt
    ) -> Iterator[tuple[_Trial, Entry | NotDetermined]]:
        wanted: list[Wanted] = []
        steps = attempt.steps
        if attempt.swapping is not None:
            offered = offered.with_method("full_vector")
            splits = Splits(None, attempt.swapping(splits), None)
        elif steps is not None:
            offered = offered.from_means()
        for trial in batch:
            settings, folder = self.seeds[trial.seed].settings, self.seeds[trial.seed].folder
            wanted.append(
                Wanted(
                    folder,
                    self._stage(trial, attempt),
                    offered.variables,
                    offered.placed(trial.sites),
                    splits.train,
                    splits.validation,
                    settings if steps is None else replace(settings, steps=steps),
                )
            )
        for trial, fit in zip(batch, fit_and_score_together(self.store, wanted), strict=True):
            if isinstance(fit, NotDetermined):
                yield trial, fit
                continue
            measures = self.measuring(splits.validation, fit.maps) if steps is None else ()
            yield trial, Entry(trial.sites, fit, steps, measures)


def _named(combination: Combination) -> str:
    """The site of each placement: two in the first and one in the second are not one and two."""
    return "; ".join(map(str, combination))


def _sites_of(batch: Sequence[_Trial]) -> tuple[Site, ...]:
    return tuple(dict.fromkeys(site for trial in batch for site in trial.sites))


def _is_within(sites: set[Site], batch: Sequence[_Trial]) -> bool:
    return _read(_sites_of(batch)) <= sites


def _read(sites: Sequence[Site]) -> set[Site]:
    """The sites whose vectors an edit at each of these is made of."""
    return {replace(site, receiver=None) for site in sites}


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
