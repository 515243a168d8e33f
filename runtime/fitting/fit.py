"""Training alignment maps on a subject, and observing what the network does under their swaps.

The loss is cross-entropy, over all outputs, against the output that the causal model gives under
the intervention (Geiger et al. 2023, arXiv 2303.02536). Every step is a function of the settings'
seed and its own number, so a resumed fit retraces an uninterrupted one bit for bit.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

import torch
from torch import Tensor, nn

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


@dataclass(frozen=True, eq=False)
class Fitting:
    """One of several fits that share batches: the maps to train, and the rows to train them on."""

    maps: PlacedMaps = field(repr=False)
    rows: Interchanges = field(repr=False)
    settings: FitSettings


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
    """Train a copy of `maps` on `rows`; what has nothing to train comes back as it is. Otherwise as
    `fit_together`.

    Raises:
        ValueError: there are no rows, a label is missing (-1), or the state is of another fit.
        NotFiniteError: a step's loss is not a finite number.
    """
    [found] = fit_together(
        subject,
        [Fitting(maps, rows, settings)],
        progress=progress,
        checkpoint=checkpoint,
        resume_from=resume_from,
    )
    if isinstance(found, NotFiniteError):
        raise found
    return found


def fit_together(
    subject: Subject,
    fits: Sequence[Fitting],
    *,
    progress: Callable[[FitProgress], None] = no_progress,
    checkpoint: Callable[[Stage], None] = no_checkpoint,
    resume_from: Stage | None = None,
) -> list[Fitted | NotFiniteError]:
    """Train copies of several maps, each on rows of its own: the batches of a step go through the
    network as one. Each comes out as `fit` would leave it, to rounding; one whose loss is not a
    finite number is given up, and the others go on.

    `checkpoint` gets the whole state every `checkpoint_every` steps; fits given one of them as
    `resume_from` end bit-identical to those that were never interrupted. `progress` is told after
    every step; what either raises ends the fits.

    Raises:
        ValueError: there are no rows, a label is missing (-1), the settings differ in more than
            their seeds, or the state is of other fits.
    """
    for fitting in fits:
        _check_rows(fitting.rows)
    copies = [copy.deepcopy(fitting.maps).to(subject.device) for fitting in fits]
    trained = [number for number, maps in enumerate(copies) if maps.is_trainable]
    found: list[Fitted | NotFiniteError] = [
        Fitted(maps.eval(), torch.empty(0), fitting.settings)
        for maps, fitting in zip(copies, fits, strict=True)
    ]
    if trained:
        training = _Training(
            subject,
            [copies[number].train() for number in trained],
            [fits[number].rows for number in trained],
            [fits[number].settings for number in trained],
        )
        training.run(progress, checkpoint, resume_from)
        for number, outcome in zip(trained, training.outcomes(), strict=True):
            found[number] = outcome
    return found


class _Training:
    """Maps on their way, with one optimizer for all: what it does to a parameter is its alone."""

    def __init__(
        self,
        subject: Subject,
        several: Sequence[PlacedMaps],
        rows: Sequence[Interchanges],
        settings: Sequence[FitSettings],
    ) -> None:
        if len({replace(own, seed=0) for own in settings}) > 1:
            raise ValueError("fits that share batches differ in nothing but their seeds")
        self.several, self.rows, self.settings = several, rows, settings
        self.every = nn.ModuleList(several)
        groups = [
            group
            for maps, own in zip(several, settings, strict=True)
            for group in maps.parameter_groups(own.learning_rate)
        ]
        self.optimizer = torch.optim.Adam(groups, fused=True)  # one operation for each map
        self.losses: list[Tensor] = []  # [fits] of each step
        self.failed: dict[int, NotFiniteError] = {}
        self.subject = subject
        self.backward = Backward(subject, several)

    def run(
        self,
        progress: Callable[[FitProgress], None],
        checkpoint: Callable[[Stage], None],
        resume_from: Stage | None,
    ) -> None:
        """All steps that are left."""
        settings, optimizer, losses = self.settings[0], self.optimizer, self.losses
        rates: list[float] = [group["lr"] for group in optimizer.param_groups]
        if resume_from is not None:
            losses.extend(restore(resume_from, self.every, optimizer, self.settings))
            self._check(losses, len(losses))
        checked, last, on_cpu = len(losses), math.nan, self.subject.device.type == "cpu"
        for step in range(len(losses), settings.steps):
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * settings.share_of_rate(step)
            for maps in self.several:
                maps.anneal(step / max(1, settings.steps - 1))
            losses.append(self.backward(self._batches(step)))
            done = step + 1
            keeps = done % settings.checkpoint_every == 0 and done < settings.steps
            # On a GPU, to look at a loss is to wait for it, and the host would never be ahead.
            if on_cpu or keeps or done in (1, settings.steps) or done - checked == _CHECKED_EVERY:
                self._check(losses[checked:], done)
                checked, last = done, float(losses[-1].nanmean())
            if len(self.failed) == len(self.several):
                return
            for number in self.failed:
                for parameter in self.several[number].parameters():
                    parameter.grad = None  # it stays where it is, and the batch as large
            optimizer.step()  # pyright: ignore[reportUnknownMemberType] # torch's own
            progress(FitProgress(done, settings.steps, last))
            if keeps:
                checkpoint(capture(self.every, optimizer, losses, self.settings))
        for maps in self.several:
            maps.anneal(1.0)

    def _batches(self, step: int) -> list[Interchanges]:
        """The rows of a step for each map; where they are the same they are taken once."""
        taken: dict[tuple[int, int], Interchanges] = {}
        found: list[Interchanges] = []
        for rows, settings in zip(self.rows, self.settings, strict=True):
            key = id(rows), settings.seed
            if key not in taken:
                taken[key] = rows.take(_batch_rows(rows.rows, step, settings))
            found.append(taken[key])
        return found

    def _check(self, losses: Sequence[Tensor], done: int) -> None:
        """Give up the maps whose last losses, after `done` steps, are not all numbers."""
        finite = torch.stack(list(losses)).isfinite()
        if bool(finite.all()):
            return
        for number, maps in enumerate(self.several):
            of_maps = finite[:, number]
            if number not in self.failed and not bool(of_maps.all()):
                step = done - len(losses) + int(of_maps.int().argmin())
                self.failed[number] = _not_finite(maps, step, self.settings[number])

    def outcomes(self) -> list[Fitted | NotFiniteError]:
        """The maps as they have come out."""
        losses = torch.stack(self.losses).cpu()
        return [
            self.failed.get(number)
            or Fitted(maps.requires_grad_(False).eval(), losses[:, number].clone(), own)
            for number, (maps, own) in enumerate(zip(self.several, self.settings, strict=True))
        ]


def _not_finite(maps: PlacedMaps, step: int, settings: FitSettings) -> NotFiniteError:
    where = "; ".join(str(here.site) for here in maps.placed)
    return NotFiniteError(
        f"the loss is not a finite number at step {step + 1} of {settings.steps}, at {where}, with "
        f"a learning rate of {settings.rate_at(step):.2g}",
        help="take a smaller learning rate, or another precision; what is finished is kept",
    )


def _batch_rows(count: int, step: int, settings: FitSettings) -> Tensor:
    """The rows of a step: each epoch is one shuffle, cut into full batches."""
    size = min(settings.batch, count)
    epoch, place = divmod(step, count // size)
    return _shuffled(count, (settings.seed << 24) + epoch)[place * size : (place + 1) * size]


@lru_cache(maxsize=16)  # the steps of an epoch share it
def _shuffled(count: int, seed: int) -> Tensor:
    return torch.randperm(count, generator=torch.Generator().manual_seed(seed))


def _check_rows(rows: Interchanges) -> None:
    if not rows.rows:
        raise ValueError("there is nothing to fit on: no rows")
    if bool((first_right(rows.labels)[:, 0] < 0).any()):
        raise ValueError("some rows have no label")
