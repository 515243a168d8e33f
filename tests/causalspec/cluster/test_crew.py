"""Helpers that are lost, that cannot help and that are done, without a cluster."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from causalspec.cluster.connection import Cluster
from causalspec.cluster.crew import MOST_LOST, Crew
from causalspec.runtime.watch import Unwatched


class RayError(Exception):
    """A process or a machine is gone."""


class RayTaskError(RayError):
    """What was to be done raised something."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.cause = cause


class Running:
    """A process that ends at once, in one way or another."""

    def __init__(self, end: str | Exception) -> None:
        self.end = end


class Library:
    """As much of Ray as a crew asks for."""

    exceptions = SimpleNamespace(
        RayError=RayError,
        RayTaskError=RayTaskError,
        RuntimeEnvSetupError=type("RuntimeEnvSetupError", (RayError,), {}),
        TaskCancelledError=type("TaskCancelledError", (RayError,), {}),
    )

    def wait(self, running: Sequence[Running], timeout: float) -> tuple[list[Running], list[Any]]:
        return [running[0]], [*running[1:]]

    def get(self, running: Running) -> str:
        if isinstance(running.end, Exception):
            raise running.end
        return running.end

    def cancel(self, running: Running, force: bool) -> None:
        """Nothing is left to be sent away."""


def crew_of(ends: dict[int, list[str | Exception]]) -> tuple[list[str], list[int]]:
    """What is noticed of processes that end in these ways, one after the other, and whose numbers
    are let go.
    """
    noticed: list[str] = []
    left: list[int] = []
    over = threading.Event()
    total = sum(map(len, ends.values()))

    def leave(number: int) -> None:
        left.append(number)
        if len(left) == total:
            over.set()

    watcher = Unwatched()
    watcher.notice = noticed.append
    cluster = Cluster(Library(), {}, "here")
    crew = Crew(cluster, len(ends), lambda number: Running(ends[number].pop(0)), leave, watcher)
    assert over.wait(30)
    crew.end()
    return noticed, left


def test_a_lost_process_is_begun_anew() -> None:
    noticed, left = crew_of({1: [RayError(), ""], 2: [""]})
    assert noticed == ["a process of the cluster was lost: what it was at is done by another"]
    assert sorted(left) == [1, 1, 2]


def test_one_that_is_lost_for_good_is_done_without() -> None:
    noticed, left = crew_of({1: [RayError()] * (MOST_LOST + 1)})
    again = "a process of the cluster was lost: what it was at is done by another"
    gone = "a process of the cluster was lost 4 times: the run goes on without it"
    assert noticed == [again] * MOST_LOST + [gone]
    assert left == [1] * (MOST_LOST + 1)


def test_why_one_cannot_help_is_said_once() -> None:
    reason = "`there` can't help: it has torch 2.12.0 and not 2.13.0"
    failed = RayTaskError(ValueError("first\nno module named `causalspec`"))
    noticed, _ = crew_of({1: [reason], 2: [reason], 3: [failed]})
    assert noticed == [
        f"one process less: {reason}", "one process less: no module named `causalspec`",
    ]  # fmt: skip
