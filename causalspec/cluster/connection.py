"""A Ray cluster that is joined, or started on this machine for as long as it is needed."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from causalspec.compiler import library
from causalspec.dsl.diagnostics import ToolFailure

AUTO = "auto"

_REACHED_WITHIN = 5.0  # seconds
_LONGEST_FOLDER = 40
"""Longer paths leave sockets no room for their names: 107 characters at most."""

Ray = Any
"""The library; it comes with an extra, and is imported when it is asked for."""


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine of a cluster, and how many processors and GPUs it lends."""

    host: str
    processors: int
    gpus: int


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster that this process belongs to; `here` is the machine that it is on."""

    ray: Ray = field(repr=False)
    machines: Mapping[str, Machine]
    here: str


@contextmanager
def connected(address: str) -> Generator[Cluster]:
    """Join the cluster at an address `HOST:PORT`; with `auto` one that runs on this machine, and
    where there is none, start one. What was started here ends with the block, and only that.

    Raises `ToolFailure` where Ray is not installed, or the cluster can't be joined.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    ray = library("ray", "a cluster", "cluster")
    logging.getLogger("ray").setLevel(logging.CRITICAL)  # a run shows its own words alone
    folder: Path | None = None
    terminated = signal.getsignal(signal.SIGTERM)
    try:
        if address != AUTO:
            _check(address)
            _initialise(ray, f"the cluster at `{address}`", address=address)
        elif not _joined(ray):
            folder = _own_folder()
            _initialise(
                ray,
                "this machine",
                address="local",
                num_cpus=_processors(),
                include_dashboard=False,
                _temp_dir=str(folder),
            )
        signal.signal(signal.SIGTERM, terminated)  # Ray has put its own in the place of ours
        yield Cluster(ray, _machines(ray), ray.get_runtime_context().get_node_id())
    finally:
        ray.shutdown()
        signal.signal(signal.SIGTERM, terminated)
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def _joined(ray: Ray) -> bool:
    """Whether there was a cluster on this machine to join."""
    try:
        _initialise(ray, "the cluster on this machine", address=AUTO)
    except _NoClusterError:
        return False
    return True


class _NoClusterError(Exception):
    """There is none to join."""


def _initialise(ray: Ray, named: str, **arguments: object) -> None:
    try:
        ray.init(
            **arguments, log_to_driver=False, configure_logging=False, logging_level="CRITICAL"
        )
    except (ConnectionError, RuntimeError, ValueError, ray.exceptions.RayError, OSError) as error:
        if arguments.get("address") == AUTO and isinstance(error, ConnectionError):
            raise _NoClusterError from error
        reason = str(error).strip().split("\n")[0]
        raise ToolFailure(
            f"can't join {named}: {reason}",
            help="where it asks for a token, `RAY_AUTH_MODE=token` has Ray send that of `~/.ray`; "
            "the same command without `--cluster` comes to the same in this process alone",
        ) from error


def _check(address: str) -> None:
    """Whether anything listens there: Ray would try for half a minute."""
    host, colon, port = address.rpartition(":")
    if "/" in address or not colon or not port.isdecimal():
        raise ToolFailure(
            f"`{address}` is not the address of a cluster",
            help="write `HOST:PORT` as `ray start` says it, on a machine that belongs to the "
            "cluster, or `auto`",
        )
    try:
        socket.create_connection((host.strip("[]"), int(port)), _REACHED_WITHIN).close()
    except (OSError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise ToolFailure(
            f"there is no cluster at `{address}`: {reason or error}",
            help="`ray start --head` starts one; nothing is lost, and the same command goes on "
            "once it is there",
        ) from error


def _processors() -> int:
    """How many this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _own_folder() -> Path:
    """An empty folder with a short path."""
    usual = tempfile.gettempdir()
    parent = usual if len(usual) <= _LONGEST_FOLDER else "/tmp"
    return Path(tempfile.mkdtemp(prefix="causalspec-", dir=parent))


def _machines(ray: Ray) -> dict[str, Machine]:
    """The machines that are up, by their ids."""
    return {
        node["NodeID"]: Machine(
            node["NodeManagerHostname"],
            int(node["Resources"].get("CPU", 0)),
            int(node["Resources"].get("GPU", 0)),
        )
        for node in ray.nodes()
        if node["Alive"]
    }
