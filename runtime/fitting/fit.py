"""Training alignment maps on a subject, and observing what the network does under their swaps.

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

from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime.engine.subjects import Interchanges, Subject
from causalspec.runtime.fitting.placed_maps import PlacedMaps
from causalspec.runtime.fitting.resume import FitState, capture, restore
from causalspec.runtime.fitting.settings import FitSettings


@dataclass(frozen=True, eq=False)
class Fitted:
    """Maps as trained, and the loss of every step [steps] (empty where nothing is trained)."""

    maps: PlacedMaps = field(repr=False)
    losses: Tensor = field(repr=False)
    settings: FitSettings


@dataclass(frozen=True, slots=True)
class FitProgress:
    """Where a fit stands: steps done, their number, and the loss of the last."""

    step: int
    steps: int
    loss: float


class NotFiniteError(ToolFailure):
    """A fit whose loss is not a number; what other fits have finished stays."""


def no_progress(_progress: FitProgress) -> None:
    """For callers that do not watch."""


def no_checkpoint(_state: FitState) -> None:
    """For callers that keep no checkpoints."""


def fit(
    subject: Subject,
    maps: PlacedMaps,
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
        NotFiniteError: a step's loss is not a finite number.
    """
    _check_rows(rows)
    maps = copy.deepcopy(maps).to(subject.device)
    if not maps.is_trainable:
        return Fitted(maps.eval(), torch.empty(0), settings)
    maps.train()
    optimizer = torch.optim.Adam(maps.parameter_groups(settings.learning_rate))
    rates: list[float] = [group["lr"] for group in optimizer.param_groups]
    losses: list[Tensor] = []
    if resume_from is not None:
        losses.extend(restore(resume_from, maps, optimizer, settings))
    for step in range(len(losses), settings.steps):
        batch = rows.take(_batch_rows(rows.rows, step, settings))
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * settings.share_of_rate(step)
        maps.anneal(step / max(1, settings.steps - 1))
        logits = subject.run(batch.bases, maps.edits(subject, batch)).logits
        loss = cross_entropy(logits, batch.labels).mean() + maps.penalty()
        _check_loss(loss, step, maps, settings)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # pyright: ignore[reportUnknownMemberType] # torch's own
        optimizer.step()  # pyright: ignore[reportUnknownMemberType]
        losses.append(loss.detach())
        progress(FitProgress(step + 1, settings.steps, float(loss.detach())))
        done = step + 1
        if done % settings.checkpoint_every == 0 and done < settings.steps:
            checkpoint(capture(maps, optimizer, losses, settings))
    maps.anneal(1.0)
    return Fitted(maps.requires_grad_(False).eval(), torch.stack(losses).cpu(), settings)


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """The loss [rows] of logits [rows, answers, outputs] against `labels` [rows, answers], summed
    over a row's answers; -1 is none.
    """
    labels = labels.to(logits.device)
    flat = functional.cross_entropy(
        logits.to(torch.promote_types(logits.dtype, torch.float32)).flatten(0, 1),
        labels.flatten(),
        reduction="none",
        ignore_index=-1,
    )
    return flat.view(labels.shape).sum(1)


def _check_loss(loss: Tensor, step: int, maps: PlacedMaps, settings: FitSettings) -> None:
    if bool(loss.isfinite()):
        return
    where = "; ".join(str(site) for site in maps.sites)
    raise NotFiniteError(
        f"the loss is not a finite number at step {step + 1} of {settings.steps}, at {where}, with "
        f"a learning rate of {settings.rate_at(step):.2g}",
        help="take a smaller learning rate, or another precision; what is finished is kept",
    )


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
    if bool((rows.labels[:, 0] < 0).any()):
        raise ValueError("some rows have no label")
