"""`--memory`: whatever fits in it, a run comes to the same, and what has no room is told."""

from __future__ import annotations

import errno
import json
import os
from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch

from causalspec.commands.arguments import size
from causalspec.runtime.engine import keeping
from causalspec.runtime.engine.peak_memory import peak_device_memory, peak_memory
from causalspec.runtime.engine.storage import MemoryBudget
from tests.helpers.terminal import Terminal
from tests.helpers.tiny_player import SPEC


def test_sizes() -> None:
    assert [size(text) for text in ("7", "1.5KiB", "2 GB", "12GiB")] == [
        7, 1536, 2 * 10**9, 12 * 2**30,
    ]  # fmt: skip
    for text in ("", "GiB", "1.2.3GB", "1e9", "9" * 16):
        with pytest.raises(ArgumentTypeError):
            size(text)


def scores(run: Terminal, player: Path, out: str, *more: str) -> tuple[Any, str]:
    """The scores of every site and of the test pairs, and what was complained of."""
    where = ("--network", str(player), "--device", "cpu", "--steps", "5", "--out", out)
    status, _, complaint = run("verify", "spec.causal", *where, *more)
    assert status in (0, 1, 4), complaint
    verdict = json.loads(Path(out, "result.json").read_text(encoding="utf-8"))["verdicts"][0]
    told = " ".join(complaint.split())
    return (verdict["score"], [site["validation"] for site in verdict["sites"]]), told


def test_a_run_comes_to_the_same_in_little_memory(
    run: Terminal, player: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.write(spec=SPEC)
    expected, _ = scores(run, player, "whole")
    in_file, told = scores(run, player, "in_file", "--memory", "20KB")
    assert "of activations are kept in a file in `" in told
    assert in_file == expected
    monkeypatch.setattr(MemoryBudget, "disk", lambda _budget: 0)
    monkeypatch.setattr(keeping, "_BATCH", 8)  # there are hardly more inputs than it has rows
    anew, told = scores(run, player, "anew", "--memory", "20KB")
    assert "each batch is run anew, since the activations do not fit in memory" in told
    assert anew == expected
    names = {path.name for path in Path().iterdir()}
    assert names == {"spec.causal", "whole", "in_file", "anew"}


def test_a_disk_that_fills_loses_nothing(
    run: Terminal, player: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The operating system has no room for the last file of activations: what came before is kept,
    and the same command goes on from there.
    """
    run.write(spec=SPEC)
    expected, _ = scores(run, player, "whole")
    reserved: list[int] = []
    reserve = os.posix_fallocate

    def filling(descriptor: int, start: int, size: int) -> None:
        reserved.append(size)
        if sum(reserved) > room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        reserve(descriptor, start, size)

    monkeypatch.setattr(os, "posix_fallocate", filling)
    room = 10**9
    scores(run, player, "roomy", "--memory", "20KB")
    room, reserved = sum(reserved) - 1, []
    where = ("--network", str(player), "--device", "cpu", "--steps", "5", "--out", "out")
    status, _, complaint = run("verify", "spec.causal", *where, "--memory", "20KB")
    assert status == 5
    told = " ".join(complaint.split())
    assert f"bytes of activations in `{Path().resolve()}`: No space left on device" in told
    assert "what is finished is kept, and the same command goes on from there" in told
    stages = list(Path().glob(".out.run-*/*.safetensors"))
    assert stages
    assert not Path("out").exists()
    assert not list(Path().glob(".activations-*"))
    room = 10**9
    again, _ = scores(run, player, "out", "--memory", "20KB")
    assert again == expected
    assert not list(Path().glob(".out.*"))


def test_the_most_that_was_taken(run: Terminal, player: Path) -> None:
    before = psutil.Process().memory_info().rss
    assert peak_memory() >= before - 2**20  # the kernel counts pages in batches
    block = torch.ones(64 * 2**20, dtype=torch.uint8)
    held = psutil.Process().memory_info().rss
    assert held >= block.nbytes
    del block
    assert peak_memory() >= held - 2**20
    assert peak_device_memory(torch.device("cpu")) == 0
    with pytest.MonkeyPatch.context() as gpu:
        gpu.setattr(torch.cuda, "max_memory_allocated", lambda device: 7 * device.index)
        assert peak_device_memory(torch.device("cuda:3")) == 21
    run.write(spec=SPEC)
    scores(run, player, "out")
    [verdict] = json.loads(Path("out/result.json").read_text(encoding="utf-8"))["verdicts"]
    assert held - 2**20 <= verdict["memory"] <= peak_memory()
    assert verdict["device_memory"] == 0


def test_less_than_a_batch_is_refused_and_the_same_command_goes_on(
    run: Terminal, player: Path
) -> None:
    run.write(spec=SPEC)
    where = ("--network", str(player), "--device", "cpu", "--steps", "5", "--out", "out")
    with pytest.MonkeyPatch.context() as full:
        full.setattr(MemoryBudget, "disk", lambda _budget: 0)
        status, _, complaint = run("verify", "spec.causal", *where, "--memory", "1KB")
    assert status == 5
    assert "error: 1.0 KiB of memory are less than a batch of 32 prompts takes, " in complaint
    assert not Path("out").exists()
    assert run("verify", "spec.causal", *where)[0] in (0, 1, 4)
