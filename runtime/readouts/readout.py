"""A claim's variable read out input by input, and what that foretells of right answers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import Tensor

from causalspec.compiler import Claim, InterchangePairs, Specification, generate, value_text
from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime.engine.computing import computing
from causalspec.runtime.fitting.fit_store import FitStore
from causalspec.runtime.fitting.sweep import sweep
from causalspec.runtime.inputs.task_network import TaskNetwork
from causalspec.runtime.readouts.crossed import Inputs, crossed, designs_apart, inputs_of
from causalspec.runtime.readouts.predictors import PlainProbe, ValueProbe, plain_probe, value_probe
from causalspec.runtime.readouts.reading import Read, Reader
from causalspec.runtime.readouts.records import DataReadout, PredictorScore, Readout
from causalspec.runtime.results.run_folder import run_folder
from causalspec.runtime.scoring.metrics.firing import area
from causalspec.runtime.scoring.posed import reusing
from causalspec.runtime.scoring.verify import VerifySettings, identity, manifest_of
from causalspec.runtime.untyped import from_array
from causalspec.runtime.watch import Unwatched, Watcher


@dataclass(frozen=True, slots=True)
class AlsoRead:
    """A further split to read, `design` and `split`, under a prompt of the task."""

    design: str
    split: str
    prompt: str | None


@dataclass(frozen=True, slots=True)
class ReadoutSettings:
    """At most `inputs` of a split are read, each swapped with `partners` of the inputs that it is
    compared with, of which there are at most `references`.
    """

    inputs: int = 100
    references: int = 200
    partners: int = 16


def read_out(
    specification: Specification,
    claim: Claim,
    network: TaskNetwork,
    destination: Path,
    settings: VerifySettings,
    also: Sequence[AlsoRead] = (),
    sizes: ReadoutSettings | None = None,
    watcher: Watcher | None = None,
) -> Readout:
    """Fit a claim's maps, or take earlier ones (`settings.maps`), and read its variable out of the
    inputs of its own split and of `also`. Interrupted, the same call goes on.

    Raises:
        SpecError: the claim does not fit the network, or its data lacks a split.
        ToolFailure: its data swaps several variables, or too few inputs are answered rightly.
    """
    sizes, watcher = sizes or ReadoutSettings(), watcher or Unwatched()
    posed = settings.pose(specification, claim, network)
    experiment = posed.experiment
    designs = [specification.counterfactuals[read.design] for read in also]
    apart = designs_apart([*experiment.designs, *designs])
    if apart or len(experiment.variables) != 1:
        raise ToolFailure(
            f"`{(apart or [claim.name])[0]}` does not swap one variable from one source",
            help="read out one variable at a time: make a claim on data that swaps it alone",
        )
    [variable] = experiment.variables
    if settings.maps is not None:
        posed = reusing(posed, settings.maps)
    fit = settings.fit_for(network)
    manifest = manifest_of(specification, network, settings)
    run = run_folder(destination, identity(manifest, settings, fit) + claim.name)
    with run as folder, computing(network.threads, settings.precision, keeps=True):
        store = FitStore(folder, watcher)
        known = posed.network
        if posed.reused is None:
            searched = sweep(store, known, experiment, posed.offered, fit)
            sites, maps = searched.best.sites, searched.best.fit.maps
            tried = tuple(entry.result for entry in searched.entries)
        else:
            sites, maps, tried = posed.reused.sites, posed.reused.maps, ()
        reader = Reader(known, experiment, posed.offered.choices, sites, maps, watcher)
        design = experiment.designs[0]
        splits = [split.name for split in design.splits]
        reference = next((name for name in ("train", "validation") if name in splits), splits[0])
        others = inputs_of(generate(design, reference), sizes.references)
        told = _Told(reader, variable, others, sizes)
        own = [
            AlsoRead(pairs.design.name, pairs.split, claim.prompt)
            for pairs in experiment.draw_test()
        ]
        return Readout(
            manifest,
            claim.name,
            variable,
            sites[0],
            f"{design.name}.{reference}",
            tuple(
                told.data(generate(specification.counterfactuals[read.design], read.split), read)
                for read in (*own, *also)
            ),
            tried,
        )


class _Told:
    """What is known from the reference inputs, which all others are held against."""

    def __init__(
        self, reader: Reader, variable: str, others: Inputs, sizes: ReadoutSettings
    ) -> None:
        self.reader, self.sizes = reader, sizes
        model = others.pairs.model
        self.domain = model.by_name[variable].domain
        # Of these inputs no swap is asked, so one partner does.
        rows = crossed(others, others.take(np.arange(1)), 1)
        read = reader.read(rows, reader.experiment.fitting_prompt)
        right = read.right.nonzero()[:, 0]
        if len(right) < 2:
            raise ToolFailure(
                f"the network answers {len(right)} of {len(others)} training inputs rightly",
                help="what a variable is can't be read where nothing is computed with it",
            )
        self.others = others.take(right.numpy()).spread()
        values = from_array(others.values)
        self.values: ValueProbe = value_probe(read.features[right], values[right])
        self.plain: PlainProbe | None = plain_probe(read.vectors, read.right)

    def data(self, pairs: InterchangePairs, asked: AlsoRead) -> DataReadout:
        """One split, read."""
        inputs = inputs_of(pairs, self.sizes.inputs)
        read = self.reader.read(crossed(inputs, self.others, self.sizes.partners), asked.prompt)
        values = from_array(inputs.values)
        probed = self.values.nearest(read.features)
        return DataReadout(
            f"{asked.design}.{asked.split}",
            asked.prompt or "",
            tuple(self._predictors(read, values)),
            tuple(
                read.shown(
                    number,
                    value_text(self.domain, int(values[number])),
                    value_text(self.domain, int(probed[number])),
                )
                for number in range(len(inputs))
            ),
        )

    def _predictors(self, read: Read, values: Tensor) -> list[PredictorScore]:
        scores = {
            "counterfactual simulation": read.simulated,
            "value probing": self.values.scores(read.features, values),
            "confidence": read.confidence,
        }
        found = [_score(name, numbers, read.right) for name, numbers in scores.items()]
        if self.plain is None:
            note = "every reference input is answered rightly: nothing to learn from"
            return [*found, PredictorScore("plain probe", math.nan, math.nan, math.nan, 0, note)]
        return [*found, _score("plain probe", self.plain.scores(read.vectors), read.right)]


def _score(name: str, scores: Tensor, right: Tensor) -> PredictorScore:
    known = ~scores.isnan()
    found = area(scores[known], right[known])
    if not found.total:
        which = "all" if bool(right[known].all()) else "none"
        note = (
            f"{which} of the {int(known.sum())} inputs that it can be had for are answered rightly"
        )
        return PredictorScore(name, math.nan, math.nan, math.nan, 0, note)
    low, high = found.interval(found.counts_as())
    return PredictorScore(name, found.mean, low, high, found.total)
