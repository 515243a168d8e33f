"""What a claim's work costs on a network that is there: a few steps, timed.

Minutes are those of three timed steps, at the lowest of the sites, one in the middle and the
highest; between them a step's time changes evenly with the layer, as the work above it does. What
fits save by sharing batches is timed where most of them share one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch

from causalspec.runtime.engine.memory import ran_out_of_memory
from causalspec.runtime.engine.subjects import Subject
from causalspec.runtime.fitting.backward import Backward
from causalspec.runtime.fitting.placed_maps import PlacedMaps, PlacedVariable, build_maps
from causalspec.runtime.fitting.predict import predict
from causalspec.runtime.fitting.search import Combination
from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.inputs.encoded_splits import EncodedSplits
from causalspec.runtime.inputs.experiment import PreparedSplit, present_splits
from causalspec.runtime.scoring.posed import PosedClaim
from causalspec.runtime.sites.site import Site
from causalspec.runtime.watch import Costs, Unwatched


@dataclass(frozen=True, slots=True)
class Searching:
    """Combinations of sites, of which some are fitted for so many steps: (fits, steps). At so many
    whole vectors are swapped first, and fewer may be fitted.
    """

    combinations: Sequence[Combination]
    fits: tuple[tuple[int, int], ...]
    swapped: int = 0


def costs_of(
    posed: PosedClaim,
    encoded: EncodedSplits,
    searches: Sequence[Searching],
    batch: Sequence[Combination],
    settings: FitSettings,
) -> Costs:
    """What the claim's work costs, a mean over its sites; `batch` has sites whose fits share
    batches.
    """
    offered = posed.offered
    groups = [combination for search in searches for combination in search.combinations]
    if not offered.is_trained:  # closed-form maps are not prepared here, and cost no more
        offered = offered.with_method("full_vector")
    whole = [group for group in groups if len(group) == len(offered.offers)]
    ordered = sorted(whole, key=_height)
    tried = [ordered[0], ordered[len(ordered) // 2], ordered[-1]]
    share = 1.0
    shares = len(batch) > 1 and len(batch[0]) == len(offered.offers) and offered.is_trained
    steps: dict[float, float] = {}
    scored: dict[float, float] = {}
    read: list[float] = []
    for prepared in _few(posed, encoded, [*tried, *(batch if shares else ())], settings.batch):
        subject, rows = prepared.subject, prepared.rows
        for combination in tried:
            height = _height(combination)
            if height in scored or not _senders([combination]) <= set(subject.sites):
                continue
            maps = _maps(offered.placed(combination), subject, settings.seed)
            scored[height] = _seconds(partial(predict, subject, maps, rows)) / rows.rows
            steps[height] = _step(prepared, [maps]) if maps.is_trainable else 0.0
        if not read:
            read.append(_read(prepared))
        if shares and _senders(batch) <= set(subject.sites):
            several = [
                _maps(offered.placed(combination), subject, settings.seed) for combination in batch
            ]
            alone = len(batch) * _mean(steps, batch)
            share, shares = min(1.0, _step(prepared, several) / alone), False
    step = _mean(steps, whole) * _of_all(searches, share, len(batch))
    return Costs(step, _mean(scored, whole), read[0])


def _of_all(searches: Sequence[Searching], share: float, most: int) -> float:
    """Which share of what they take alone the steps of all fits take, where those of `most` that
    share batches take `share`: a part of a step is taken once for all that share it.
    """
    once = (1 - share) / (1 - 1 / most) if most > 1 else 0.0
    alone = together = 0.0
    for search in searches:
        for count, steps in search.fits:
            alone += count * steps
            together += count * steps * (1 - once * (1 - 1 / min(count, most)))
    return together / alone if alone else 1.0


def _maps(placed: Sequence[PlacedVariable], subject: Subject, seed: int) -> PlacedMaps:
    """Maps to be timed. Those that choose among what is computed beforehand compute it of as many
    vectors drawn at random as that needs.
    """
    maps = build_maps(placed, subject, seed)
    if not maps.is_trainable:
        return maps
    generator = torch.Generator().manual_seed(0)
    for here in maps.placed:
        seen = subject.vectors(here.site, torch.zeros(1, dtype=torch.long))
        width = seen.shape[-1]
        count = 2 * (width if here.map.needs_values else here.map.featurizer.features) + 2
        drawn = torch.randn(count, width, generator=generator)
        values = torch.randint(2, (count, len(here.members)), generator=generator)
        here.map.prepare(drawn.to(seen.device), values.to(seen.device))
    return maps


def _senders(combinations: Sequence[Combination]) -> set[Site]:
    return {replace(site, receiver=None) for sites in combinations for site in sites}


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


def _step(prepared: PreparedSplit, several: Sequence[PlacedMaps]) -> float:
    backward = Backward(prepared.subject, several)
    rows = [prepared.rows] * len(several)
    return _seconds(lambda: float(backward(rows)[0]))


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
    return min(layer_of(site) for site in combination)


def layer_of(site: Site) -> float:
    """The layer that is edited, 0 where there is none."""
    return float((site.receiver or site).layer or 0)
