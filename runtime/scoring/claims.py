"""One claim against one network: sweep, choose, score the test pairs once, compare, judge."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from causalspec.compiler import Claim, full_vocabulary, svg
from causalspec.runtime.engine.peak_memory import peak_device_memory, peak_memory
from causalspec.runtime.explaining.explain import explain
from causalspec.runtime.fitting.candidates import Candidates
from causalspec.runtime.fitting.fit_store import FitStore
from causalspec.runtime.fitting.placed_maps import PlacedMaps
from causalspec.runtime.fitting.ranking import ranks_of
from causalspec.runtime.fitting.reuse import reuse
from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.fitting.sweep import Sweep, folder_of_seed, sweep_of_seeds
from causalspec.runtime.inputs.experiment import (
    Experiment,
    PreparedSplits,
    Untestable,
    present_splits,
)
from causalspec.runtime.inputs.task_network import TaskNetwork
from causalspec.runtime.maps.computed import NotDetermined
from causalspec.runtime.results.estimates import Score
from causalspec.runtime.results.explanations import Explanation
from causalspec.runtime.results.records import ClaimVerdict
from causalspec.runtime.scoring.asked import (
    dimensions_of,
    iia_of,
    measured_scores,
    scores_asked,
)
from causalspec.runtime.scoring.controls import compare, left_out
from causalspec.runtime.scoring.controls.selected_alignment import SelectedAlignment
from causalspec.runtime.scoring.differences import (
    difference_of,
    differences_asked,
    rivals_of,
)
from causalspec.runtime.scoring.elsewhere import observed_elsewhere
from causalspec.runtime.scoring.expectations import Scores, judge
from causalspec.runtime.scoring.firing_pairs import firing_pairs
from causalspec.runtime.scoring.floor import NO_SWAP, floor_of
from causalspec.runtime.scoring.observed import observe
from causalspec.runtime.scoring.posed import PosedClaim
from causalspec.runtime.scoring.seeds import over_seeds
from causalspec.runtime.scoring.showing import fitted_maps, readable_rows, scores_of_kinds
from causalspec.runtime.scoring.trust import (
    TRAIN_IIA,
    distances,
    parted,
    train_observed,
    vacuous,
)
from causalspec.runtime.scoring.written import writing_of
from causalspec.runtime.watch import Notes

NOT_PLAYED = (
    "the network does not play this task; `--keep-unanswered` scores the pairs all the same"
)


@dataclass(frozen=True, eq=False)
class VerifiedClaim:
    """A verdict and the maps that it rests on, None where nothing could be fitted."""

    verdict: ClaimVerdict
    maps: PlacedMaps | None = field(repr=False)
    explanation: Explanation | None = field(default=None, repr=False)


def verify_claim(
    store: FitStore, posed: PosedClaim, settings: FitSettings, explained_by: int | None = None
) -> VerifiedClaim:
    """The whole way of one claim. Each finished stage is kept in the run folder. It is explained by
    the swaps of so many inputs, where that is asked for.

    What the network can't be asked, or what no map can be made for, is unknown, and keeps no other
    claim from its verdict.

    Raises:
        SpecError: the claim does not fit the network's tokenizer.
    """
    started = time.monotonic()
    notes = Notes(store.watcher)
    for warning in posed.warnings:
        notes.notice(warning)
    if posed.reused is not None:
        earlier = posed.reused.earlier
        notes.notice(
            f"nothing was fitted: {earlier.named} are scored, fitted to `{earlier.network}`"
        )
    try:
        return _scored(replace(store, watcher=notes), posed, settings, notes, started, explained_by)
    except Untestable as failure:
        notes.notice(NOT_PLAYED)
        nothing = replace(_unscored(posed, notes, started), counts=(failure.count,))
        return VerifiedClaim(replace(nothing, wrong=failure.wrong), None)
    except NotDetermined as failure:
        notes.notice(f"no site has a map: {failure}")
        return VerifiedClaim(_unscored(posed, notes, started), None)


def select(
    store: FitStore, posed: PosedClaim, settings: FitSettings, sweeps: Sequence[Sweep] = ()
) -> tuple[Sequence[Sweep], SelectedAlignment]:
    """The search of each seed, and all that the comparisons with the first one's maps need. The
    searches are made where none are given.

    Raises:
        Untestable: the network answers no pair of some split.
        NotDetermined: no site has a map.
    """
    network, experiment, offered = posed.network, posed.experiment, posed.offered
    if posed.reused is not None:
        sweeps = [reuse(store, network, experiment, offered, posed.reused)]
    elif not sweeps:
        count = experiment.claim.seeds
        sweeps = sweep_of_seeds(store, network, experiment, offered, settings, count)
    found = sweeps[0]
    best = found.best
    test = found.splits.test or test_splits(store, network, experiment, offered, found)
    writing = writing_of(store, posed.specification, network, experiment, offered, found)
    selected = SelectedAlignment(
        experiment=experiment,
        specification=posed.specification,
        network=network,
        candidates=offered,
        sites=best.sites,
        dimensions=dimensions_of(best.fit.maps, offered, test[0].subject),
        train=found.splits.train,
        test=test,
        maps=best.fit.maps,
        validation=found.splits.validation,
        settings=settings,
        written=writing.maps_of,
        has_label=writing.has_label,
        may_fit=posed.reused is None,
        only_named=posed.only_named,
    )
    return sweeps, selected


def _scored(
    store: FitStore,
    posed: PosedClaim,
    settings: FitSettings,
    notes: Notes,
    started: float,
    explained_by: int | None,
    sweeps: Sequence[Sweep] = (),
) -> VerifiedClaim:
    """The verdict by the first of `sweeps`, one for each seed."""
    network, experiment, offered = posed.network, posed.experiment, posed.offered
    claim = experiment.claim

    sweeps, selected = select(store, posed, settings, sweeps)
    found = sweeps[0]
    best, test, has_label = found.best, selected.test, selected.has_label
    observed = observe(test, selected.written(best.fit.maps), has_label=has_label)
    if any(full_vocabulary().metrics[metric.name].observational for metric in claim.metrics):
        chosen_on = firing_pairs(store, network, experiment, offered, found)
        observed = tuple(replace(seen, fires_by=chosen_on) for seen in observed)
    fitted = tuple(
        replace(here, distance=distance)
        for here, distance in zip(
            fitted_maps(best.fit.maps, offered, test), distances(selected), strict=True
        )
    )
    without = left_out(selected)
    if without:
        names = ", ".join(f"`{name}`" for name in without)
        notes.notice(f"left out, since maps would have to be fitted for it: {names}")
    compared = [*compare(store, selected), *observed_elsewhere(store, selected)]
    untested = {
        comparison.name: f"`{comparison.name}` is not tested: {comparison.not_tested}"
        for comparison in compared
        if comparison.not_tested
    }
    without = {**without, **untested}
    on_train = train_observed(store, selected) if has_label else ()
    train = iia_of(on_train) if on_train else None
    if train is None:
        reason = "no maps were fitted to training pairs in this run"
        without |= {TRAIN_IIA: f"`{TRAIN_IIA}` is not known: {reason}"}
    estimates = scores_asked(claim, observed, compared, on_train)
    differences = differences_asked(claim, observed, compared)
    untrained = next((other for other in compared if other.name == "random_network"), None)
    above_untrained = None
    if untrained is not None and has_label:
        above_untrained = difference_of(observed, untrained.observed)
    alone = next((other.observed for other in compared if other.name == NO_SWAP), ())
    explanation = (
        None if explained_by is None else explain(store, selected, observed, compared, explained_by)
    )
    splits = [*(found.splits.train or ()), *found.splits.validation, *test]
    verdict = replace(
        _blank(posed, notes, started),
        score=iia_of(observed),
        per_kind=scores_of_kinds(observed),
        chosen=best.sites,
        sites=tuple(entry.result for entry in found.entries),
        ranks=ranks_of(found),
        rivals=rivals_of(posed.specification.models, observed, compared),
        controls=tuple(comparison.result for comparison in compared),
        expectations=tuple(
            judge(expectation, estimates, without, differences)
            for expectation in claim.expectations
        ),
        counts=tuple(split.count for split in splits),
        rows=tuple(readable_rows(observed)),
        graph_svg=svg(claim.model, marked=experiment.variables),
        wrong=next((split.wrong for split in reversed(splits) if split.wrong), ()),
        measures=tuple(measured_scores(estimates, without)),
        fitted=fitted,
        train=train,
        above_untrained=above_untrained,
        vacuous=vacuous(claim, above_untrained),
        parted=parted(claim, train, iia_of(observed)),
        above_floor=floor_of(observed, alone) if has_label else None,
        notes=tuple(notes.messages),
    )

    def of_seed(number: int, asked: Claim) -> ClaimVerdict:
        """The verdict on other expectations with another seed, sites chosen anew."""
        part, again, seeded = with_seed(store, posed, settings, number, asked)
        own = [sweeps[number]]
        return _scored(part, again, seeded, notes, started, None, own).verdict

    verdict = replace(
        verdict,
        expectations=over_seeds(
            claim, verdict, settings.seed, None if posed.reused is not None else of_seed
        ),
        notes=tuple(notes.messages),
        seconds=time.monotonic() - started,
        memory=peak_memory(),
        device_memory=peak_device_memory(test[0].subject.device),
    )
    return VerifiedClaim(verdict, best.fit.maps, explanation)


def with_seed(
    store: FitStore, posed: PosedClaim, settings: FitSettings, number: int, asked: Claim
) -> tuple[FitStore, PosedClaim, FitSettings]:
    """What `asked` of a claim takes with the seed so many on: a part of the run of its own."""
    seeded = replace(settings, seed=settings.seed + number)
    part = replace(store, folder=folder_of_seed(store.folder, seeded.seed))
    experiment = replace(posed.experiment, claim=asked)
    return part, replace(posed, experiment=experiment, only_named=True), seeded


def _unscored(posed: PosedClaim, notes: Notes, started: float) -> ClaimVerdict:
    """The verdict where nothing could be scored: unknown, whatever is expected."""
    claim = posed.experiment.claim
    nothing: Scores = {metric.plain: Score(0, 0) for metric in claim.metrics}
    return replace(
        _blank(posed, notes, started),
        expectations=tuple(judge(expectation, nothing) for expectation in claim.expectations),
    )


def _blank(posed: PosedClaim, notes: Notes, started: float) -> ClaimVerdict:
    """A verdict that says what was asked, and nothing of what came of it."""
    claim = posed.experiment.claim
    return ClaimVerdict(
        claim=claim.name,
        model=claim.model.name,
        documentation=claim.documentation or claim.model.documentation,
        alignment=claim.alignment,
        method=", ".join(dict.fromkeys(method.text for method in posed.offered.methods)),
        score=Score(0, 0),
        per_kind=(),
        chosen=(),
        sites=(),
        controls=(),
        expectations=(),
        counts=(),
        rows=(),
        notes=tuple(notes.messages),
        graph_svg=svg(claim.model),
        seconds=time.monotonic() - started,
    )


def test_splits(
    store: FitStore,
    network: TaskNetwork,
    experiment: Experiment,
    offered: Candidates,
    found: Sweep,
) -> PreparedSplits:
    """The test pairs at the chosen sites, where they are run apart."""
    harvester = present_splits(
        network, experiment, [experiment.draw_test()], offered.choices, experiment.claim.prompt
    )
    [test] = next(harvester.prepared_splits([found.best.sites], store.watcher))
    return test
