"""Training an alignment map on a subject, and predicting under the interchange that it defines.

The loss is cross-entropy, over all outputs, against the output that the causal model gives under
the intervention (Geiger et al. 2023, arXiv 2303.02536). Every step is a function of the settings'
seed and its own number, so a resumed fit retraces an uninterrupted one bit for bit.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional

from causalspec.runtime.engine.subjects import Interchanges, Subject
from causalspec.runtime.fitting.resume import FitState, capture, restore
from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.maps.site_maps import SiteMaps


@dataclass(frozen=True, eq=False)
class Fitted:
    """Maps as trained, and the loss of every step [steps] (empty where nothing is trained)."""

    maps: SiteMaps = field(repr=False)
    losses: Tensor = field(repr=False)
    settings: FitSettings


@dataclass(frozen=True, slots=True)
class FitProgress:
    """Where a fit stands: steps done, their number, and the loss of the last."""

    step: int
    steps: int
    loss: float


def no_progress(_progress: FitProgress) -> None:
    """For callers that do not watch."""


def no_checkpoint(_state: FitState) -> None:
    """For callers that keep no checkpoints."""


def fit(
    subject: Subject,
    maps: SiteMaps,
    rows: Interchanges,
    settings: FitSettings,
    *,
    progress: Callable[[FitProgress], None] = no_progress,
    checkpoint: Callable[[FitState], None] = no_checkpoint,
    resume_from: FitState | None = None,
) -> Fitted:
    """Train a copy of `maps` on `rows`; what has nothing to train comes back as it is.

    `checkpoint` gets the whole state every `settings.checkpoint_every` steps; a fit given one of
    them as `resume_from` ends bit-identical to one that was never interrupted. `progress` is told
    after every step; what either raises ends the fit.

    Raises:
        ValueError: there are no rows, a label is missing (-1), or the state is of another fit.
    """
    _check_rows(rows)
    device = subject.vectors(maps.sites[0], rows.bases[:1]).device
    maps = copy.deepcopy(maps).to(device)
    if not maps.is_trainable:
        return Fitted(maps, torch.empty(0), settings)
    trained = [one for one in maps.parameters() if one.requires_grad]
    optimizer = torch.optim.Adam(trained, lr=settings.learning_rate)
    losses: list[Tensor] = []
    if resume_from is not None:
        losses.extend(restore(resume_from, maps, optimizer, settings))
    for step in range(len(losses), settings.steps):
        batch = rows.take(_batch_rows(rows.rows, step, settings))
        for group in optimizer.param_groups:
            group["lr"] = settings.rate_at(step)
        logits = subject.logits(batch.bases, maps.edits(subject, batch))
        loss = functional.cross_entropy(logits.float(), batch.labels.to(device))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # pyright: ignore[reportUnknownMemberType] # torch's own
        optimizer.step()  # pyright: ignore[reportUnknownMemberType]
        losses.append(loss.detach())
        progress(FitProgress(step + 1, settings.steps, float(loss.detach())))
        done = step + 1
        if done % settings.checkpoint_every == 0 and done < settings.steps:
            checkpoint(capture(maps, optimizer, losses, settings))
    return Fitted(maps.requires_grad_(False), torch.stack(losses).cpu(), settings)


@torch.no_grad()
def predict(subject: Subject, maps: SiteMaps, rows: Interchanges, *, batch: int = 128) -> Tensor:
    """The output, LongTensor [rows], that the network gives under each row's interchange."""
    device = subject.vectors(maps.sites[0], rows.bases[:1]).device
    maps = copy.deepcopy(maps).to(device)
    predicted: list[Tensor] = []
    for start in range(0, rows.rows, batch):
        part = rows.take(torch.arange(start, min(start + batch, rows.rows)))
        logits = subject.logits(part.bases, maps.edits(subject, part))
        predicted.append(logits.argmax(-1).cpu())
    return torch.cat(predicted) if predicted else torch.empty(0, dtype=torch.long)


def predict_without_swap(subject: Subject, rows: Interchanges) -> Tensor:
    """The output, LongTensor [rows], that the network gives each base left alone."""
    return subject.predictions[rows.bases]


def interchange_intervention_accuracy(predicted: Tensor, rows: Interchanges) -> float:
    """The share of rows on which the network says what the causal model says (IIA)."""
    return float((predicted == rows.labels).double().mean())


def _batch_rows(count: int, step: int, settings: FitSettings) -> Tensor:
    """The rows of a step: each epoch is one shuffle, cut into full batches."""
    size = min(settings.batch, count)
    epoch, place = divmod(step, count // size)
    return _shuffled(count, (settings.seed << 24) + epoch)[place * size : (place + 1) * size]


@lru_cache(maxsize=1)  # the steps of an epoch share it
def _shuffled(count: int, seed: int) -> Tensor:
    return torch.randperm(count, generator=torch.Generator().manual_seed(seed))


def _check_rows(rows: Interchanges) -> None:
    if not rows.rows:
        raise ValueError("there is nothing to fit on: no rows")
    if bool((rows.labels < 0).any()):
        raise ValueError("some rows have no label")
