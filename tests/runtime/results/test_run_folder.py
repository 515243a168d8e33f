"""Finished stages on disk: whole or absent, for one run alone."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime.results.run_folder import Stage, run_folder

STAGE = Stage({"weight": torch.arange(6.0).reshape(2, 3).T}, {"correct": "1"})


def interrupted(destination: Path, identity: str) -> None:
    """A run that finishes one stage and is then interrupted."""
    with pytest.raises(KeyboardInterrupt), run_folder(destination, identity) as folder:
        folder.finish("layer 1: first", STAGE)
        raise KeyboardInterrupt


def test_a_stage_is_found_again_and_the_end_leaves_nothing(tmp_path: Path) -> None:
    interrupted(tmp_path / "out", "seed 0")
    with run_folder(tmp_path / "out", "seed 0") as folder:
        found = folder.find("layer 1: first")
        assert found is not None
        assert torch.equal(found.tensors["weight"], STAGE.tensors["weight"])
        assert found.notes == {"correct": "1"}
        assert folder.find("layer 1: last") is None
        assert folder.find("layer 1- first") is None
    assert list(tmp_path.iterdir()) == []


def test_another_run_starts_afresh(tmp_path: Path) -> None:
    interrupted(tmp_path / "out", "seed 0")
    with run_folder(tmp_path / "out", "seed 1") as folder:
        assert folder.find("layer 1: first") is None
    assert len(list(tmp_path.iterdir())) == 1


def test_a_stage_is_forgotten(tmp_path: Path) -> None:
    with run_folder(tmp_path / "out", "seed 0") as folder:
        folder.finish("a", STAGE)
        folder.forget("a")
        folder.forget("a")
        assert folder.find("a") is None


def test_what_a_power_cut_left_unreadable_is_no_stage(tmp_path: Path) -> None:
    interrupted(tmp_path / "out", "seed 0")
    [stage] = tmp_path.glob(".out.run-*/*.safetensors")
    stage.write_bytes(stage.read_bytes()[:20])
    with run_folder(tmp_path / "out", "seed 0") as folder:
        assert folder.find("layer 1: first") is None


def test_nothing_finished_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), run_folder(tmp_path / "out", "seed 0"):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_two_processes_are_kept_apart(tmp_path: Path) -> None:
    destination = tmp_path / "out"
    with (
        run_folder(destination, "seed 0"),
        pytest.raises(ToolFailure) as caught,
        run_folder(destination, "seed 0"),
    ):
        pass
    assert str(caught.value) == f"another process is at work on `{destination}`"
    assert caught.value.help == "wait for it, or end it"


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    place = tmp_path / "file" / "out"
    with pytest.raises(ToolFailure) as caught, run_folder(place, "seed 0"):
        pass
    assert str(caught.value) == f"can't write beside `{place}`: Not a directory"
