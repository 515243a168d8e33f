"""What is shown of a run: one bar for the whole on a terminal, a line a minute in a log."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from rich.console import Console

from causalspec.progress import Standing, TerminalWatcher
from causalspec.runtime.watch import Costs, Part, Work
from tests.helpers.tiny_player import SPEC

PARTS = (
    Part("First: 3 sites", Work(steps=100), Costs(step=1.0, scored=0.5, read=0.1)),
    Part("Second: 1 site", Work(steps=100, scored=100), Costs(step=2.0, scored=1.0, read=0.1)),
)


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def watched(*, terminal: bool) -> tuple[TerminalWatcher, Clock, io.StringIO]:
    clock, written = Clock(), io.StringIO()
    console = Console(file=written, force_terminal=terminal, width=100, color_system=None)
    return TerminalWatcher(console, clock), clock, written


def test_the_time_left_follows_the_pace() -> None:
    clock = Clock()
    standing = Standing(clock, clock())
    assert (standing.share, standing.left, standing.line) == (None, None, "0 s")
    standing.begin(PARTS)
    assert (standing.share, standing.left) == (0.0, 400.0)
    clock.now += 100  # twice as long as was expected
    standing.count(Work(steps=50))
    assert standing.share == 50 / 400
    assert standing.left == 350 * (100 + 20) / (50 + 20)
    standing.count(Work(steps=500))  # more than was foreseen of this part is nothing to the others
    assert standing.share == 100 / 400
    standing.enter(1)
    assert standing.share == 100 / 400
    standing.count(Work(steps=100, scored=50))
    assert standing.share == 350 / 400
    standing.enter(2)
    standing.count(Work(steps=1))
    assert (standing.share, standing.left) == (1.0, 0.0)
    assert standing.line == "100%, 1 min 40 s, about 0 s left"


def test_a_part_that_ends_early_is_over() -> None:
    standing = Standing(Clock())
    standing.begin(PARTS)
    standing.count(Work(steps=1))
    standing.enter(1)
    assert standing.share == 100 / 400


def test_a_log_says_what_is_planned_and_where_it_stands() -> None:
    watcher, clock, written = watched(terminal=False)
    with watcher:
        watcher.begin(PARTS)
        watcher.notice("memory ran out")
        with watcher.work("[b]First[/b]: residual\x1b, layer 3", 200) as advance:
            advance(40, "loss 0.312")
            watcher.done(Work(steps=40))
            clock.now += 60
            watcher.tell()
        clock.now += 60
        watcher.tell()
    assert written.getvalue().splitlines() == [
        "plan: First: 3 sites",
        "plan: Second: 1 site",
        "note: memory ran out",
        "10%, 1 min 0 s, about 8 min 0 s left: [b]First[/b]: residual␛, layer 3 40/200 loss 0.312",
        "10%, 2 min 0 s, about 14 min 0 s left",
    ]


def test_a_log_is_written_while_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("causalspec.progress.LOG_SECONDS", 0.01)
    watcher, _, written = watched(terminal=False)
    with watcher, watcher.work("loading", 1):
        until = time.monotonic() + 30
        while written.getvalue().count("\n") < 3 and time.monotonic() < until:
            time.sleep(0.01)
    lines = written.getvalue().splitlines()
    assert set(lines) == {"0 s: loading"}
    assert len(lines) >= 3


def test_a_terminal_shows_one_bar_that_moves_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("causalspec.progress.REFRESHES", 100)
    watcher, clock, written = watched(terminal=True)
    with watcher:
        watcher.begin(PARTS)
        with watcher.work("First: layer 3", 200) as advance:
            advance(40, "loss 0.312")
            watcher.done(Work(steps=40))
            until = time.monotonic() + 30
            while "about 9 min 0 s left" not in written.getvalue() and time.monotonic() < until:
                # Nothing is told, and the time that is over is shown all the same.
                clock.now = min(clock.now + 10, 1_070)
                time.sleep(0.01)
    shown = written.getvalue()
    assert "First: layer 3 40/200 loss 0.312" in shown
    assert " 10% " in shown
    assert "plan: Second: 1 site" in shown
    assert "about 9 min 0 s left" in shown
    assert "\x1b[2K" in shown.rpartition("loss 0.312")[2]  # it is gone at the end


def test_what_nobody_planned_shows_its_own_share() -> None:
    watcher, clock, written = watched(terminal=False)
    with watcher.work("writing", 10) as advance:
        advance(3, "train")
        clock.now += 60
        watcher.tell()
    assert written.getvalue() == "30%, 1 min 0 s: writing 3/10 train\n"


BARS = """
import sys
from causalspec.command_line import main
status = main(["plan", *sys.argv[1:]])
from tqdm.auto import tqdm  # as transformers takes it, for weights and GGUF files
print(int(status), tqdm([1]).disable)
"""


def test_other_libraries_show_no_bars(player: Path, tmp_path: Path) -> None:
    spec = tmp_path / "pick.causal"
    spec.write_text(SPEC, encoding="utf-8")
    arguments = [str(spec), "--network", str(player), "--device", "cpu"]
    environment = {name: value for name, value in os.environ.items() if name != "TQDM_DISABLE"}
    done = subprocess.run(
        [sys.executable, "-c", BARS, *arguments],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
        cwd=tmp_path,
    )
    assert done.stdout.splitlines()[-1] == "0 True"
    assert "it/s" not in done.stderr
