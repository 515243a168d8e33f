"""A run that processes of a cluster share: its own one, a board, and as many helpers as fit."""

from __future__ import annotations

import os
import platform
from argparse import Namespace
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from causalspec.cluster.connection import Cluster, Machine
from causalspec.cluster.crew import Crew
from causalspec.cluster.likeness import difference, traits
from causalspec.cluster.remote_board import BoardActor, OwnBoard, RemoteBoard
from causalspec.cluster.stages import BoardGoneError, SharedStages
from causalspec.dsl.diagnostics import SpecError, ToolFailure
from causalspec.runtime import RunFolder, Stages, Unwatched, Watcher

_FREE_WITHIN = 30.0
"""So many seconds the cluster has to find room for the run's own process."""


@dataclass(frozen=True, slots=True)
class Errand:
    """What a helper needs to know to go the way of a run: the command and its options, the folder
    where it was given, the run's identity, what must be alike, and how many threads and, by
    machine, processes there are.
    """

    command: str
    options: Mapping[str, Any]
    folder: str
    identity: str
    traits: Mapping[str, str]
    threads: int
    processes: Mapping[str, int]
    helpers: int


class SharedRun:
    """How a run of a command is shared, for `verify` and `align` to call."""

    def __init__(
        self, cluster: Cluster, command: str, options: Namespace, watcher: Watcher
    ) -> None:
        self._cluster, self._command, self._watcher = cluster, command, watcher
        self._on_gpu = _takes_gpus(options, cluster.machines[cluster.here])
        self.threads = _threads()
        self._processes = {
            name: machine.gpus if self._on_gpu else machine.processors // self.threads
            for name, machine in cluster.machines.items()
        }
        self._board = self._placed_board()
        self._options = vars(options) | {"run": None}

    @property
    def processes_here(self) -> int:
        """How many processes of this machine share its memory."""
        return max(1, self._processes[self._cluster.here])

    @contextmanager
    def __call__(self, folder: RunFolder, identity: str) -> Generator[Stages]:
        """The stages of the run, to which helpers add until the block ends."""
        ray = self._cluster.ray
        count = sum(self._processes.values()) - min(1, self._processes[self._cluster.here])
        ray.get(self._board.serve.remote(str(folder.folder.resolve())))
        if count < 1:
            self._watcher.notice(
                "the cluster has room for one process only, this one: a process takes "
                f"{'a GPU' if self._on_gpu else f'{self.threads} processors'}"
            )
        errand = Errand(
            self._command,
            self._options,
            str(Path.cwd()),
            identity,
            traits(on_gpu=self._on_gpu),
            self.threads,
            self._processes,
            count,
        )
        task = ray.remote(help_out).options(**self._room(), max_retries=0)
        crew = Crew(
            self._cluster,
            count,
            lambda number: task.remote(errand, self._board, number),
            lambda number: self._board.release.remote(number),
            self._watcher,
        )
        own = OwnBoard(RemoteBoard(ray, self._board), folder, self._watcher)
        try:
            yield SharedStages(own, 0, self._watcher)
        finally:
            crew.end()

    def _room(self) -> dict[str, float]:
        """What a process takes."""
        return {"num_cpus": 1, "num_gpus": 1} if self._on_gpu else {"num_cpus": self.threads}

    def _placed_board(self) -> Any:
        """The board, on this machine, in whose name the run's own process takes its room."""
        ray = self._cluster.ray
        strategy = import_module("ray.util.scheduling_strategies").NodeAffinitySchedulingStrategy
        room = self._room() if self._processes[self._cluster.here] else {"num_cpus": 0}
        board = (
            ray.remote(BoardActor)
            .options(**room, scheduling_strategy=strategy(self._cluster.here, soft=False))
            .remote(ray.get_gpu_ids)
        )
        try:
            devices = ray.get(board.devices.remote(), timeout=_FREE_WITHIN)
        except ray.exceptions.RayError as error:
            raise ToolFailure(
                "the cluster has no room for this run's own process on this machine",
                help="wait until others have left it, or leave out `--cluster`",
            ) from error
        if self._on_gpu:
            os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(map(str, devices))
        return board


def help_out(errand: Errand, board: Any, process: int) -> str:
    """Help a run, in a process of the cluster's; why that can't be, where it can't."""
    ray = import_module("ray")
    try:
        _help(errand, RemoteBoard(ray, board), process, ray.get_runtime_context().get_node_id())
    except BoardGoneError:
        pass  # and so is the run
    except (ToolFailure, SpecError) as failure:
        return f"`{platform.node()}` can't help: {failure}"
    return ""


def _help(errand: Errand, board: RemoteBoard, process: int, here: str) -> None:
    os.chdir(errand.folder)
    unlike = difference(traits(on_gpu="GPU" in errand.traits), errand.traits)
    if unlike:
        raise ToolFailure(f"it has {unlike}")
    import torch

    torch.set_num_threads(errand.threads)

    def join(identity: str) -> SharedStages:
        if identity != errand.identity:
            raise ToolFailure("the spec, the network or the maps there are not the same")
        return SharedStages(board, process, Unwatched())

    options = Namespace(**errand.options)
    options.processes = errand.processes.get(here, 1)
    command = import_module(f"causalspec.commands.{errand.command}")
    command.help_run(options, join, (process - 1) / errand.helpers)


def _takes_gpus(options: Namespace, here: Machine) -> bool:
    """Whether each process takes a GPU."""
    device = options.device or ("cuda" if here.gpus else "cpu")
    if ":" in device:
        raise ToolFailure(
            f"`--device {device}` names one device, but `--cluster` takes all that there are",
            help=f"write `--device {device.partition(':')[0]}`",
        )
    return device == "cuda"


def _threads() -> int:
    """How many threads a process has: one, unless the user says otherwise."""
    told = os.environ.get("OMP_NUM_THREADS", "")
    return max(1, int(told)) if told.isdecimal() else 1
