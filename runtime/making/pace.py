"""How long a training still takes, told once a few of its steps have been timed."""

from __future__ import annotations

from time import monotonic

from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime.watch import Advance, Watcher

_WARMING, _TIMED = 3, 20
_WORTH_TELLING = 10.0  # seconds


class Pace:
    """Follows the steps of a training of `steps`, and tells the watcher how long the rest takes.

    From the step `changes_at` on, each takes longer, so that they are timed anew.
    """

    def __init__(self, watcher: Watcher, advance: Advance, steps: int, changes_at: int = 0) -> None:
        self._watcher, self._advance, self._steps = watcher, advance, steps
        self._starts = {0, changes_at}
        self._begun = (0, monotonic())

    def advance(self, done: int, loss: float) -> None:
        """So many steps are done. Raises `ToolFailure` where the loss is not a number any more."""
        if loss != loss:
            raise ToolFailure(
                f"training diverged: the loss is not a number at step {done:,}; nothing was "
                "written",
                help="give it a smaller `--learning-rate`",
            )
        if done - _WARMING in self._starts:
            self._begun = (done, monotonic())
        if done - _WARMING - _TIMED in self._starts:
            first, at = self._begun
            seconds = (monotonic() - at) / (done - first) * (self._steps - done)
            if seconds > _WORTH_TELLING:
                steps = f"{self._steps - done:,} steps"
                self._watcher.notice(f"about {_told(seconds)} more, for {steps}")
        self._advance(done, f"loss {loss:.4f}")


def _told(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes"
