"""What a claim will take on a network that is there: fits, prompts, memory, minutes.

Minutes are those of three timed steps, at the lowest of the sites, one in the middle and the
highest; between them a step's time changes evenly with the layer, as the work above it does.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch

from causalspec.runtime.engine.keeping import Needs
from causalspec.runtime.engine.memory import ran_out_of_memory
from causalspec.runtime.fitting.backward import Backward
from causalspec.runtime.fitting.candidates import MOST_COMBINATIONS, Candidates, TokenNames
from causalspec.runtime.fitting.localisation import fits
from causalspec.runtime.fitting.placed_maps import PlacedMaps, build_maps
from causalspec.runtime.fitting.predict import predict
from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.fitting.sweep import Combination, present_candidates
from causalspec.runtime.inputs.encoded_splits import EncodedSplits
from causalspec.runtime.inputs.experiment import Harvester, PreparedSplit, present_splits
from causalspec.runtime.scoring.claims import PosedClaim
from causalspec.runtime.scoring.controls import CONTROLS, random_subspace, unmapped_resampled
from causalspec.runtime.sites.site import Site
from causalspec.runtime.watch import Costs, Part, Unwatched, Work, duration, written_size


@dataclass(frozen=True, slots=True)
class Workload:
    """What verifying a claim takes: `sites` that are tried, `fits` of every seed, of controls and
    rivals, too, and what its harvest needs.
    """

    claim: str
    sites: int
    fits: int
    needs: Needs
    work: Work
    costs: Costs

    @property
    def seconds(self) -> float:
        """How long it takes, as far as can be told."""
        return self.costs.seconds(self.work)

    @property
    def line(self) -> str:
        """The same for people."""
        return f"{self.claim}: {self.takes}"

    @property
    def takes(self) -> str:
        """The same without the claim's name."""
        steps = f", {self.work.steps:,.0f} steps in all" if self.work.steps else ""
        return (
            f"{_count(self.sites, 'site')}, {_count(self.fits, 'fit')}{steps}, "
            f"{_count(self.needs.inputs, 'distinct input')}, {written_size(self.needs.bytes)} of "
            f"activations ({self.needs.kept}), about {duration(self.seconds)}"
        )

    @property
    def part(self) -> Part:
        """As who watches the run is told."""
        return Part(self.line, self.work, self.costs)


def workload_of(posed: PosedClaim, settings: FitSettings, *, judged: bool = True) -> Workload:
    """The workload of a claim, or, where nothing is to be `judged`, of its search alone. A few
    pairs are run.

    Raises:
        SpecError: a token position or an answer does not exist for the network's tokenizer.
        ToolFailure: not even a batch has room in memory.
    """
    harvester, searches = _planned(posed, settings)
    encoded = harvester.encoded
    groups = [combination for search in searches for combination in search.combinations]
    needed = encoded.presentation.needs(groups, encoded.is_base)
    costs = _timed(posed, encoded, groups, settings)
    sites = sum(search.fits[0][0] for search in searches)
    claim, inputs = posed.experiment.claim, Work(read=needed.inputs)
    if posed.reused is not None:
        work = inputs + Work(scored=_tested(encoded)) * (1 + unmapped_resampled.DRAWS)
        return Workload(claim.name, sites, 0, needed, work, costs)
    count = sum(number for search in searches for number, _ in search.fits)
    work = inputs + sum((search.work(posed, encoded) for search in searches), Work())
    swept = _Fits(count, work)
    if judged:
        one = Work(scored=_tested(encoded))
        fit = _Fits(1, one + Work(steps=_steps(posed.offered, settings)))
        first = _controls(posed, swept, fit, inputs, one, _standing(posed) | _named(posed))
        others = _controls(posed, swept, fit, inputs, one, _named(posed)) + swept
        swept = swept + first + others * (claim.seeds - 1)
    return Workload(claim.name, sites, swept.count, needed, swept.work, costs)


@dataclass(frozen=True, slots=True)
class _Fits:
    """So many fits, and their work with that of what is scored and read beside them."""

    count: int
    work: Work

    def __add__(self, other: _Fits) -> _Fits:
        return _Fits(self.count + other.count, self.work + other.work)

    def __mul__(self, times: int) -> _Fits:
        return _Fits(self.count * times, self.work * times)


@dataclass(frozen=True, slots=True)
class _Search:
    """Combinations of sites, of which some are fitted for so many steps: (fits, steps)."""

    combinations: Sequence[Combination]
    fits: tuple[tuple[int, int], ...]

    def work(self, posed: PosedClaim, encoded: EncodedSplits) -> Work:
        scored = _chosen_on(posed, encoded)
        return sum((Work(steps, scored) * count for count, steps in self.fits), Work())


def _planned(posed: PosedClaim, settings: FitSettings) -> tuple[Harvester, list[_Search]]:
    """The claim's inputs, and the searches of its sweep."""
    if posed.reused is not None:
        return posed.reused.harvester, [_Search([posed.reused.sites], ((1, 0),))]
    offered = posed.offered
    harvester = present_candidates(posed.network, posed.experiment, offered)
    names = harvester.encoded.presentation.token_names
    if offered.count(names) <= MOST_COMBINATIONS or len(offered.offers) == 1:
        return harvester, [_search(offered, offered.combinations(names), settings)]
    return harvester, list(_one_after_the_other(offered, names, settings))


def _one_after_the_other(
    offered: Candidates, names: TokenNames, settings: FitSettings
) -> Iterator[_Search]:
    for offer in offered.offers:
        alone = Candidates(offer.variables, (offer,))
        yield _search(alone, [(site,) for site in offer.sites_with(names)], settings)
    every = [sorted(offer.sites_with(names), key=_layer) for offer in offered.offers]
    together = (
        tuple(sites[place * (len(sites) - 1) // 2] for sites in every) for place in range(3)
    )
    yield _Search(list(together), ((1, _steps(offered, settings)),))


def _search(
    offered: Candidates, combinations: Sequence[Combination], settings: FitSettings
) -> _Search:
    halving = offered.is_trained and not settings.exhaustive
    steps = _steps(offered, settings)
    return _Search(combinations, tuple(fits(len(combinations), steps, halving=halving)))


def _steps(offered: Candidates, settings: FitSettings) -> int:
    return settings.steps if offered.is_trained else 0


def _controls(
    posed: PosedClaim, swept: _Fits, fit: _Fits, inputs: Work, scored: Work, names: set[str]
) -> _Fits:
    """The controls and rivals of these names, from what a sweep, a fit and its score come to."""
    rivals = len(names & posed.specification.models.keys())
    found = (fit + _Fits(0, inputs)) * rivals
    if "random_network" in names:
        found += swept
    if "shuffled_labels" in names:
        found += fit
    draws = len(names & {"full_vector", "site_resampled"})
    draws += random_subspace.DRAWS * ("random_subspace" in names)
    draws += unmapped_resampled.DRAWS * ("unmapped_resampled" in names)
    return found + _Fits(0, scored * draws)


def _standing(posed: PosedClaim) -> set[str]:
    """The controls that stand beside a claim unasked."""
    fitted_to = {"random_subspace", "shuffled_labels", "full_vector"}
    return set(CONTROLS) - (set[str]() if posed.offered.is_trained else fitted_to)


def _named(posed: PosedClaim) -> set[str]:
    """The controls and rivals that a claim's expectations name."""
    metrics = posed.experiment.claim.metrics
    return {metric.of for metric in metrics if metric.of is not None}


def _chosen_on(posed: PosedClaim, encoded: EncodedSplits) -> int:
    """How many pairs a fit is scored on."""
    designs = len(posed.experiment.designs)
    place = designs * (len(posed.offered.fitting_splits) - 1)
    return sum(len(split.pairs) for split in encoded.splits[place : place + designs])


def _tested(encoded: EncodedSplits) -> int:
    """How many pairs scores are taken on, or, where they are shown otherwise, about as many."""
    return len(encoded.splits[-1].pairs)


def _timed(
    posed: PosedClaim, encoded: EncodedSplits, groups: Sequence[Combination], settings: FitSettings
) -> Costs:
    """What the claim's work costs, a mean over its sites."""
    offered = posed.offered
    if not offered.is_trained:  # closed-form maps are not prepared here, and cost no more
        offered = offered.with_method("full_vector")
    whole = [group for group in groups if len(group) == len(offered.offers)]
    ordered = sorted(whole, key=_height)
    tried = [ordered[0], ordered[len(ordered) // 2], ordered[-1]]
    steps: dict[float, float] = {}
    scored: dict[float, float] = {}
    read: list[float] = []
    for prepared in _few(posed, encoded, tried, settings.batch):
        subject, rows = prepared.subject, prepared.rows
        for combination in tried:
            height = _height(combination)
            senders = {replace(site, receiver=None) for site in combination}
            if height in scored or not senders <= set(subject.sites):
                continue
            maps = build_maps(offered.placed(combination), subject, settings.seed)
            scored[height] = _seconds(partial(predict, subject, maps, rows)) / rows.rows
            steps[height] = _step(prepared, maps) if maps.is_trainable else 0.0
        if not read:
            read.append(_read(prepared))
    return Costs(_mean(steps, whole), _mean(scored, whole), read[0])


def _few(
    posed: PosedClaim, encoded: EncodedSplits, groups: Sequence[Combination], batch: int
) -> Iterator[PreparedSplit]:
    """A batch of the claim's first pairs, whatever the network answers, with what it holds at some
    of the sites, in turn at all of them.
    """
    experiment = replace(posed.experiment, keeps_unanswered=True)
    pairs = encoded.splits[0].pairs
    few = pairs.select(np.arange(min(batch, len(pairs))))
    harvester = present_splits(
        posed.network, experiment, [[few]], posed.offered.choices, experiment.fitting_prompt
    )
    for [[prepared]] in harvester.prepared_splits(groups, Unwatched()):
        yield prepared


def _read(prepared: PreparedSplit) -> float:
    """What a whole run of an input costs, of as many at a time as memory has room for."""
    rows = prepared.rows
    while True:
        try:
            alone = partial(predict, prepared.subject, PlacedMaps([], []), rows)
            return _seconds(alone) / rows.rows
        except (MemoryError, RuntimeError) as error:
            if rows.rows == 1 or not ran_out_of_memory(error):
                raise
            rows = rows.take(torch.arange(rows.rows // 2))


def _step(prepared: PreparedSplit, maps: PlacedMaps) -> float:
    backward = Backward(prepared.subject, maps)
    return _seconds(lambda: float(backward(prepared.rows)))


def _seconds(run: Callable[[], object]) -> float:
    """How long it takes, once what is made when it is first needed is there."""
    run()
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def _mean(seconds: Mapping[float, float], groups: Sequence[Combination]) -> float:
    heights = sorted(seconds)
    found = np.interp(
        [_height(group) for group in groups], heights, [seconds[height] for height in heights]
    )
    return float(found.mean())


def _height(combination: Combination) -> float:
    """The lowest layer that is edited: a run begins there."""
    return min(_layer(site) for site in combination)


def _layer(site: Site) -> float:
    return float((site.receiver or site).layer or 0)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
