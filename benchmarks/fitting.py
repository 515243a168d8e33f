"""How few steps a rotation can do with: starts, schedules and stops, on networks of the library.

The subspaces of das are fitted at one site of each spec from every start, by every schedule and for
every number of steps, with three seeds; a start is put into a map before its fit. IIA on the
validation pairs is taken every ten steps, that on the test pairs at the end and where an early stop
would have ended.

    python benchmarks/fitting.py [--only NAME ...] [--write]

Results go to `benchmarks/results/fitting.json`, an entry for each spec; `--write` puts the tables
into docs/fitting.md. Some minutes of processor; needs causalspec[run] alone.
"""

from __future__ import annotations

import argparse
import copy
import math
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from fitting_page import (
    EVERY,
    MARKED,
    PATIENCES,
    SCHEDULES,
    SEEDS,
    STARTS,
    STEPS,
    STOPPED,
    early_stop,
    write_page,
)
from kept import keep
from loading import ROOT
from torch import Tensor, nn
from transformers.utils import logging

from causalspec.compiler import Method, load_specification
from causalspec.progress import TerminalWatcher
from causalspec.runtime.engine.right_answers import agreement
from causalspec.runtime.engine.subjects import Interchanges, Subject
from causalspec.runtime.fitting.fit import Fitted, Fitting, fit_together
from causalspec.runtime.fitting.placed_maps import PlacedMaps, PlacedVariable, build_maps
from causalspec.runtime.fitting.predict import predict_together, predict_without_swap
from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.fitting.splits import Splits, present_candidates, splits_from
from causalspec.runtime.inputs.experiment import PreparedSplit, PreparedSplits
from causalspec.runtime.making.made import build
from causalspec.runtime.maps.computed import ComputedBasis
from causalspec.runtime.maps.methods.das import Rotation
from causalspec.runtime.networks.locations import load_task_network
from causalspec.runtime.results.run_folder import Stage
from causalspec.runtime.scoring.posed import pose
from causalspec.runtime.scoring.questions import question_about
from causalspec.runtime.untyped import distinct

SPECS = ROOT / "specs"


@dataclass(frozen=True, slots=True)
class Case:
    """An alignment by das at one site of a network that holds its variables there.

    `network` is a folder in the spec's; without one a network is built of `model`, or made by the
    `script` that lies beside the spec.
    """

    spec: str
    alignment: str
    data: str
    layer: int
    network: str = ""
    model: str = ""
    script: str = ""

    @property
    def stem(self) -> str:
        """The spec's name."""
        return Path(self.spec).stem

    @property
    def name(self) -> str:
        """As the tables call it."""
        made = self.network or ("built" if self.model else "trained")
        return f"{self.stem} {self.alignment}, {made}"


EQUALITY = "hierarchical_equality/hierarchical_equality.causal"
CASES = (
    Case("minimal_pairs/minimal_pairs.causal", "Carrying", "MinimalPairs", 0, "built"),
    Case("known_entity/known_entity.causal", "Direction", "Forgetting", 1, "network"),
    Case("price_tagging/neurons.causal", "Direction", "Boundary", 2, "network"),
    Case("arithmetic/two_digits.causal", "Place", "Cascades", 1, "network"),
    Case(EQUALITY, "HiddenLayer", "OneOrBoth", 2, "built"),
    Case("and_or/and_or.causal", "HiddenLayer", "OneOrAll", 3, "planted"),
    Case("multiple_choice/pointer.causal", "Held", "Traded", 0, model="PointerThenLetter"),
    Case(EQUALITY, "HiddenLayer", "OneOrBoth", 1, script="train.py"),
)
MOST_LOOKED_AT, MOST_TESTED = 500, 2_000
"""Of the pairs of a split no more are used: a look is to be cheap beside ten steps."""


@dataclass(frozen=True)
class Scheduled(FitSettings):
    """The settings of a fit whose rate, once risen, falls in one of several ways or stays."""

    schedule: str = "linear"

    def share_of_rate(self, step: int) -> float:
        """How much of its learning rate a step takes, counted from 0."""
        rising = max(1, round(self.warmup * self.steps))
        if step < rising or self.schedule == "linear":
            return FitSettings.share_of_rate(self, step)
        if self.schedule == "constant":
            return 1.0
        return (1 + math.cos(math.pi * (step - rising) / max(1, self.steps - rising))) / 2


@dataclass(frozen=True, eq=False)
class Prepared:
    """A case's pairs at its site."""

    variables: tuple[str, ...]
    placed: tuple[PlacedVariable, ...]
    splits: Splits

    @property
    def subject(self) -> Subject:
        """The network as it was run on all of them."""
        return self.splits.subject

    @property
    def train(self) -> PreparedSplit:
        """The pairs to fit on."""
        return _only(self.splits.train)

    @property
    def validation(self) -> Interchanges:
        """The rows to stop by."""
        return _first(_only(self.splits.validation).rows, MOST_LOOKED_AT)

    @property
    def test(self) -> Interchanges:
        """The rows that nothing is chosen by."""
        return _first(_only(self.splits.test).rows, MOST_TESTED)


def _only(splits: PreparedSplits | None) -> PreparedSplit:
    assert splits is not None
    [split] = splits
    return split


def _first(rows: Interchanges, most: int) -> Interchanges:
    return rows.take(torch.arange(min(most, rows.rows)))


def main() -> None:
    """Measure the cases that are asked for, keep what came out, and write if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--only", nargs="*", help="names of specs, without their ends")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/fitting.md")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    torch.set_num_threads(1)
    for case in CASES:
        if options.only is None or case.stem in options.only:
            used = time.process_time()
            figures = measured(case)
            figures["processor_seconds"] = round(time.process_time() - used)
            keep("fitting", figures, case.name)
            print(f"{case.name}: {figures['processor_seconds']} s", flush=True)
    if options.write:
        write_page()


def measured(case: Case) -> dict[str, Any]:
    """Every fit of a case."""
    ready = prepared(case)
    starts = {
        (start, seed): started(ready, start, seed) for start in STARTS for seed in range(SEEDS)
    }
    rows = (ready.train.rows, ready.validation, ready.test)
    site = ready.placed[0].site
    return {
        "site": str(site),
        "width": ready.subject.width(site),
        "dimensions": sum(dimensions(ready)),
        "variables": len(ready.variables),
        "pairs": [of_split.rows for of_split in rows],
        "no_swap": right(predict_without_swap(ready.subject, ready.test), ready.test),
        "fits": [
            found
            for schedule in SCHEDULES
            for steps in STEPS
            for found in fitted(ready, starts, schedule, steps)
        ],
    }


def prepared(case: Case) -> Prepared:
    """The network run on the case's pairs."""
    specification, diagnostics = load_specification(SPECS / case.spec)
    assert specification is not None, diagnostics
    with tempfile.TemporaryDirectory() as name, TerminalWatcher() as watcher:
        folder = (SPECS / case.spec).parent / case.network
        if case.model:
            folder = Path(name) / "network"
            build(specification, specification.models[case.model], None, None, 0).save(folder)
        elif case.script:
            folder = Path(name) / "network"
            script = (SPECS / case.spec).with_name(case.script)
            subprocess.run([sys.executable, script, folder], check=True)
        network = load_task_network(str(folder), "cpu")
        alignment = specification.alignments[case.alignment]
        question = question_about(alignment, case.data, "test")
        posed = pose(specification, question, network, keeps_unanswered=False)
        [offer] = posed.offered.offers
        here = tuple(site for site in offer.sites if site.layer == case.layer)
        offered = replace(posed.offered, offers=(replace(offer, sites=here),))
        harvester = present_candidates(posed.network, posed.experiment, offered)
        [combination] = offered.combinations(harvester.encoded.presentation.token_names)
        [splits] = harvester.prepared_splits([combination], watcher)
    found = splits_from(splits, offered)
    return Prepared(offered.variables, offered.placed(combination), found)


def dimensions(ready: Prepared) -> list[int]:
    """How many each variable has."""
    return [int(variable.method.dimension or 0) for variable in ready.placed]


def started(ready: Prepared, start: str, seed: int) -> PlacedMaps:
    """Maps that have not been fitted, with a basis of this kind."""
    placed = ready.placed
    if start == "differences":
        from_means = ("start", Method("mean_difference"))
        placed = tuple(
            replace(at, method=Method("das", (*at.method.arguments, from_means))) for at in placed
        )
    maps = build_maps(placed, ready.subject, seed)
    if start == "differences":
        see(ready, maps)
    if start == "components":
        [here] = maps.placed
        assert isinstance(here.map.featurizer, Rotation)
        here.map.featurizer.weight.data.copy_(components(ready))
    return maps


@lru_cache(maxsize=1)  # they are the same whatever the seed
def components(ready: Prepared) -> Tensor:
    """The leading principal components [width, dimensions], in the order of the variables."""
    placed = [
        replace(at, method=Method("pca", (("dim", size),)))
        for at, size in zip(ready.placed, dimensions(ready), strict=True)
    ]
    maps = build_maps(placed, ready.subject, 0)
    see(ready, maps)
    found = maps.placed[0].map.featurizer
    assert isinstance(found, ComputedBasis)
    return found.basis()


def see(ready: Prepared, maps: PlacedMaps) -> None:
    """Let maps see the vectors of the training bases, as a fit does."""
    inputs = distinct(ready.train.own_bases)[0]
    maps.prepare(ready.subject, inputs, ready.train.encoded.values(ready.variables)[inputs])


def fitted(
    ready: Prepared, starts: Mapping[tuple[str, int], PlacedMaps], schedule: str, steps: int
) -> list[dict[str, Any]]:
    """The fits from all starts, which share their batches."""
    subject, rows = ready.subject, ready.train.rows
    base = Scheduled(steps=steps, checkpoint_every=EVERY, schedule=schedule)
    fits = [Fitting(maps, rows, replace(base, seed=seed)) for (_, seed), maps in starts.items()]
    # What a checkpoint has is the state of all maps; where it is read back is a copy of them all.
    as_one = nn.ModuleList(copy.deepcopy(maps) for maps in starts.values()).eval()
    path = [[copy.deepcopy(maps).eval() for maps in starts.values()]]

    def look(state: Stage) -> None:
        maps = [(n, tensor) for n, tensor in state.tensors.items() if n.startswith("maps.")]
        as_one.load_state_dict({name.removeprefix("maps."): tensor for name, tensor in maps})
        path.append([copy.deepcopy(maps) for maps in as_one if isinstance(maps, PlacedMaps)])

    outcomes = fit_together(subject, fits, checkpoint=look)
    path.append([outcome.maps for outcome in outcomes if isinstance(outcome, Fitted)])
    assert len(path[-1]) == len(fits)
    looks = [shares(subject, maps, ready.validation) for maps in path]
    tests = shares(subject, path[-1], ready.test)
    found: list[dict[str, Any]] = []
    for number, (start, seed) in enumerate(starts):
        curve = [look[number] for look in looks]
        found.append(
            {
                "start": start,
                "schedule": schedule,
                "steps": steps,
                "seed": seed,
                "validation": {str(at): curve[at // EVERY] for at in MARKED if at <= steps},
                "test": tests[number],
                "stops": stops(ready, curve, [maps[number] for maps in path])
                if steps in STOPPED
                else {},
            }
        )
    return found


def stops(
    ready: Prepared, curve: Sequence[float], path: Sequence[PlacedMaps]
) -> dict[str, list[float]]:
    """For each patience the step at which the fit would have ended, that of the map that it would
    have kept, and the map's IIA on the test pairs.
    """
    ends = {patience: early_stop(curve, patience // EVERY) for patience in PATIENCES}
    kept = sorted({best for _, best in ends.values()})
    scores = shares(ready.subject, [path[best] for best in kept], ready.test)
    tested = dict(zip(kept, scores, strict=True))
    return {
        str(patience): [end * EVERY, best * EVERY, tested[best]]
        for patience, (end, best) in ends.items()
    }


def shares(subject: Subject, several: Sequence[PlacedMaps], rows: Interchanges) -> list[float]:
    """IIA of each of several maps."""
    said = predict_together(subject, several, [rows] * len(several))
    return [right(predicted, rows) for predicted in said]


def right(predicted: Tensor, rows: Interchanges) -> float:
    """The share of rows on which the causal model's answer is given."""
    return round(float(agreement(predicted, rows.labels).double().mean()), 4)


if __name__ == "__main__":
    main()
