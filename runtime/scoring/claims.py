"""One claim against one network: sweep, choose, score the test pairs once, compare, judge."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace

from torch import Tensor

from causalspec.compiler.specification import Claim, Specification
from causalspec.compiler.views.graph import svg
from causalspec.runtime.fitting.candidates import Candidates, candidates
from causalspec.runtime.fitting.fit import predict
from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.fitting.sweep import Sweep, sweep
from causalspec.runtime.fitting.workshop import Workshop, score_of
from causalspec.runtime.inputs.task_network import TaskNetwork
from causalspec.runtime.maps.site_maps import SiteMaps
from causalspec.runtime.results.records import ClaimVerdict, ControlScore, PairRow, Score
from causalspec.runtime.scoring.controls import Finalist, score_controls
from causalspec.runtime.scoring.expectations import judge
from causalspec.runtime.scoring.experiment import (
    Experiment,
    Lot,
    Untestable,
    experiment,
    harvest_lots,
)
from causalspec.runtime.untyped import as_list, from_array
from causalspec.runtime.watch import Advance, Watcher

SHOWN_ROWS = 20

NOT_PLAYED = (
    "the network does not play this task; `--keep-unanswered` scores the pairs all the same"
)


@dataclass(frozen=True, eq=False)
class VerifiedClaim:
    """A verdict and the maps that it rests on, None where nothing could be fitted."""

    verdict: ClaimVerdict
    maps: SiteMaps | None = field(repr=False)


@dataclass(frozen=True, eq=False)
class PosedClaim:
    """A claim with its data and the sites that the network offers for it."""

    specification: Specification = field(repr=False)
    network: TaskNetwork = field(repr=False)
    asked: Experiment
    offered: Candidates
    warnings: tuple[str, ...] = ()
    """What is remarkable about the claim's prompts, for its notes."""


def pose(
    specification: Specification, claim: Claim, network: TaskNetwork, *, keeps_unanswered: bool
) -> PosedClaim:
    """All that can be found wrong with a claim about a network before the network is run.

    Raises:
        SpecError: the claim does not fit the network, or its data lacks a split.
    """
    asked = experiment(specification, claim, keeps_unanswered=keeps_unanswered)
    variables = dict.fromkeys(v for kind in asked.design.kinds for v in kind.variables)
    alignment = specification.alignments[claim.alignment]
    offered = candidates(network, alignment, tuple(variables), claim)
    for split in offered.fitting_splits:
        asked.require(split)
    return PosedClaim(specification, network, asked, offered)


def verify_claim(workshop: Workshop, posed: PosedClaim, settings: FitSettings) -> VerifiedClaim:
    """The whole way of one claim. Each finished stage is kept in the workshop's run folder.

    What the network can't be asked is unknown, and keeps no other claim from its verdict.

    Raises:
        SpecError: the claim does not fit the network's tokenizer.
    """
    started = time.monotonic()
    notes = _Notes(workshop.watcher)
    for one in posed.warnings:
        notes.notice(one)
    try:
        return _scored(replace(workshop, watcher=notes), posed, settings, notes, started)
    except Untestable as failure:
        notes.notice(NOT_PLAYED)
        return VerifiedClaim(_unscored(posed, failure, notes, started), None)


def _scored(
    workshop: Workshop, posed: PosedClaim, settings: FitSettings, notes: _Notes, started: float
) -> VerifiedClaim:
    network, asked, offered = posed.network, posed.asked, posed.offered
    claim = asked.claim

    found = sweep(workshop, network, asked, offered, settings)
    test = found.test or _test_lot(workshop, network, asked, found)
    predicted = predict(test.subject, found.best.fit.maps, test.rows)
    score = score_of(predicted, test)
    finalist = Finalist(
        asked, posed.specification, network, offered, found.best.site, found.train, test, settings
    )
    controls = score_controls(workshop, finalist)

    scores = {None: score} | {name: one.score for name, one in controls.items()}
    lots = [one for one in (found.train, found.validation, test) if one is not None]
    verdict = ClaimVerdict(
        claim=claim.name,
        model=claim.model.name,
        documentation=claim.documentation or claim.model.documentation,
        alignment=claim.alignment,
        method=_methods_text(offered),
        score=score,
        per_kind=_scores_of_kinds(test, predicted),
        chosen=found.best.named,
        sites=tuple(entry.result for entry in found.entries),
        controls=tuple(controls.values()),
        expectations=tuple(judge(one, scores) for one in claim.expectations),
        counts=tuple(one.count for one in lots),
        rows=tuple(_readable_rows(test, predicted)),
        notes=tuple(notes.messages),
        graph_svg=svg(claim.model, marked=test.variables),
        seconds=time.monotonic() - started,
        wrong=next((one.wrong for one in reversed(lots) if one.wrong), ()),
    )
    return VerifiedClaim(verdict, found.best.fit.maps)


def _unscored(
    posed: PosedClaim, failure: Untestable, notes: _Notes, started: float
) -> ClaimVerdict:
    """The verdict where the network answers no pair of a split: unknown, whatever is expected."""
    claim, nothing = posed.asked.claim, Score(0, 0)
    scores = dict.fromkeys((None, *(one.of for one in claim.metrics)), nothing)
    return ClaimVerdict(
        claim=claim.name,
        model=claim.model.name,
        documentation=claim.documentation or claim.model.documentation,
        alignment=claim.alignment,
        method=_methods_text(posed.offered),
        score=nothing,
        per_kind=(),
        chosen=None,
        sites=(),
        controls=(),
        expectations=tuple(judge(one, scores) for one in claim.expectations),
        counts=(failure.count,),
        rows=(),
        notes=tuple(notes.messages),
        graph_svg=svg(claim.model),
        seconds=time.monotonic() - started,
        wrong=failure.wrong,
    )


def _test_lot(workshop: Workshop, network: TaskNetwork, asked: Experiment, found: Sweep) -> Lot:
    """The test pairs under a prompt of their own, at the chosen layer."""
    tokens = [one for one in found.validation.presentation.tokens if one is not None]
    pairs = [asked.draw(asked.test_split)]
    layers, prompt = [found.best.site.layer], asked.claim.prompt
    lots = harvest_lots(network, asked, pairs, layers, tokens, prompt, workshop.watcher)
    return next(lots)[0]


def _methods_text(offered: Candidates) -> str:
    return ", ".join(dict.fromkeys(one.text for one in offered.methods))


def _scores_of_kinds(test: Lot, predicted: Tensor) -> tuple[ControlScore, ...]:
    """The test score of each kind of swap, where the design has several."""
    kinds = test.pairs.design.kinds
    if len(kinds) == 1:
        return ()
    agrees = predicted == test.rows.labels
    scores: list[ControlScore] = []
    for number, kind in enumerate(kinds):
        mine = from_array(test.pairs.kinds == number)
        score = Score(int(agrees[mine].sum()), int(mine.sum()), test.effective(mine.numpy()))
        scores.append(ControlScore(kind.name, score, f"pairs that swap {kind.name}"))
    return tuple(scores)


def _readable_rows(test: Lot, predicted: Tensor) -> Iterator[PairRow]:
    """The first test pairs, as drawn: a sample, not a selection."""
    shown, rows = test.presentation, test.rows
    for row in range(min(SHOWN_ROWS, rows.rows)):
        base = int(rows.bases[row])
        origins: list[int] = as_list(rows.origins[row])
        sources = dict.fromkeys(number for number in origins if number >= 0)
        said, label = int(predicted[row]), int(rows.labels[row])
        yield PairRow(
            base=shown.text(base),
            sources=tuple(shown.text(number) for number in sources),
            swapped=test.pairs.design.kinds[int(test.pairs.kinds[row])].name,
            base_answer=shown.said(int(shown.correct[base])),
            label=shown.said(label),
            said=shown.said(said),
            agrees=said == label,
        )


class _Notes:
    """Hears what a watcher is told, for the report."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self.messages: dict[str, None] = {}

    def work(self, title: str, total: int) -> AbstractContextManager[Advance]:
        return self._watcher.work(title, total)

    def notice(self, message: str) -> None:
        self.messages[message] = None
        self._watcher.notice(message)
