"""How fits go, and a search among sites: what steers training, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FitSettings:
    """How a fit goes: Adam, its rate rising linearly over `warmup` of the steps, then falling to 0.

    `batch` is in rows; with fewer rows than that, every batch is all of them. `exhaustive` says
    whether a search fits every site in full, however many there are.
    """

    steps: int = 200
    batch: int = 32
    learning_rate: float = 1e-2
    warmup: float = 0.1
    seed: int = 0
    checkpoint_every: int = 50
    exhaustive: bool = False

    def share_of_rate(self, step: int) -> float:
        """How much of its learning rate a step takes, counted from 0."""
        rising = max(1, round(self.warmup * self.steps))
        if step < rising:
            return (step + 1) / rising
        return (self.steps - step) / max(1, self.steps - rising)

    def rate_at(self, step: int) -> float:
        """The learning rate of a step, counted from 0."""
        return self.learning_rate * self.share_of_rate(step)
