"""Every candidate site fitted on `train` and scored on `validation`; the best goes on to `test`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from causalspec.runtime.engine.subjects import Site
from causalspec.runtime.fitting.candidates import Candidates
from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.fitting.workshop import ScoredFit, Workshop, fit_and_score
from causalspec.runtime.inputs.task_network import TaskNetwork
from causalspec.runtime.results.records import Site as NamedSite
from causalspec.runtime.results.records import SiteScore
from causalspec.runtime.scoring.experiment import Experiment, Lot, harvest_lots


@dataclass(frozen=True, eq=False)
class Entry:
    """One candidate site, its fit, and how results name it."""

    site: Site
    named: NamedSite
    fit: ScoredFit = field(repr=False)

    @property
    def result(self) -> SiteScore:
        return SiteScore(self.named, self.fit.score, self.fit.final_loss)


@dataclass(frozen=True, eq=False)
class Sweep:
    """All entries in the order of layers and tokens, and the lots that the best was fitted with.

    `train` is None where the method fits nothing; `test` is None where the test pairs are shown
    under another prompt than the one fitted on.
    """

    entries: tuple[Entry, ...]
    best: Entry
    train: Lot | None = field(repr=False)
    validation: Lot = field(repr=False)
    test: Lot | None = field(repr=False)


def sweep(
    workshop: Workshop,
    network: TaskNetwork,
    asked: Experiment,
    offered: Candidates,
    settings: FitSettings,
) -> Sweep:
    """Fit and score every candidate. One harvest serves all of them where memory allows."""
    entries: list[Entry] = []
    groups = 0
    lots: _Lots | None = None
    for lots in _harvest(workshop, network, asked, offered, offered.layers):
        groups += 1
        entries += _fit_sites(workshop, asked, offered, lots, settings)
    best = max(entries, key=_merit)
    if lots is None or groups > 1:
        lots = next(_harvest(workshop, network, asked, offered, [best.site.layer]))
    return Sweep(tuple(entries), best, lots.train, lots.validation, lots.test)


def _merit(entry: Entry) -> tuple[int, float, int, int]:
    """Validation decides; among equals the lower loss, then the earlier site."""
    loss = entry.fit.final_loss
    return (
        entry.fit.score.correct,
        -loss if loss is not None else 0.0,
        -entry.site.layer,
        -entry.site.column,
    )


@dataclass(frozen=True, eq=False)
class _Lots:
    train: Lot | None
    validation: Lot
    test: Lot | None


def _harvest(
    workshop: Workshop,
    network: TaskNetwork,
    asked: Experiment,
    offered: Candidates,
    layers: Sequence[int],
) -> Iterator[_Lots]:
    """The test pairs come along, unlooked at, so that they need no harvest of their own."""
    splits = offered.fitting_splits
    prompt = asked.fitting_prompt
    together = prompt == asked.claim.prompt
    pairs = [asked.draw(split) for split in [*splits, *([asked.test_split] if together else [])]]
    for lots in harvest_lots(
        network, asked, pairs, layers, offered.tokens, prompt, workshop.watcher
    ):
        train = lots[0] if offered.is_trained else None
        validation = lots[len(splits) - 1]
        yield _Lots(train, validation, lots[-1] if together else None)


def _fit_sites(
    workshop: Workshop,
    asked: Experiment,
    offered: Candidates,
    lots: _Lots,
    settings: FitSettings,
) -> Iterator[Entry]:
    for layer in lots.validation.subject.layers:
        for column, token in enumerate(lots.validation.presentation.tokens):
            site = Site(layer, column)
            named = NamedSite(offered.site, layer, token.text if token is not None else "")
            where = f"layer {layer}" + (f", {named.token}" if named.token else "")
            yield Entry(
                site,
                named,
                fit_and_score(
                    workshop,
                    f"{asked.claim.name}: {where}",
                    offered.placed(site),
                    lots.train,
                    lots.validation,
                    settings,
                ),
            )
