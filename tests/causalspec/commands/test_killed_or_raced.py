"""Runs that are killed, ended or raced: nothing mixed, nothing left, all whole, nothing done twice.

A thousand runs with CAUSALSPEC_LONG=1, some dozens without.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.forked_runs import ForkedRuns, Run
from tests.helpers.tiny_player import SPEC

pytestmark = pytest.mark.skipif(os.name != "posix", reason="forks and signals are POSIX's")

LONG = bool(os.environ.get("CAUSALSPEC_LONG"))
DATA_RUNS, VERIFY_RUNS = (800, 200) if LONG else (24, 6)

TRAINED = SPEC.replace("layers 0..1", "layers 1..1")
FORMS = ("jsonl", "csv", "parquet", "datasets", "safetensors")
SEEDS = (1, 2, 3) if LONG else (1, 2)
ENDED = {0, 1, -signal.SIGKILL, -signal.SIGTERM, 143}
"""A claim of so short a fit may fail; SIGTERM can come before the command minds it."""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("spec.causal").write_text(TRAINED, encoding="utf-8")
    return tmp_path


def disturbed(arguments: list[str], chance: random.Random, longest: float) -> Run:
    """A run that is killed, asked to end, or let alone."""
    how = chance.choice((signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, 0))
    return Run(arguments, chance.uniform(0, longest), int(how))


# Data --------------------------------------------------------------------------------------------


def data(form: str, seed: int, out: str) -> list[str]:
    rows = ["--split", "test", "--rows", "8000", "--seed", str(seed)]
    return ["causalspec", "data", "spec.causal", "SwapColor", *rows, "--form", form, "--out", out]


def rows_of(form: str) -> str:
    if form == "datasets":
        return "SwapColor/test/data-00000-of-00001.arrow"
    return f"SwapColor.test.{form}"


def check_data(out: Path, whole: Mapping[tuple[str, int], bytes]) -> None:
    """Every file of rows is some run's, and the manifest vouches for the rows that it names."""
    for form in FORMS:
        rows = out / rows_of(form)
        if rows.exists():
            assert rows.read_bytes() in [whole[form, seed] for seed in SEEDS]
    manifest = out / "SwapColor.test.manifest.json"
    if manifest.exists():
        told = json.loads(manifest.read_text(encoding="utf-8"))
        assert told["file"] == rows_of(told["form"])
        rows = (out / told["file"]).read_bytes()
        assert rows == whole[told["form"], told["seed"]]
        assert hashlib.sha256(rows).hexdigest() == told["sha256"]


def test_data(here: Path, forked: ForkedRuns) -> None:
    whole: dict[tuple[str, int], bytes] = {}
    for form in FORMS:
        assert forked(*(Run(data(form, seed, f"{form}{seed}")) for seed in SEEDS)) == [0] * len(
            SEEDS
        )
        for seed in SEEDS:
            whole[form, seed] = (here / f"{form}{seed}" / rows_of(form)).read_bytes()

    chance, out, runs = random.Random(0), here / "out", 0
    out.mkdir()
    while runs < DATA_RUNS:
        raced = [
            disturbed(data(chance.choice(FORMS), chance.choice(SEEDS), "out"), chance, 0.3)
            for _ in range(chance.randint(1, 4))
        ]
        assert set(forked(*raced)) <= ENDED
        runs += len(raced)
        check_data(out, whole)
    assert forked(Run(data("jsonl", 1, "out"))) == [0]
    check_data(out, whole)
    expected = {"SwapColor", "SwapColor.test.manifest.json", *map(rows_of, FORMS)}
    assert {path.name for path in out.iterdir()} <= expected


# Verification ------------------------------------------------------------------------------------


def verification(player: Path, seed: int, out: str, steps: int = 12) -> list[str]:
    network = ["--network", str(player), "--device", "cpu", "--steps", str(steps)]
    return ["causalspec", "verify", "spec.causal", *network, "--seed", str(seed), "--out", out]


def result_of(folder: Path) -> Any:
    """The result, less what may differ: how long it took, how it was asked for and how often."""
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    result["manifest"].pop("command")
    for verdict in result["verdicts"]:
        verdict.pop("seconds")
        verdict.pop("memory")
        verdict.pop("looks")
    return result


UNFINISHED = ".*.run-*/*.safetensors"
"""The stages of runs whose results are still to come."""


def test_what_was_killed_goes_on_where_it_stood(
    player: Path, here: Path, forked: ForkedRuns
) -> None:
    whole = forked(Run(verification(player, 0, "whole", steps=60)))
    assert whole in ([0], [1], [4])
    killed = verification(player, 0, "killed", steps=60)
    assert forked(Run(killed, 0.0, signal.SIGKILL, UNFINISHED)) == [-signal.SIGKILL]
    assert not Path("killed").exists()
    assert list(here.glob(UNFINISHED))
    assert forked(Run(killed)) == whole
    assert result_of(Path("killed")) == result_of(Path("whole"))
    assert sorted(entry.name for entry in here.iterdir()) == ["killed", "spec.causal", "whole"]


@pytest.mark.parametrize("stage", ["*token-last-????????", "*and-1-more*"])
def test_fits_that_share_batches_go_on_together(
    stage: str, player: Path, here: Path, forked: ForkedRuns
) -> None:
    Path("spec.causal").write_text(SPEC, encoding="utf-8")  # two layers
    whole = forked(Run(verification(player, 0, "whole", steps=60)))
    killed = verification(player, 0, "killed", steps=60)
    awaited = f".*.run-*/{stage}.safetensors"
    assert forked(Run(killed, 0.0, signal.SIGKILL, awaited)) == [-signal.SIGKILL]
    assert list(here.glob(awaited))
    assert forked(Run(killed)) == whole
    assert result_of(Path("killed")) == result_of(Path("whole"))


@pytest.mark.parametrize("stage", ["self-swap", "site-resampled", "unmapped-resampled--draw-3"])
def test_what_was_killed_among_its_controls_goes_on_there(
    stage: str, player: Path, here: Path, forked: ForkedRuns
) -> None:
    awaited = f".*.run-*/*{stage}-*.safetensors"
    whole = forked(Run(verification(player, 0, "whole")))
    killed = verification(player, 0, "killed")
    assert forked(Run(killed, 0.0, signal.SIGKILL, awaited)) == [-signal.SIGKILL]
    assert list(here.glob(awaited))
    assert forked(Run(killed)) == whole
    assert result_of(Path("killed")) == result_of(Path("whole"))
    assert sorted(entry.name for entry in here.iterdir()) == ["killed", "spec.causal", "whole"]


def check_results(out: Path, whole: Mapping[int, Any]) -> None:
    """The folder is one run's, and holds what its manifest says, or is not there."""
    if not out.exists():
        return
    told = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    for name, content in told["contents"].items():
        assert hashlib.sha256((out / name).read_bytes()).hexdigest() == content["sha256"]
    files = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert files == {"manifest.json", *told["contents"]}
    assert result_of(out) == whole[told["seed"]]


def test_verify(player: Path, here: Path, forked: ForkedRuns) -> None:
    whole: dict[int, Any] = {}
    for seed in SEEDS:
        [status] = forked(Run(verification(player, seed, f"whole{seed}")))
        assert status in (0, 1)
        whole[seed] = result_of(here / f"whole{seed}")

    chance, out, runs = random.Random(0), here / "out", 0
    while runs < VERIFY_RUNS:
        raced = [
            disturbed(verification(player, chance.choice(SEEDS), "out"), chance, 1.5)
            for _ in range(chance.randint(1, 2))
        ]
        # 5: another process is at work there.
        assert set(forked(*raced)) <= ENDED | {5}
        runs += len(raced)
        check_results(out, whole)
    for seed in SEEDS:  # each goes on from what its killed ones left
        assert forked(Run(verification(player, seed, "out")))[0] in (0, 1)
        check_results(out, whole)
    names = {path.name for path in here.iterdir()}
    assert names == {"spec.causal", "out", *(f"whole{seed}" for seed in SEEDS)}
