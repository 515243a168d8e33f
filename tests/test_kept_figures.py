"""Figures of benchmarks, kept with the machine that they were measured on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import kept


def test_one_entry_is_renewed_and_the_others_stay(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(kept, "RESULTS", tmp_path / "results")
    kept.keep("step", {"seconds": 3}, entry="14 tokens")
    kept.keep("step", {"seconds": 5}, entry="80 tokens")
    first = read(tmp_path)["14 tokens"]
    kept.keep("step", {"seconds": 4}, entry="80 tokens")
    found = read(tmp_path)
    assert {name: entry["figures"] for name, entry in found.items()} == {
        "14 tokens": {"seconds": 3},
        "80 tokens": {"seconds": 4},
    }
    assert found["14 tokens"] == first
    assert found["80 tokens"]["machine"].keys() == kept.machine().keys()
    kept.keep("step", {"seconds": 6})
    assert read(tmp_path)["figures"] == {"seconds": 6}


def read(folder: Path) -> dict[str, Any]:
    text = (folder / "results" / "step.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found
