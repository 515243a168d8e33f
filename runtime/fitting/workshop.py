"""Fits of a run, each finished once: trained at a site, scored, and kept in the run folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from causalspec.runtime.fitting.fit import FitProgress, Fitted, fit, predict
from causalspec.runtime.fitting.resume import FitState
from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.maps.site_maps import PlacedVariable, SiteMaps, build_maps
from causalspec.runtime.results.records import Score
from causalspec.runtime.results.run_folder import RunFolder, Stage
from causalspec.runtime.scoring.experiment import Lot
from causalspec.runtime.watch import Watcher


@dataclass(frozen=True, eq=False)
class ScoredFit:
    """Maps fitted to some rows, what they score on others, and the mean loss of the last steps."""

    maps: SiteMaps = field(repr=False)
    score: Score
    final_loss: float | None


@dataclass(frozen=True, slots=True)
class Workshop:
    """Where fits are done and kept."""

    folder: RunFolder
    watcher: Watcher


def score_of(predicted: Tensor, lot: Lot) -> Score:
    """How many rows are predicted as the causal model says."""
    return lot.score(predicted == lot.rows.labels)


def fit_and_score(
    workshop: Workshop,
    name: str,
    variables: Sequence[PlacedVariable],
    train: Lot | None,
    held_out: Lot,
    settings: FitSettings,
) -> ScoredFit:
    """Fit maps for `variables` to `train` and score them on `held_out`.

    Without `train` the maps are scored as they are built, which suits methods that fit nothing. A
    fit that this run has finished before is read back; an unfinished one goes on from its last
    checkpoint. `name` must be unique in the run.
    """
    maps = build_maps(variables, held_out.subject.width, settings.seed)
    finished = workshop.folder.find(name)
    if finished is not None:
        maps.load_state_dict(dict(finished.tensors))
        correct, total = int(finished.notes["correct"]), int(finished.notes["total"])
        loss = finished.notes.get("final_loss")
        score = Score(correct, total, held_out.effective(slice(None)), held_out.count.drawn)
        return ScoredFit(maps, score, float(loss) if loss else None)
    fitted = _train(workshop, name, maps, train, settings)
    score = score_of(predict(held_out.subject, fitted.maps, held_out.rows), held_out)
    final_loss = float(fitted.losses[-20:].mean()) if len(fitted.losses) else None
    notes = {"correct": str(score.correct), "total": str(score.total)}
    if final_loss is not None:
        notes["final_loss"] = repr(final_loss)
    workshop.folder.finish(name, Stage(fitted.maps.state_dict(), notes))
    workshop.folder.forget(f"{name} so far")
    return ScoredFit(fitted.maps, score, final_loss)


def _train(
    workshop: Workshop,
    name: str,
    maps: SiteMaps,
    train: Lot | None,
    settings: FitSettings,
) -> Fitted:
    if train is None or not maps.is_trainable:
        return Fitted(maps, torch.empty(0), settings)
    so_far = workshop.folder.find(f"{name} so far")
    state = None if so_far is None else FitState(dict(so_far.tensors), so_far.notes["settings"])

    def checkpoint(state: FitState) -> None:
        workshop.folder.finish(f"{name} so far", Stage(state.tensors, {"settings": state.settings}))

    with workshop.watcher.work(name, settings.steps) as advance:

        def progress(done: FitProgress) -> None:
            advance(done.step, f"loss {done.loss:.3f}")

        return fit(
            train.subject,
            maps,
            train.rows,
            settings,
            progress=progress,
            checkpoint=checkpoint,
            resume_from=state,
        )


def with_shuffled_labels(lot: Lot, seed: int) -> Lot:
    """The same interchanges with their labels permuted among them."""
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(lot.rows.rows, generator=generator)
    return replace(lot, rows=replace(lot.rows, labels=lot.rows.labels[order]))
