"""Inputs before a network: what it holds at a site, and says, in each and under its swaps."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from causalspec.runtime.engine.label_runs import LabelRuns, in_parts
from causalspec.runtime.engine.right_answers import agreement, as_asked
from causalspec.runtime.fitting.placed_maps import PlacedMaps
from causalspec.runtime.fitting.predict import BATCH
from causalspec.runtime.fitting.search import Combination
from causalspec.runtime.inputs.experiment import Experiment, PreparedSplit, present_splits
from causalspec.runtime.inputs.task_network import TaskNetwork
from causalspec.runtime.inputs.token_places import TokenChoice
from causalspec.runtime.readouts.crossed import Crossed
from causalspec.runtime.readouts.records import InputReadout, is_realised
from causalspec.runtime.results.estimates import Score
from causalspec.runtime.scoring.observed import observe
from causalspec.runtime.untyped import from_array
from causalspec.runtime.watch import Watcher


@dataclass(frozen=True, eq=False)
class Read:
    """Inputs, read: their `features` [inputs, dimensions] of the variable and whole `vectors`
    [inputs, width], means over a site's tokens, in float64; whether each is answered rightly; the
    logarithm [inputs] of the probability of what is said; and the mean probability [inputs] of the
    labels where the input is the source of a swap that changes the answer, NaN where none does.
    """

    prepared: PreparedSplit = field(repr=False)
    features: Tensor = field(repr=False)
    vectors: Tensor = field(repr=False)
    right: Tensor = field(repr=False)
    confidence: Tensor = field(repr=False)
    simulated: Tensor = field(repr=False)
    agreements: tuple[tuple[Score, Score], ...]
    """Of each input as a source and as a base."""

    def shown(self, number: int, value: str, probed: str) -> InputReadout:
        """One input as people read it."""
        presentation = self.prepared.presentation
        base = self.prepared.own_bases[number]
        right = presentation.correct[base]
        said = self.prepared.subject.predictions[base]
        as_source, as_base = self.agreements[number]
        return InputReadout(
            presentation.text(int(base)),
            value,
            probed,
            as_source,
            as_base,
            presentation.said(as_asked(said, right)),
            presentation.said(right),
            bool(self.right[number]),
            is_realised(as_source, as_base),
        )


@dataclass(frozen=True, eq=False)
class Reader:
    """A claim's maps at the sites that were chosen for them."""

    network: TaskNetwork = field(repr=False)
    experiment: Experiment = field(repr=False)
    choices: tuple[TokenChoice, ...]
    sites: Combination
    maps: PlacedMaps = field(repr=False)
    watcher: Watcher = field(repr=False)

    def read(self, rows: Crossed, prompt: str | None) -> Read:
        """Run the network on crossed inputs, whatever it answers. Swaps of which the other side is
        answered wrongly say nothing of the input and are left out.
        """
        experiment = replace(
            self.experiment.about([rows.pairs.design]), keeps_unanswered=True, values={}
        )
        harvester = present_splits(self.network, experiment, [[rows.pairs]], self.choices, prompt)
        [[prepared]] = next(harvester.prepared_splits([self.sites], self.watcher))
        count = int((rows.partners < 0).sum())
        features, vectors = self._held(prepared, prepared.own_bases[:count])
        return Read(
            prepared,
            features,
            vectors,
            _right(prepared, prepared.own_bases[:count]),
            _confidence(prepared, count),
            *self._swapped(prepared, rows, count),
        )

    def _held(self, prepared: PreparedSplit, inputs: Tensor) -> tuple[Tensor, Tensor]:
        [here] = self.maps.placed
        [share] = here.map.ownership.shares()
        vectors = prepared.subject.vectors(here.site, inputs)
        count, places, width = vectors.shape
        flat = vectors.reshape(count * places, width)
        exact = flat if flat.dtype.itemsize > 2 else flat.float()
        with torch.no_grad():
            features = here.map.project(exact)[:, share.round().bool()]
        there = torch.arange(places) < prepared.subject.places(here.site, inputs)[:, None].cpu()
        return (
            _mean_over(features.reshape(count, places, -1), there),
            _mean_over(vectors, there),
        )

    def _swapped(
        self, prepared: PreparedSplit, rows: Crossed, count: int
    ) -> tuple[Tensor, tuple[tuple[Score, Score], ...]]:
        """As `Read.simulated` and `Read.agreements`."""
        [seen] = observe((prepared,), self.maps)
        numbers, is_source = from_array(rows.numbers), from_array(rows.is_source)
        others = torch.where(is_source, prepared.own_bases, prepared.rows.origins[:, 0])
        counted = (from_array(rows.partners) >= 0) & seen.changes & _right(prepared, others)
        likely = torch.full((count,), torch.nan, dtype=torch.double)
        known = seen.label_probability().exp().double()
        found: list[tuple[Score, Score]] = []
        for number in range(count):
            mine = counted & (numbers == number)
            sides = (mine & is_source, mine & ~is_source)
            found.append((_score(seen.agrees, sides[0]), _score(seen.agrees, sides[1])))
            if bool(sides[0].any()):
                likely[number] = known[sides[0]].mean()
        return likely, tuple(found)


def _score(agrees: Tensor, among: Tensor) -> Score:
    return Score(int((agrees & among).sum()), int(among.sum()))


def _right(prepared: PreparedSplit, inputs: Tensor) -> Tensor:
    predictions, correct = prepared.subject.predictions, prepared.presentation.correct
    return agreement(predictions[inputs], correct[inputs])


@torch.no_grad()
def _confidence(prepared: PreparedSplit, count: int) -> Tensor:
    """The logarithm [inputs] of the probability of the likeliest output, over an answer's places
    summed: of several texts over the places that what is said has.
    """
    rows = prepared.rows.take(torch.arange(count))
    correct = prepared.presentation.correct[prepared.own_bases[:count]]
    own = rows.asking(prepared.own_runs[:count], correct)
    found: list[Tensor] = []
    for part in in_parts(own, BATCH):
        asked = LabelRuns.of(own.take(part))
        logits = prepared.subject.run(asked.runs.bases, ()).logits.double()
        found.append(asked.confidence(logits).cpu())
    return torch.cat(found)


def _mean_over(vectors: Tensor, there: Tensor) -> Tensor:
    """The mean [inputs, width] of vectors [inputs, places, width] over places that are there."""
    exact = vectors.double().cpu() * there[..., None]
    return exact.sum(1) / there.sum(1, keepdim=True)
