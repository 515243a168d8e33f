"""Fits of a run, each finished once: trained at its sites, scored, and kept in the run folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import torch
from torch import Tensor

from causalspec.runtime.engine.right_answers import agreement, is_asked, with_answers
from causalspec.runtime.engine.right_texts import readable_after
from causalspec.runtime.engine.subjects import Interchanges, Subject
from causalspec.runtime.fitting.fit import (
    FitProgress,
    Fitted,
    Fitting,
    NotFiniteError,
    fit_together,
)
from causalspec.runtime.fitting.placed_maps import PlacedMaps, PlacedVariable, build_maps
from causalspec.runtime.fitting.predict import predict_together, predict_without_swap
from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.inputs.experiment import PreparedSplit, PreparedSplits, all_rows, score_of
from causalspec.runtime.maps.computed import NotDetermined
from causalspec.runtime.results.clusters import Reuse
from causalspec.runtime.results.estimates import Score
from causalspec.runtime.results.run_folder import SO_FAR, Stage, Stages
from causalspec.runtime.untyped import distinct
from causalspec.runtime.watch import Watcher, Work


@dataclass(frozen=True, eq=False)
class ScoredFit:
    """Maps fitted to some rows, what they score on others, and the mean loss of the last steps."""

    maps: PlacedMaps = field(repr=False)
    score: Score
    final_loss: float | None
    agrees: tuple[Tensor, ...] = field(default=(), repr=False)
    """For each data set, which of the rows agree, a BoolTensor [rows]."""
    changes: tuple[Tensor, ...] = field(default=(), repr=False)
    """For each data set, in which of the rows the network says another answer than without the
    swap, a BoolTensor [rows].
    """
    reuse: tuple[Reuse, ...] = field(default=(), repr=False)
    """How these rows share inputs."""

    @property
    def share_changed(self) -> float:
        """In which share of the rows the network says another answer than without the swap."""
        return float(torch.cat(self.changes).float().mean())


@dataclass(frozen=True, slots=True)
class FitStore:
    """What keeps each finished fit of the run, and who is told how far a fit is."""

    folder: Stages
    watcher: Watcher


@dataclass(frozen=True, eq=False)
class Wanted:
    """A fit that is wanted: maps for `variables`, called `names`, fitted to `train` and scored on
    `held_out`. Without `train` they are scored as they are built, which suits methods that fit
    nothing. `name` must be unique among the stages of `folder`.
    """

    folder: Stages = field(repr=False)
    name: str
    names: Sequence[str]
    variables: Sequence[PlacedVariable]
    train: PreparedSplits | None = field(repr=False)
    held_out: PreparedSplits = field(repr=False)
    settings: FitSettings

    def built(self) -> PlacedMaps:
        """Fresh maps."""
        return build_maps(self.variables, self.held_out[0].subject, self.settings.seed)


def fit_and_score(
    store: FitStore,
    name: str,
    names: Sequence[str],
    variables: Sequence[PlacedVariable],
    train: PreparedSplits | None,
    held_out: PreparedSplits,
    settings: FitSettings,
) -> ScoredFit:
    """One fit, as `Wanted` says.

    Raises:
        NotDetermined: the vectors determine no such map.
        NotFiniteError: a step's loss is not a finite number.
    """
    wanted = Wanted(store.folder, name, names, variables, train, held_out, settings)
    [found] = fit_and_score_together(store, [wanted])
    if isinstance(found, NotDetermined):
        raise found
    return found


def fit_and_score_together(
    store: FitStore, wanted: Sequence[Wanted]
) -> list[ScoredFit | NotDetermined]:
    """Fits of one network in shared batches; in the place of one that the vectors determine no map
    for, the reason.

    Fits that this run has finished before are read back; unfinished ones go on from the last
    checkpoint of all. Until the last one is finished they share their batches, so that each comes
    out the same bit for bit however often the run is interrupted.

    Raises:
        NotFiniteError: a step's loss is not a finite number; the other fits are finished.
    """
    stages = [fit.folder.find(fit.name) for fit in wanted]
    found = [
        _read_back(store, fit, stage)
        for fit, stage in zip(wanted, stages, strict=True)
        if stage is not None
    ]
    if len(found) == len(wanted):
        return list(found)
    outcomes = _trained(store, wanted)
    scored = _scored(store, wanted, outcomes)
    wanted[0].folder.forget(_so_far(wanted))
    for outcome in outcomes:
        if isinstance(outcome, NotFiniteError):
            raise outcome
    return scored


def _read_back(store: FitStore, wanted: Wanted, stage: Stage) -> ScoredFit:
    held_out, maps = wanted.held_out, wanted.built()
    tensors = dict(stage.tensors)
    said = [
        _Said(tensors.pop(f"agrees.{k}").bool(), tensors.pop(f"changes.{k}").bool())
        for k in range(len(held_out))
    ]
    maps.load_state_dict(tensors)
    loss = stage.notes.get("final_loss")
    store.watcher.done(_work(maps, wanted))
    return _scored_fit(wanted, maps.eval(), said, float(loss) if loss else None)


class _Said(NamedTuple):
    """What the network said under the swaps of some maps: which rows [rows] agree with their
    labels, and which are answered otherwise than without the swap.
    """

    agrees: Tensor
    changes: Tensor

    @classmethod
    def of(cls, prepared: PreparedSplit, predicted: Tensor) -> _Said:
        """Of what was predicted [rows, answers] for all rows."""
        labels = prepared.rows.labels
        asked = is_asked(labels)
        before = with_answers(predict_without_swap(prepared.subject, prepared.rows), asked.shape[1])
        kept = agreement(with_answers(predicted, asked.shape[1]), before.masked_fill(~asked, -1))
        return cls(agreement(predicted, labels), ~kept)


def _trained(
    store: FitStore, wanted: Sequence[Wanted]
) -> list[Fitted | NotFiniteError | NotDetermined]:
    """The maps of each fit as they come out of their training, if they have any."""
    found: list[Fitted | NotFiniteError | NotDetermined] = []
    for fit in wanted:
        maps = fit.built()
        found.append(Fitted(maps.eval(), torch.empty(0), fit.settings))
        if fit.train is not None:
            try:
                _prepare(maps, fit.names, fit.train)
            except NotDetermined as error:
                found[-1] = error
    trained = [
        number
        for number, (fit, outcome) in enumerate(zip(wanted, found, strict=True))
        if fit.train is not None and isinstance(outcome, Fitted) and outcome.maps.is_trainable
    ]
    if not trained:
        return found
    rows: dict[int, Interchanges] = {}  # those of one split are joined once
    subjects: list[Subject] = []
    fits: list[Fitting] = []
    for number in trained:
        train, outcome = wanted[number].train, found[number]
        assert train is not None and isinstance(outcome, Fitted)
        subjects.append(train[0].subject)
        joined = rows.setdefault(id(train), all_rows(train))
        fits.append(Fitting(outcome.maps, joined, wanted[number].settings))
    folder, so_far = wanted[0].folder, _so_far(wanted)
    with store.watcher.work(_title(wanted), fits[0].settings.steps) as advance:
        told = 0

        def progress(done: FitProgress) -> None:
            nonlocal told
            advance(done.step, f"loss {done.loss:.3f}")
            store.watcher.done(Work(steps=(done.step - told) * len(fits)))
            told = done.step

        outcomes = fit_together(
            subjects[0],
            fits,
            progress=progress,
            checkpoint=lambda state: folder.finish(so_far, state),
            resume_from=folder.find(so_far),
        )
    for number, outcome in zip(trained, outcomes, strict=True):
        found[number] = outcome
    return found


def _scored(
    store: FitStore,
    wanted: Sequence[Wanted],
    outcomes: Sequence[Fitted | NotFiniteError | NotDetermined],
) -> list[ScoredFit | NotDetermined]:
    """What the maps score, kept in the run folder."""
    fitted = [
        (fit, outcome)
        for fit, outcome in zip(wanted, outcomes, strict=True)
        if isinstance(outcome, Fitted)
    ]
    said: list[list[_Said]] = [[] for _ in fitted]
    for k in range(len(wanted[0].held_out) if fitted else 0):
        rows = [fit.held_out[k].rows for fit, _ in fitted]
        predicted = predict_together(
            wanted[0].held_out[k].subject, [outcome.maps for _, outcome in fitted], rows
        )
        for number, (fit, _) in enumerate(fitted):
            said[number].append(_Said.of(fit.held_out[k], predicted[number]))
    scored: dict[int, ScoredFit] = {}
    for (fit, outcome), of_fit in zip(fitted, said, strict=True):
        store.watcher.done(scoring(fit.held_out))
        loss = float(outcome.losses[-20:].mean()) if len(outcome.losses) else None
        notes = {} if loss is None else {"final_loss": repr(loss)}
        kept = outcome.maps.state_dict()
        for k, rows in enumerate(of_fit):
            kept |= {f"{name}.{k}": tensor for name, tensor in rows._asdict().items()}
        fit.folder.finish(fit.name, Stage(kept, notes))
        scored[id(fit)] = _scored_fit(fit, outcome.maps, of_fit, loss)
    return [
        outcome if isinstance(outcome, NotDetermined) else scored[id(fit)]
        for fit, outcome in zip(wanted, outcomes, strict=True)
        if not isinstance(outcome, NotFiniteError)
    ]


def _scored_fit(
    wanted: Wanted, maps: PlacedMaps, said: Sequence[_Said], loss: float | None
) -> ScoredFit:
    held_out = wanted.held_out
    reuse = tuple(prepared.reuse() for prepared in held_out)
    agrees, changes = (tuple(rows) for rows in zip(*said, strict=True))
    return ScoredFit(maps, score_of(held_out, agrees), loss, agrees, changes, reuse)


def _title(wanted: Sequence[Wanted]) -> str:
    """What these fits are called together on a progress bar."""
    others = len(wanted) - 1
    return f"{wanted[0].name}{f' and {others} more' if others else ''}"


def _so_far(wanted: Sequence[Wanted]) -> str:
    """The name of their checkpoint in the first one's folder."""
    return f"{_title(wanted)}{SO_FAR}"


def scoring(splits: PreparedSplits) -> Work:
    """The work of scoring maps on some pairs."""
    return Work(scored=sum(prepared.rows.rows for prepared in splits))


def _work(maps: PlacedMaps, wanted: Wanted) -> Work:
    """The work of a whole fit."""
    trains = wanted.train is not None and maps.is_trainable
    return scoring(wanted.held_out) + Work(steps=wanted.settings.steps if trains else 0)


def _prepare(maps: PlacedMaps, names: Sequence[str], train: PreparedSplits) -> None:
    """Closed-form maps see every training base once; what a variable is there is the compiler's."""
    bases = distinct(torch.cat([prepared.own_bases for prepared in train]))[0]
    values = train[0].encoded.values(names)[bases]
    maps.prepare(train[0].subject, bases, values)


def with_shuffled_labels(splits: PreparedSplits, seed: int) -> PreparedSplits:
    """The same interchanges with the labels of each split permuted among them."""
    return tuple(_shuffled(prepared, seed + number) for number, prepared in enumerate(splits))


def _shuffled(prepared: PreparedSplit, seed: int) -> PreparedSplit:
    generator = torch.Generator().manual_seed(seed)
    order: Tensor = torch.randperm(prepared.rows.rows, generator=generator)
    rows = prepared.rows
    # A base is followed by the beginning of its own label, whichever it is asked for.
    labels, forced = rows.labels[order], rows.forced
    if forced is not None:
        labels, forced = readable_after(rows.labels, forced, labels)
    return replace(prepared, rows=replace(rows, labels=labels, forced=forced))
