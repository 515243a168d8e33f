"""Runs of commands in forks of one warm process, so that a thousand take minutes.

As a program it reads a folder and some runs a line, as JSON. All runs start at once, each gets its
signal (0: none) after so many seconds, and not before there is what its glob names. It answers with
their statuses.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import NoReturn


@dataclass(frozen=True, slots=True)
class Run:
    """A command: `causalspec`, `pytest` or `python` with its arguments.

    `signal` (0: none) is sent after `delay` seconds and when there is what the glob `awaited`
    names. Where `output` names a file, both streams are written there; pytest shows what others
    complain of where a test fails.
    """

    command: Sequence[str]
    delay: float = 0.0
    signal: int = 0
    awaited: str = ""
    output: str = ""
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))


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
        line = json.dumps([str(Path.cwd()), [asdict(run) for run in runs]])
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        statuses: list[int] = json.loads(self._process.stdout.readline())
        return statuses


def _serve() -> None:
    programs = _warm()
    for line in sys.stdin:
        folder, runs = json.loads(line)
        os.chdir(folder)
        started = [(Run(**run), _forked(programs, Run(**run))) for run in runs]
        beginning = time.monotonic()
        for run, process in sorted(started, key=lambda pair: pair[0].delay):
            if run.signal:
                time.sleep(max(0.0, beginning + run.delay - time.monotonic()))
                while run.awaited and not any(Path().glob(run.awaited)) and _is_running(process):
                    time.sleep(0.001)
                os.kill(process, run.signal)
        statuses = [os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) for _, process in started]
        print(json.dumps(statuses), flush=True)


def _warm() -> dict[str, Callable[[Sequence[str]], object]]:
    """The programs, and before what every run would have to import."""
    import runpy

    import datasets  # noqa: F401
    import pyarrow.parquet  # noqa: F401
    import pytest
    import sympy  # noqa: F401
    import transformers.models.llama  # noqa: F401
    import z3  # noqa: F401

    import causalspec.compiler.data.forms.write
    import causalspec.runtime.scoring.verify  # noqa: F401
    from causalspec.command_line import main

    def python(arguments: Sequence[str]) -> None:
        runpy.run_path(arguments[0], run_name="__main__")

    def run_pytest(arguments: Sequence[str]) -> object:
        """Plugins that are imported already can't be rewritten; here none asserts."""
        return pytest.main([*arguments, "-W", "ignore::pytest.PytestAssertRewriteWarning"])

    return {"causalspec": main, "pytest": run_pytest, "python": python}


def _forked(programs: Mapping[str, Callable[[Sequence[str]], object]], run: Run) -> int:
    process = os.fork()
    if process == 0:
        _run(programs[run.command[0]], run)
    return process


def _is_running(process: int) -> bool:
    """Whether it has not ended; it stays there to be waited for."""
    return os.waitid(os.P_PID, process, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None


def _run(program: Callable[[Sequence[str]], object], run: Run) -> NoReturn:
    status: object = 99
    try:
        os.environ.clear()
        os.environ.update(run.environment)
        output = os.open(run.output or os.devnull, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for descriptor in (1, 2) if run.output else (1,):
            os.dup2(output, descriptor)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        sys.stdout.reconfigure(write_through=True)  # type: ignore[union-attr]
        status = program(run.command[1:])
    except SystemExit as stop:
        status = stop.code
    finally:
        sys.stdout.flush()
        os._exit(int(status or 0))  # type: ignore[call-overload]


if __name__ == "__main__":
    _serve()
