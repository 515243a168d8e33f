"""A Ray cluster of this machine's processes, for as long as a block lasts."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from filelock import FileLock

PROCESSES = 3

ONE_CLUSTER_AT_A_TIME = FileLock(Path(tempfile.gettempdir()) / "causalspec-tests-cluster.lock")
"""Held by the tests that have one: workers of a test run would find each other's."""

_TOKEN = secrets.token_hex(32)  # Ray reads it once a process

_HEAD = """
import sys, ray
started = ray.init(
    num_cpus=int(sys.argv[1]), include_dashboard=False, configure_logging=False,
    logging_level="CRITICAL", _temp_dir=sys.argv[2],
)
print(started.address_info["gcs_address"], flush=True)
sys.stdin.read()
"""


@dataclass(frozen=True, slots=True)
class LocalCluster:
    """Where a cluster is, and the process that started it."""

    address: str
    process: psutil.Process

    def at(self, task: str) -> list[psutil.Process]:
        """Its processes that are at a task now."""
        found: list[psutil.Process] = []
        for child in self.process.children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                if " ".join(child.cmdline()).startswith(f"ray::{task}"):
                    found.append(child)
        return found


@contextmanager
def local_cluster() -> Generator[LocalCluster]:
    """A cluster with room for `PROCESSES` processes of one thread, once no other tests have one."""
    with ONE_CLUSTER_AT_A_TIME, _started() as started:
        yield started


@contextmanager
def _started() -> Generator[LocalCluster]:
    asked = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": _TOKEN}
    folder = tempfile.mkdtemp(prefix="ray-", dir="/tmp")  # sockets take no long paths
    head = subprocess.Popen(
        [sys.executable, "-c", _HEAD, str(PROCESSES), folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | {"RAY_USAGE_STATS_ENABLED": "0"} | asked,
    )
    before = {name: os.environ.get(name) for name in asked}
    os.environ.update(asked)
    try:
        assert head.stdout is not None
        yield LocalCluster(head.stdout.readline().strip(), psutil.Process(head.pid))
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
        head.communicate("")
        shutil.rmtree(folder, ignore_errors=True)
