"""A run that is killed goes on where it stood and comes to the same result."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.tiny_player import SPEC

pytestmark = pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX's")

TRAINED = SPEC.replace("layers 0..1", "layers 1..1")
PATIENCE = 120


def result_of(folder: Path) -> Any:
    """The result, less what may differ: how long it took and how it was asked for."""
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    result["manifest"].pop("command")
    for verdict in result["verdicts"]:
        verdict.pop("seconds")
    return result


def unfinished(folder: Path) -> list[str]:
    """The stages of the runs whose results are still to come."""
    return sorted(one.name for one in folder.glob(".*.run-*/*.safetensors"))


def started(arguments: list[str], folder: str) -> subprocess.Popen[bytes]:
    """The command in a process of its own, on one thread: sums depend on how many share them."""
    command = [sys.executable, "-m", "causalspec.command_line", *arguments, "--out", folder]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, stdout=quiet, stderr=quiet, env=environment)


def test_killed_and_run_again(
    player: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("spec.causal").write_text(TRAINED, encoding="utf-8")
    arguments = ["verify", "spec.causal", "--network", str(player), "--device", "cpu"]
    arguments += ["--steps", "60"]
    whole = started(arguments, "whole").wait()
    assert whole in (0, 1, 4)

    process = started(arguments, "killed")
    deadline = time.monotonic() + PATIENCE
    while not unfinished(tmp_path):
        assert process.poll() is None, "the run ended before anything was kept"
        assert time.monotonic() < deadline, "the run keeps nothing"
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not Path("killed").exists()
    assert unfinished(tmp_path)

    assert started(arguments, "killed").wait() == whole
    assert result_of(Path("killed")) == result_of(Path("whole"))
    assert sorted(one.name for one in tmp_path.iterdir()) == ["killed", "spec.causal", "whole"]
