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

from causalspec.command_line import main

from ..tiny_player import SPEC

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


def test_killed_and_run_again(
    player: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("spec.causal").write_text(TRAINED, encoding="utf-8")
    arguments = ["verify", "spec.causal", "--network", str(player), "--device", "cpu"]
    arguments += ["--steps", "60"]
    whole = main([*arguments, "--out", "whole"])

    killed = [sys.executable, "-m", "causalspec.command_line", *arguments, "--out", "killed"]
    process = subprocess.Popen(killed, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + PATIENCE
    while not unfinished(tmp_path):
        assert process.poll() is None, "the run ended before anything was kept"
        assert time.monotonic() < deadline, "the run keeps nothing"
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not Path("killed").exists()
    assert unfinished(tmp_path)

    capsys.readouterr()
    assert main([*arguments, "--out", "killed"]) == whole
    assert result_of(Path("killed")) == result_of(Path("whole"))
    assert sorted(one.name for one in tmp_path.iterdir()) == ["killed", "spec.causal", "whole"]
