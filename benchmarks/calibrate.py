"""Do verdicts deserve trust? Claims that are known to be true or wrong, and intervals of what is
known to be nothing.

    python benchmarks/calibrate.py [--seeds 100] [--replicates 2000] [--only PART]

What is finished is kept in benchmarks/results/calibration.json, written whole after each seed: a
run that was ended goes on where it was. `docs/calibration.md` is renewed at the end.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import astuple
from typing import Any

import torch
from calibration import claims, nulls, systems
from calibration.pages import sections
from loading import ROOT, shared_with_tests

simulated = shared_with_tests("interval_coverage")
KEPT = ROOT / "benchmarks" / "results" / "calibration.json"
PAGE = ROOT / "docs" / "calibration.md"

Task = tuple[str, str, Callable[[], Any]]
"""A part, the name of what is measured there, and how."""


def main() -> None:
    """Measure what is not measured yet, and renew the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--replicates", type=int, default=2000)
    parser.add_argument("--only", choices=("systems", "claims", "coverage", "nulls"))
    parser.add_argument("--rows", nargs="*", help="names of claims, all by default")
    options = parser.parse_args()
    torch.set_num_threads(1)
    found = kept()
    tasks = [
        (part, name, measure)
        for part, name, measure in all_tasks(options.seeds, options.replicates)
        if options.only in (None, part)
        and (part != "claims" or not options.rows or name.rpartition(" ")[0] in options.rows)
        and name not in found.get(part, {})
    ]
    started = time.monotonic()
    for number, (part, name, measure) in enumerate(tasks, 1):
        found.setdefault(part, {})[name] = measure()
        found["machine"] = machine()
        keep(found)
        left = (time.monotonic() - started) / number * (len(tasks) - number)
        print(f"{part}: {name} ({number} of {len(tasks)}, {left / 60:.0f} min left)", flush=True)
    renew(found)


def all_tasks(seeds: int, replicates: int) -> Iterator[Task]:
    """Everything there is to measure, cheap intervals first; all claims with one seed before the
    next.
    """
    for name in systems.NAMES:
        yield "systems", name, lambda n=name: systems.verdicts_on(n)
    for setting in simulated.settings():
        name = f"{' '.join(str(value) for value in astuple(setting))} x {replicates}"
        yield "coverage", name, lambda s=setting: simulated.coverage(s, replicates)
    for name, measure in nulls.MEASURED.items():
        yield "nulls", f"{name} x {replicates}", lambda m=measure: m(replicates)
    for seed in range(seeds):
        for row in claims.ROWS:
            yield (
                "claims",
                f"{row.name} {seed}",
                lambda r=row, s=seed: claims.as_json(claims.verdict_on(r, s)),
            )


def kept() -> dict[str, Any]:
    """What earlier runs measured."""
    return json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}


def keep(found: dict[str, Any]) -> None:
    """Write it whole or not at all."""
    KEPT.parent.mkdir(exist_ok=True)
    partial = KEPT.with_suffix(".partial")
    partial.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    partial.replace(KEPT)


def machine() -> str:
    """In words."""
    return (
        f"{os.cpu_count()} cores of {platform.machine()}, Python {platform.python_version()}, "
        f"torch {torch.__version__}"
    )


def renew(found: dict[str, Any]) -> None:
    """Write each part of the page anew between its marks."""
    page = PAGE.read_text(encoding="utf-8")
    for part, text in sections(found).items():
        marks = rf"(<!-- {part}: begin -->\n).*?(<!-- {part}: end -->)"
        page = re.sub(marks, lambda seen, t=text: f"{seen[1]}\n{t}\n{seen[2]}", page, flags=re.S)
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
