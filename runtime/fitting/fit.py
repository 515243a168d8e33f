"""Training alignment maps on a subject, and observing what the network does under their swaps.

The loss is cross-entropy, over all outputs, against the output that the causal model gives under
the intervention (Geiger et al. 2023, arXiv 2303.02536). Every step is a function of the settings'
seed and its own number, so a resumed fit retraces an uninterrupted one bit for bit.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import torch
from torch import Tensor

from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime.engine.right_answers import first_right
from causalspec.runtime.engine.subjects import Interchanges, Subject
from causalspec.runtime.fitting.backward import Backward
from causalspec.runtime.fitting.placed_maps import PlacedMaps
from causalspec.runtime.fitting.resume import capture, restore
from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.results.run_folder import Stage

_CHECKED_EVERY = 10


@dataclass(frozen=True, eq=False)
class Fitted:
    """Maps as trained, and the loss of every step [steps] (empty where nothing is trained)."""

    maps: PlacedMaps = field(repr=False)
    losses: Tensor = field(repr=False)
    settings: FitSettings


@dataclass(frozen=True, slots=True)
class FitProgress:
    """Where a fit stands: steps done, their number, and the loss of the last one looked at."""

    step: int
    steps: int
    loss: float


class NotFiniteError(ToolFailure):
    """A fit whose loss is not a number; what other fits have finished stays."""


def no_progress(_progress: FitProgress) -> None:
    """For callers that do not watch."""


def no_checkpoint(_state: Stage) -> None:
    """For callers that keep no checkpoints."""


def fit(
    subject: Subject,
    maps: PlacedMaps,
    rows: Interchanges,
    settings: FitSettings,
    *,
    progress: Callable[[FitProgress], None] = no_progress,
    checkpoint: Callable[[Stage], None] = no_checkpoint,
    resume_from: Stage | None = None,
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
    backward = Backward(subject, maps)
    checked, last, on_cpu = len(losses), math.nan, subject.device.type == "cpu"
    for step in range(len(losses), settings.steps):
        batch = rows.take(_batch_rows(rows.rows, step, settings))
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * settings.share_of_rate(step)
        maps.anneal(step / max(1, settings.steps - 1))
        losses.append(backward(batch))
        done = step + 1
        keeps = done % settings.checkpoint_every == 0 and done < settings.steps
        # On a GPU, to look at a loss is to wait for it, and the host would never be ahead.
        if on_cpu or keeps or done in (1, settings.steps) or done - checked == _CHECKED_EVERY:
            _check(losses[checked:], done, maps, settings)
            checked, last = done, float(losses[-1])
        optimizer.step()  # pyright: ignore[reportUnknownMemberType] # torch's own
        progress(FitProgress(done, settings.steps, last))
        if keeps:
            checkpoint(capture(maps, optimizer, losses, settings))
    maps.anneal(1.0)
    return Fitted(maps.requires_grad_(False).eval(), torch.stack(losses).cpu(), settings)


def _check(losses: Sequence[Tensor], done: int, maps: PlacedMaps, settings: FitSettings) -> None:
    """Whether the last losses, after `done` steps, are numbers."""
    finite = torch.stack(list(losses)).isfinite()
    if bool(finite.all()):
        return
    step = done - len(losses) + int(finite.int().argmin())
    where = "; ".join(str(here.site) for here in maps.placed)
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
    if bool((first_right(rows.labels)[:, 0] < 0).any()):
        raise ValueError("some rows have no label")
