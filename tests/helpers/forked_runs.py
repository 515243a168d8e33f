"""Runs of the command line in forks of one warm process, so that a thousand take minutes.

As a program it reads a folder and some runs a line, as JSON:
`[folder, [[arguments, delay, signal, glob], …]]`
All start at once, each gets its signal (0: none) after so many seconds, and not before
there is what its glob names. It answers with their statuses.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from types import TracebackType
from typing import NoReturn


@dataclass(frozen=True, slots=True)
class Run:
    """Arguments of the command, the signal (0: none) that it gets after so many seconds, and the
    glob of what must be there before."""

    arguments: Sequence[str]
    delay: float = 0.0
    signal: int = 0
    awaited: str = ""


class ForkedRuns:
    """The warm process, as seen from a test."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )

    def __enter__(self) -> ForkedRuns:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.communicate(timeout=60)

    def __call__(self, *runs: Run) -> list[int]:
        """The statuses of runs that start together; minus the signal where one was killed by it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        line = json.dumps([str(Path.cwd()), [astuple(run) for run in runs]])
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        statuses: list[int] = json.loads(self._process.stdout.readline())
        return statuses


def _serve() -> None:
    _warm()
    for line in sys.stdin:
        folder, runs = json.loads(line)
        os.chdir(folder)
        started = [(delay, _forked(arguments), *how) for arguments, delay, *how in runs]
        beginning = time.monotonic()
        for delay, process, wanted, awaited in sorted(started):
            if wanted:
                time.sleep(max(0.0, beginning + delay - time.monotonic()))
                while awaited and not any(Path().glob(awaited)) and _is_running(process):
                    time.sleep(0.001)
                os.kill(process, wanted)
        statuses = [
            os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) for _, process, *_ in started
        ]
        print(json.dumps(statuses), flush=True)


def _warm() -> None:
    """What every run would have to import."""
    import datasets  # noqa: F401
    import pyarrow.parquet  # noqa: F401
    import transformers.models.llama  # noqa: F401

    import causalspec.compiler.data.forms.write
    import causalspec.runtime.scoring.verify  # noqa: F401


def _forked(arguments: Sequence[str]) -> int:
    process = os.fork()
    if process == 0:
        _run(arguments)
    return process


def _is_running(process: int) -> bool:
    """Whether it has not ended; it stays there to be waited for."""
    return os.waitid(os.P_PID, process, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None


def _run(arguments: Sequence[str]) -> NoReturn:
    status = 99
    try:
        nowhere = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1):  # pytest shows complaints where a test fails
            os.dup2(nowhere, descriptor)
        from causalspec.command_line import main

        status = main(arguments)
    finally:
        os._exit(status)


if __name__ == "__main__":
    _serve()
