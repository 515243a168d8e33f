"""Fits of a run, each finished once: trained at its sites, scored, and kept in the run folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from causalspec.runtime.fitting.fit import FitProgress, Fitted, fit
from causalspec.runtime.fitting.placed_maps import PlacedMaps, PlacedVariable, build_maps
from causalspec.runtime.fitting.predict import agreement, predict
from causalspec.runtime.fitting.resume import FitState
from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.inputs.experiment import Lot, Lots, all_rows, score_of
from causalspec.runtime.results.estimates import Score
from causalspec.runtime.results.run_folder import RunFolder, Stage
from causalspec.runtime.untyped import distinct
from causalspec.runtime.watch import Watcher


@dataclass(frozen=True, eq=False)
class ScoredFit:
    """Maps fitted to some rows, what they score on others, and the mean loss of the last steps."""

    maps: PlacedMaps = field(repr=False)
    score: Score
    final_loss: float | None


@dataclass(frozen=True, slots=True)
class Workshop:
    """Where fits are done and kept."""

    folder: RunFolder
    watcher: Watcher


def fit_and_score(
    workshop: Workshop,
    name: str,
    names: Sequence[str],
    variables: Sequence[PlacedVariable],
    train: Lots | None,
    held_out: Lots,
    settings: FitSettings,
) -> ScoredFit:
    """Fit maps for `variables`, called `names`, to `train` and score them on `held_out`.

    Without `train` the maps are scored as they are built, which suits methods that fit nothing. A
    fit that this run has finished before is read back; an unfinished one goes on from its last
    checkpoint. `name` must be unique in the run.
    """
    maps = build_maps(variables, held_out[0].subject, settings.seed)
    finished = workshop.folder.find(name)
    if finished is not None:
        tensors = dict(finished.tensors)
        agrees = [tensors.pop(f"agrees.{k}").bool() for k in range(len(held_out))]
        maps.load_state_dict(tensors)
        loss = finished.notes.get("final_loss")
        return ScoredFit(maps.eval(), score_of(held_out, agrees), float(loss) if loss else None)
    fitted = _train(workshop, name, names, maps, train, settings)
    agrees = [
        agreement(predict(lot.subject, fitted.maps, lot.rows), lot.rows.labels) for lot in held_out
    ]
    final_loss = float(fitted.losses[-20:].mean()) if len(fitted.losses) else None
    notes = {} if final_loss is None else {"final_loss": repr(final_loss)}
    kept = fitted.maps.state_dict() | {f"agrees.{k}": one for k, one in enumerate(agrees)}
    workshop.folder.finish(name, Stage(kept, notes))
    workshop.folder.forget(f"{name} so far")
    return ScoredFit(fitted.maps, score_of(held_out, agrees), final_loss)


def _train(
    workshop: Workshop,
    name: str,
    names: Sequence[str],
    maps: PlacedMaps,
    train: Lots | None,
    settings: FitSettings,
) -> Fitted:
    if train is None:
        return Fitted(maps.eval(), torch.empty(0), settings)
    _prepare(maps, names, train)
    if not maps.is_trainable:
        return Fitted(maps.eval(), torch.empty(0), settings)
    so_far = workshop.folder.find(f"{name} so far")
    state = None if so_far is None else FitState(dict(so_far.tensors), so_far.notes["settings"])

    def checkpoint(state: FitState) -> None:
        workshop.folder.finish(f"{name} so far", Stage(state.tensors, {"settings": state.settings}))

    with workshop.watcher.work(name, settings.steps) as advance:

        def progress(done: FitProgress) -> None:
            advance(done.step, f"loss {done.loss:.3f}")

        return fit(
            train[0].subject,
            maps,
            all_rows(train),
            settings,
            progress=progress,
            checkpoint=checkpoint,
            resume_from=state,
        )


def _prepare(maps: PlacedMaps, names: Sequence[str], train: Lots) -> None:
    """Closed-form maps see every training base once; what a variable is there is the compiler's."""
    bases = distinct(torch.cat([lot.asked for lot in train]))[0]
    values = train[0].trial.values(names)[bases]
    maps.prepare(train[0].subject, bases, values)


def with_shuffled_labels(lots: Lots, seed: int) -> Lots:
    """The same interchanges with the labels of each lot permuted among them."""
    return tuple(_shuffled(lot, seed + number) for number, lot in enumerate(lots))


def _shuffled(lot: Lot, seed: int) -> Lot:
    generator = torch.Generator().manual_seed(seed)
    order: Tensor = torch.randperm(lot.rows.rows, generator=generator)
    # A base is followed by the beginning of its label, and so is run with the label's.
    rows = replace(lot.rows, bases=lot.rows.bases, labels=lot.rows.labels[order])
    return replace(lot, rows=rows)
