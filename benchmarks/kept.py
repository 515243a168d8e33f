"""What benchmarks measured, kept beside the machine that it was measured on."""

from __future__ import annotations

import json
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
TIMED = ("torch", "pyvene")
"""Packages whose version a time depends on, where they are installed."""


def keep(name: str, figures: Any, entry: str | None = None) -> None:
    """Write `benchmarks/results/NAME.json`; of a file with entries, renew one and let the others
    stay, each with the machine that it was measured on.
    """
    path = RESULTS / f"{name}.json"
    kept: dict[str, Any] = {"machine": machine(), "figures": figures}
    if entry is not None:
        others: dict[str, Any] = (
            json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        )
        kept = {**others, entry: kept}
    RESULTS.mkdir(exist_ok=True)
    path.write_text(json.dumps(kept, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def machine() -> dict[str, Any]:
    """The machine, what is installed there, and how busy it was over the last minute."""
    return {
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        **{package: found for package in TIMED if (found := _installed(package))},
        "load": round(os.getloadavg()[0], 1),
    }


def _installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
