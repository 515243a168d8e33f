"""Fits of a run, each finished once: trained at its sites, scored, and kept in the run folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from causalspec.runtime.engine.right_answers import agreement
from causalspec.runtime.engine.right_texts import readable_after
from causalspec.runtime.fitting.fit import FitProgress, Fitted, fit
from causalspec.runtime.fitting.placed_maps import PlacedMaps, PlacedVariable, build_maps
from causalspec.runtime.fitting.predict import predict
from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.inputs.experiment import PreparedSplit, PreparedSplits, all_rows, score_of
from causalspec.runtime.results.clusters import Reuse
from causalspec.runtime.results.estimates import Score
from causalspec.runtime.results.run_folder import RunFolder, Stage
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
    reuse: tuple[Reuse, ...] = field(default=(), repr=False)
    """How these rows share inputs."""


@dataclass(frozen=True, slots=True)
class FitStore:
    """The run folder that keeps each finished fit, and who is told how far a fit is."""

    folder: RunFolder
    watcher: Watcher


def fit_and_score(
    store: FitStore,
    name: str,
    names: Sequence[str],
    variables: Sequence[PlacedVariable],
    train: PreparedSplits | None,
    held_out: PreparedSplits,
    settings: FitSettings,
) -> ScoredFit:
    """Fit maps for `variables`, called `names`, to `train` and score them on `held_out`.

    Without `train` the maps are scored as they are built, which suits methods that fit nothing. A
    fit that this run has finished before is read back; an unfinished one goes on from its last
    checkpoint. `name` must be unique in the run.
    """
    maps = build_maps(variables, held_out[0].subject, settings.seed)
    shared = tuple(prepared.reuse() for prepared in held_out)
    finished = store.folder.find(name)
    if finished is not None:
        tensors = dict(finished.tensors)
        agrees = [tensors.pop(f"agrees.{k}").bool() for k in range(len(held_out))]
        maps.load_state_dict(tensors)
        loss = finished.notes.get("final_loss")
        store.watcher.done(_work(maps, held_out, settings, train))
        found = score_of(held_out, agrees)
        final_loss = float(loss) if loss else None
        return ScoredFit(maps.eval(), found, final_loss, tuple(agrees), shared)
    fitted = _train(store, name, names, maps, train, settings)
    agrees = [
        agreement(predict(prepared.subject, fitted.maps, prepared.rows), prepared.rows.labels)
        for prepared in held_out
    ]
    store.watcher.done(scoring(held_out))
    final_loss = float(fitted.losses[-20:].mean()) if len(fitted.losses) else None
    notes = {} if final_loss is None else {"final_loss": repr(final_loss)}
    kept = fitted.maps.state_dict() | {f"agrees.{k}": rows for k, rows in enumerate(agrees)}
    store.folder.finish(name, Stage(kept, notes))
    store.folder.forget(f"{name} so far")
    found = score_of(held_out, agrees)
    return ScoredFit(fitted.maps, found, final_loss, tuple(agrees), shared)


def _train(
    store: FitStore,
    name: str,
    names: Sequence[str],
    maps: PlacedMaps,
    train: PreparedSplits | None,
    settings: FitSettings,
) -> Fitted:
    if train is None:
        return Fitted(maps.eval(), torch.empty(0), settings)
    _prepare(maps, names, train)
    if not maps.is_trainable:
        return Fitted(maps.eval(), torch.empty(0), settings)
    with store.watcher.work(name, settings.steps) as advance:
        told = 0

        def progress(done: FitProgress) -> None:
            nonlocal told
            advance(done.step, f"loss {done.loss:.3f}")
            store.watcher.done(Work(steps=done.step - told))
            told = done.step

        return fit(
            train[0].subject,
            maps,
            all_rows(train),
            settings,
            progress=progress,
            checkpoint=lambda state: store.folder.finish(f"{name} so far", state),
            resume_from=store.folder.find(f"{name} so far"),
        )


def scoring(splits: PreparedSplits) -> Work:
    """The work of scoring maps on some pairs."""
    return Work(scored=sum(prepared.rows.rows for prepared in splits))


def _work(
    maps: PlacedMaps,
    held_out: PreparedSplits,
    settings: FitSettings,
    train: PreparedSplits | None,
) -> Work:
    """The work of a whole fit."""
    trains = train is not None and maps.is_trainable
    return scoring(held_out) + Work(steps=settings.steps if trains else 0)


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
