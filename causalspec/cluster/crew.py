"""Processes that help another one: begun, watched, and begun anew where they are lost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from causalspec.cluster.connection import Cluster
from causalspec.runtime import Watcher

MOST_LOST = 3
"""So often a process is begun anew."""

_LOOKED_EVERY = 0.2  # seconds


class Crew:
    """So many processes of a cluster. `begin` asks Ray for the one of a number, which comes to an
    empty text, or to the reason why it could not help; `left` is told of one that is over, done,
    killed or with its machine gone.
    """

    def __init__(
        self,
        cluster: Cluster,
        count: int,
        begin: Callable[[int], Any],
        left: Callable[[int], None],
        watcher: Watcher,
    ) -> None:
        self._ray, self._begin, self._left, self._watcher = cluster.ray, begin, left, watcher
        self._running = {begin(number): number for number in range(1, count + 1)}
        self._losses = dict.fromkeys(self._running.values(), 0)
        self._told: set[str] = set()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Send all of them away."""
        self._ended.set()
        self._thread.join()
        for running in self._running:
            self._ray.cancel(running, force=True)

    def _watch(self) -> None:
        while self._running and not self._ended.wait(_LOOKED_EVERY):
            try:
                over, _ = self._ray.wait([*self._running], timeout=1.0)
            except self._ray.exceptions.RayError:
                return  # the cluster is gone, as whoever asks it is told
            for running in over:
                number = self._running.pop(running)
                self._left(number)
                self._settle(running, number)

    def _settle(self, running: Any, number: int) -> None:
        """Say why a process is over, and begin it anew where it was lost."""
        errors = self._ray.exceptions
        try:
            reason = self._ray.get(running)
        except (errors.RayTaskError, errors.RuntimeEnvSetupError) as error:
            reason = str(getattr(error, "cause", error) or error).strip().split("\n")[-1]
        except errors.TaskCancelledError:
            reason = ""
        except errors.RayError:
            self._settle_loss(number)
            return
        if reason and reason not in self._told:
            self._told.add(reason)
            self._watcher.notice(f"one process less: {reason}")

    def _settle_loss(self, number: int) -> None:
        self._losses[number] += 1
        if self._losses[number] <= MOST_LOST:
            self._watcher.notice(
                "a process of the cluster was lost: what it was at is done by another"
            )
            self._running[self._begin(number)] = number
        else:
            self._watcher.notice(
                f"a process of the cluster was lost {self._losses[number]} times: the run goes on "
                "without it"
            )
