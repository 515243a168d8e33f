"""`--memory`: whatever fits in it, a run comes to the same, and what has no room is told."""

from __future__ import annotations

import json
from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

import pytest

from causalspec.commands.arguments import size
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
    anew, told = scores(run, player, "anew", "--memory", "20KB")
    assert "each batch is run anew, since the activations do not fit in memory" in told
    assert anew == expected
    names = {path.name for path in Path().iterdir()}
    assert names == {"spec.causal", "whole", "in_file", "anew"}


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
