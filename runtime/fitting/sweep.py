"""Candidate sites fitted on `train` and scored on `validation`; the best go on to `test`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from causalspec.compiler import InterchangePairs
from causalspec.runtime.fitting.candidates import MOST_COMBINATIONS, Candidates
from causalspec.runtime.fitting.fit_store import FitStore
from causalspec.runtime.fitting.placed_maps import PlacedMaps
from causalspec.runtime.fitting.search import Entry, Measuring, Search, Seeded, best_of
from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.fitting.splits import Splits, present_candidates
from causalspec.runtime.inputs.experiment import Experiment, PreparedSplits
from causalspec.runtime.inputs.task_network import TaskNetwork
from causalspec.runtime.results.records import MeasuredScore
from causalspec.runtime.results.run_folder import Stages


@dataclass(frozen=True, eq=False)
class Sweep:
    """All entries in the order in which they were tried, and the splits at the best one's sites.

    `searched` are those among which one was chosen, of each choice.
    """

    entries: tuple[Entry, ...]
    best: Entry
    splits: Splits
    searched: tuple[tuple[Entry, ...], ...] = ()


def _nothing(_pairs: PreparedSplits, _maps: PlacedMaps) -> tuple[MeasuredScore, ...]:
    return ()


def sweep(
    store: FitStore,
    network: TaskNetwork,
    experiment: Experiment,
    offered: Candidates,
    settings: FitSettings,
    *,
    title: str | None = None,
    pairs: Mapping[str, Sequence[InterchangePairs]] | None = None,
    measuring: Measuring = _nothing,
) -> Sweep:
    """Fit and score candidates. One harvest serves all of them where memory allows.

    `title` names the fits in the run folder and on the progress bar, by default the claim. `pairs`
    are the pairs of each split, those of the claim's data where none are given. `measuring` is
    asked of every full fit.

    Raises:
        NotDetermined: no combination of sites has a map.
        Untestable: the network answers no pair of some split.
    """
    harvester = present_candidates(network, experiment, offered, pairs)
    named = title or experiment.claim.name
    seeds = (Seeded(settings, store.folder),)
    search = Search(store, experiment, offered, seeds, named, harvester, measuring)
    [found] = _sweeps(search)
    return found


def sweep_of_seeds(
    store: FitStore,
    network: TaskNetwork,
    experiment: Experiment,
    offered: Candidates,
    settings: FitSettings,
    count: int,
) -> list[Sweep]:
    """As `sweep` with each of so many seeds, from that of the settings on: the fits of all of them
    share batches. Later seeds' fits are kept in parts of the run folder.
    """
    seeds = [Seeded(settings, store.folder)]
    for number in range(1, count):
        seeded = replace(settings, seed=settings.seed + number)
        seeds.append(Seeded(seeded, folder_of_seed(store.folder, seeded.seed)))
    harvester = present_candidates(network, experiment, offered)
    named = experiment.claim.name
    search = Search(store, experiment, offered, seeds, named, harvester, _nothing)
    return list(_sweeps(search))


def folder_of_seed(folder: Stages, seed: int) -> Stages:
    """Where the stages of another seed than a claim's first are kept."""
    return folder.part(f"seed {seed}")


def _sweeps(search: Search) -> Iterator[Sweep]:
    """The search of each seed."""
    offered, names = search.offered, search.names
    if offered.count(names) <= MOST_COMBINATIONS or len(offered.offers) == 1:
        tried = search.searched([offered.combinations(names)] * len(search.seeds))
        for entries in tried:
            yield _chosen(search, [entries], entries, entries)
        return
    for searched, together in search.one_after_the_other():
        every = [*(entry for entries in searched for entry in entries), *together]
        yield _chosen(search, searched, every, together)


def _chosen(
    search: Search,
    searched: Sequence[Sequence[Entry]],
    every: Sequence[Entry],
    chosen_from: Sequence[Entry],
) -> Sweep:
    best = best_of(chosen_from)
    groups = tuple(tuple(entries) for entries in searched)
    return Sweep(tuple(every), best, search.splits_at(best.sites), groups)
