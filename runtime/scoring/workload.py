"""What a claim will take on a network that is there: fits, prompts, memory, minutes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from causalspec.runtime.engine.keeping import Needs
from causalspec.runtime.fitting.candidates import MOST_COMBINATIONS, Candidates, TokenNames
from causalspec.runtime.fitting.localisation import MANY, SWAPPED, fits
from causalspec.runtime.fitting.search import Combination
from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.fitting.shared_batches import shared_batches
from causalspec.runtime.fitting.splits import present_candidates
from causalspec.runtime.inputs.encoded_splits import EncodedSplits
from causalspec.runtime.inputs.experiment import Harvester
from causalspec.runtime.scoring.controls import CONTROLS, random_subspace, unmapped_resampled
from causalspec.runtime.scoring.posed import PosedClaim
from causalspec.runtime.scoring.timed_steps import Searching, costs_of, layer_of
from causalspec.runtime.watch import Costs, Part, Work, duration, written_size


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
    may_be_less: bool = False
    """Whether sites may be dropped before they are fitted."""

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
        most = "at most " if self.may_be_less else ""
        steps = f", {self.work.steps:,.0f} steps in all" if self.work.steps else ""
        return (
            f"{_count(self.sites, 'site')}, {most}{_count(self.fits, 'fit')}{steps}, "
            f"{_count(self.needs.inputs, 'distinct input')}, {written_size(self.needs.bytes)} of "
            f"activations ({self.needs.kept}), {most or 'about '}{duration(self.seconds)}"
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
    batches = [
        batch for search in searches for batch in _batches(encoded, search.combinations, settings)
    ]
    together = [tuple(site for sites in batch for site in sites) for batch in batches]
    needed = encoded.presentation.needs(together, encoded.is_base)
    costs = costs_of(posed, encoded, searches, max(batches, key=len), settings)
    sites = sum(search.fits[0][0] for search in searches)
    claim, inputs = posed.experiment.claim, Work(read=needed.inputs)
    tested = _tested(posed)
    if posed.reused is not None:
        work = inputs + Work(scored=tested) * (1 + unmapped_resampled.DRAWS)
        return Workload(claim.name, sites, 0, needed, work, costs)
    count = sum(number for search in searches for number, _ in search.fits)
    searched = _Fits(count, sum((_work(search, posed, encoded) for search in searches), Work()))
    swept = searched + _Fits(0, inputs)
    if judged:
        # Of several sites the test pairs are read apart, when one is chosen.
        apart = _Fits(0, Work(read=0 if posed.offered.is_single else 2 * tested))
        swept += apart
        one = Work(scored=tested)
        fit = _Fits(1, one + Work(steps=_steps(posed.offered, settings)))
        first = _controls(posed, swept, fit, inputs, one, _standing(posed) | _named(posed))
        others = _controls(posed, swept, fit, inputs, one, _named(posed)) + searched + apart
        swept = swept + first + others * (claim.seeds - 1)
    drops = any(search.swapped for search in searches)
    return Workload(claim.name, sites, swept.count, needed, swept.work, costs, drops)


@dataclass(frozen=True, slots=True)
class _Fits:
    """So many fits, and their work with that of what is scored and read beside them."""

    count: int
    work: Work

    def __add__(self, other: _Fits) -> _Fits:
        return _Fits(self.count + other.count, self.work + other.work)

    def __mul__(self, times: int) -> _Fits:
        return _Fits(self.count * times, self.work * times)


def _work(search: Searching, posed: PosedClaim, encoded: EncodedSplits) -> Work:
    scored = _chosen_on(posed, encoded)
    swapped = Work(scored=2 * SWAPPED * len(posed.experiment.designs)) * search.swapped
    return sum((Work(steps, scored) * count for count, steps in search.fits), swapped)


def _planned(posed: PosedClaim, settings: FitSettings) -> tuple[Harvester, list[Searching]]:
    """The claim's inputs, and the searches of its sweep."""
    if posed.reused is not None:
        return posed.reused.harvester, [Searching([posed.reused.sites], ((1, 0),))]
    offered = posed.offered
    harvester = present_candidates(posed.network, posed.experiment, offered)
    names = harvester.encoded.presentation.token_names
    if offered.count(names) <= MOST_COMBINATIONS or len(offered.offers) == 1:
        return harvester, [_search(offered, offered.combinations(names), settings)]
    return harvester, list(_one_after_the_other(offered, names, settings))


def _one_after_the_other(
    offered: Candidates, names: TokenNames, settings: FitSettings
) -> Iterator[Searching]:
    for offer in offered.offers:
        alone = Candidates(offer.variables, (offer,))
        yield _search(alone, [(site,) for site in offer.sites_with(names)], settings)
    every = [sorted(offer.sites_with(names), key=layer_of) for offer in offered.offers]
    together = (
        tuple(sites[place * (len(sites) - 1) // 2] for sites in every) for place in range(3)
    )
    yield Searching(list(together), ((1, _steps(offered, settings)),))


def _search(
    offered: Candidates, combinations: Sequence[Combination], settings: FitSettings
) -> Searching:
    halving = offered.is_trained and not settings.exhaustive
    sites, steps = len(combinations), _steps(offered, settings)
    swapped = sites if halving and sites > MANY else 0
    return Searching(combinations, tuple(fits(sites, steps, halving=halving)), swapped)


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


def _tested(posed: PosedClaim) -> int:
    """How many pairs scores are taken on."""
    experiment = posed.experiment
    wanted = zip(experiment.designs, experiment.test_splits, strict=True)
    return sum(
        split.rows for design, name in wanted for split in design.splits if split.name == name
    )


def _batches(
    encoded: EncodedSplits, combinations: Sequence[Combination], settings: FitSettings
) -> list[list[Combination]]:
    """Those whose fits share batches."""
    lengths = encoded.presentation.run_lengths
    numbers = shared_batches(combinations, settings.batch, lengths)
    return [[combinations[number] for number in batch] for batch in numbers]


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
