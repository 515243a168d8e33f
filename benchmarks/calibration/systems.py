"""The ten simulated systems: a valid and an invalid mapping of each, told apart or not."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from loading import ROOT

from causalspec.compiler import load_specification
from causalspec.runtime.networks.locations import load_task_network
from causalspec.runtime.report.text import outcome
from causalspec.runtime.scoring.verify import verify

FOLDER = ROOT / "specs" / "simulated_systems"
NAMES = (
    "adder", "transistors", "gas", "predators", "heat_rod", "heat_plate", "ising", "tracr", "genes",
    "processor",
)  # fmt: skip


def verdicts_on(name: str) -> dict[str, dict[str, Any]]:
    """By claim what it came to, with its scores."""
    if str(FOLDER) not in sys.path:
        sys.path.append(str(FOLDER))
    specification, diagnostics = load_specification(FOLDER / f"{name}.causal")
    assert specification is not None, diagnostics
    network = load_task_network(f"python:networks:{name}", "cpu")
    with tempfile.TemporaryDirectory() as folder:
        found = verify(specification, network, Path(folder) / "run")
    return {
        verdict.claim: {
            "outcome": outcome(verdict),
            "iia": round(verdict.score.mean, 4),
            **{
                control.name: None if control.not_tested else round(control.score.mean, 4)
                for control in verdict.controls
                if control.name.endswith("_resampled")
            },
        }
        for verdict in found.verdicts
    }
