"""Runs the commands of a study step by step; one that ran as it stands is not run anew."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.reproductions.study import Step, Study, StudyError

_PROGRAMS: Mapping[str, tuple[tuple[str, ...], frozenset[int]]] = {
    "python": ((), frozenset({0})),
    "causalspec": (("-m", "causalspec.command_line"), frozenset({0, 1, 4})),
}
"""What a command may begin with, and the exit statuses that come with results: causalspec's say
that all holds, that something does not, or that something is unknown.
"""


@dataclass(frozen=True, slots=True)
class Places:
    """Where commands run, where results lie and where networks lie."""

    root: Path
    results: Path
    models: Path


def run_steps(
    study: Study, marks: str, places: Places, say: Callable[[str], None]
) -> dict[str, float]:
    """The seconds that each step took, when it ran, without those in which it had to wait for a
    processor. `marks` says what they depend on.

    Raises `StudyError` where a command fails: what was done stays, and the same call goes on there.
    """
    places.results.mkdir(parents=True, exist_ok=True)
    seconds: dict[str, float] = {}
    for step in study.steps:
        threads = max(1, (os.cpu_count() or 1) // step.at_once) if step.at_once > 1 else None
        run_one = partial(_run, marks=marks, places=places, say=say, threads=threads)
        with ThreadPoolExecutor(step.at_once) as side_by_side:
            took = side_by_side.map(run_one, step.runs)
            seconds |= {run.name: each for run, each in zip(step.runs, took, strict=True)}
    return seconds


def minutes_of(study: Study, seconds: Mapping[str, float]) -> float:
    """What the study takes, from the seconds of its runs: those side by side share the time."""
    total = 0.0
    for step in study.steps:
        taken = [seconds[run.name] for run in step.runs]
        total += max(sum(taken) / step.at_once, max(taken))
    return total / 60


def _run(
    step: Step, marks: str, places: Places, say: Callable[[str], None], threads: int | None
) -> float:
    done = places.results / f"{step.name}.done.json"
    wanted = {"command": step.command, "marks": marks}
    kept = json.loads(done.read_text(encoding="utf-8")) if done.exists() else {}
    if {name: kept.get(name) for name in wanted} == wanted:
        say(f"  {step.name}: done before, in {kept['seconds']:.0f} s")
        return float(kept["seconds"])
    say(f"  {step.name}: {step.command}")
    log = places.results / f"{step.name}.log"
    with log.open("w", encoding="utf-8") as errors:
        status, printed, seconds = _call(step.command, places, errors.fileno(), threads)
    if status not in _PROGRAMS[step.command.split()[0]][1]:
        last = log.read_text(encoding="utf-8").strip().splitlines()[-3:]
        raise StudyError(
            f"`{step.name}` ended with {status}: {' / '.join(last) or 'nothing was said'} ({log})"
        )
    if step.output:
        (places.results / step.output).write_bytes(printed)
    partial = done.with_suffix(".partial")
    partial.write_text(json.dumps({**wanted, "seconds": seconds, "status": status}) + "\n")
    partial.replace(done)
    say(f"  {step.name}: {seconds:.0f} s")
    return seconds


def _call(
    command: str, places: Places, errors: int, threads: int | None
) -> tuple[int, bytes, float]:
    """A command's exit status, what it printed and the seconds it took, by that many threads."""
    words = [
        word.format(results=places.results, models=places.models) for word in shlex.split(command)
    ]
    if words[0] not in _PROGRAMS:
        raise StudyError(f"`{words[0]}` is not `causalspec` or `python`: {command}")
    program = sys.executable, *_PROGRAMS[words[0]][0]
    environment = os.environ | ({} if threads is None else {"OMP_NUM_THREADS": str(threads)})
    begun = time.perf_counter()
    process = subprocess.Popen(
        [*program, *words[1:]],
        cwd=places.root,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=errors,
    )
    assert process.stdout is not None
    with process.stdout:
        printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    # Beside other work, or stopped for a while, a command takes longer than it needs.
    seconds = min(time.perf_counter() - begun, usage.ru_utime + usage.ru_stime)
    return process.returncode, printed, seconds
