"""Runs the commands of a study one after the other; one that ran as it stands is not run anew."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
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
    runs = [run for step in study.steps for run in step.runs]
    return {run.name: _run(run, marks, places, say) for run in runs}


def _run(step: Step, marks: str, places: Places, say: Callable[[str], None]) -> float:
    done = places.results / f"{step.name}.done.json"
    wanted = {"command": step.command, "marks": marks}
    kept = json.loads(done.read_text(encoding="utf-8")) if done.exists() else {}
    if {name: kept.get(name) for name in wanted} == wanted:
        say(f"  {step.name}: done before, in {kept['seconds']:.0f} s")
        return float(kept["seconds"])
    say(f"  {step.name}: {step.command}")
    log = places.results / f"{step.name}.log"
    begun, used = time.perf_counter(), _processor_seconds()
    with log.open("w", encoding="utf-8") as errors:
        status, printed = _call(step.command, places, errors.fileno())
    # Beside other work, or stopped for a while, a command takes longer than it needs.
    seconds = min(time.perf_counter() - begun, _processor_seconds() - used)
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


def _processor_seconds() -> float:
    """What all commands that have ended have used."""
    times = os.times()
    return times.children_user + times.children_system


def _call(command: str, places: Places, errors: int) -> tuple[int, bytes]:
    words = [
        word.format(results=places.results, models=places.models) for word in shlex.split(command)
    ]
    if words[0] not in _PROGRAMS:
        raise StudyError(f"`{words[0]}` is not `causalspec` or `python`: {command}")
    program = sys.executable, *_PROGRAMS[words[0]][0]
    done = subprocess.run(
        [*program, *words[1:]], cwd=places.root, stdout=subprocess.PIPE, stderr=errors, check=False
    )
    return done.returncode, done.stdout
