"""What one feature says of a boolean variable in inputs left alone: observational scores.

A feature *fires* where it exceeds a threshold. Huang et al. 2023, "Rigorously assessing natural
language explanations of neurons" (arXiv 2309.10312), hold this observational mode beside the
interventional one, which `iia` at the same place is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from causalspec.compiler import wilson
from causalspec.dsl.diagnostics import InternalError
from causalspec.runtime.fitting.placed_maps import PlacedMaps
from causalspec.runtime.inputs.experiment import PreparedSplits
from causalspec.runtime.maps.linear import LinearFeaturizer
from causalspec.runtime.maps.methods.revnet import ReversibleNetwork
from causalspec.runtime.results.estimates import Estimate, Score
from causalspec.runtime.scoring.observed import Observed
from causalspec.runtime.untyped import distinct


def auroc(observed: Sequence[Observed], kind: tuple[str, ...]) -> Estimate:
    """The area under the ROC curve: how often an input in which the variable is true has the larger
    feature than one in which it is false, a tie counting half.
    """
    read = _read(observed)
    return area(read.features, read.true)


def precision(observed: Sequence[Observed], kind: tuple[str, ...]) -> Estimate:
    """The share of inputs in which the variable is true among those in which the feature fires."""
    read = _read(observed)
    return _share(read.true, among=read.fires)


def recall(observed: Sequence[Observed], kind: tuple[str, ...]) -> Estimate:
    """The share of inputs in which the feature fires among those in which the variable is true."""
    read = _read(observed)
    return _share(read.fires, among=read.true)


@dataclass(frozen=True, slots=True)
class Area:
    """An area under a ROC curve over `total` inputs. The interval is Wilson's of as many
    independent inputs as would leave it as uncertain (`effective`): by DeLong et al. 1988 for an
    area between 0 and 1; at an end, where that is certain of it, by the smaller class.
    """

    mean: float
    total: int
    effective: float
    drawn: int | None = None

    def unit(self) -> float:
        """Areas are compared as they are."""
        return 1.0

    def counts_as(self) -> float:
        """How many independent inputs the interval is of."""
        return self.effective

    def interval(self, pairs: float) -> tuple[float, float]:
        """The 95 % interval that the same area would have on so many inputs."""
        return wilson(self.mean, pairs)


def area(features: Tensor, true: Tensor) -> Area:
    """The area for features [inputs] of inputs of which the BoolTensor `true` [inputs] says what
    they are; NaN over no inputs where all are the same.
    """
    positive, negative = features[true].double(), features[~true].double()
    if not len(positive) or not len(negative):
        return Area(math.nan, 0, 0.0)
    below = _share_below(positive, negative)  # of the negative ones, for each positive one
    above = 1 - _share_below(negative, positive)
    mean = float(below.mean())
    smaller = float(min(len(positive), len(negative)))
    variance = _variance_of_mean(below) + _variance_of_mean(above)
    effective = mean * (1 - mean) / variance if variance > 0 and 0 < mean < 1 else smaller
    return Area(mean, len(features), min(max(effective, 1.0), float(len(features))))


def threshold(features: Tensor, true: Tensor) -> float:
    """From which value on it fires: halfway between two neighbouring features [inputs], where the
    harmonic mean of precision and recall (F1) is largest; of several such the highest.
    """
    values, order = features.double().sort(descending=True)
    hits = true[order].cumsum(0).double()
    fired = torch.arange(1, len(values) + 1, dtype=torch.double)
    scores = 2 * hits / (fired + true.sum())
    ends = torch.cat([values[1:] < values[:-1], torch.ones(1, dtype=torch.bool)])
    best = int(scores.masked_fill(~ends, -1).argmax())
    if best + 1 == len(values):
        return float(values[best])
    return float((values[best] + values[best + 1]) / 2)


def features_of(maps: PlacedMaps, splits: PreparedSplits) -> tuple[Tensor, Tensor]:
    """The largest feature [inputs] over a site's tokens, and whether the variable is true, of the
    distinct bases of some pairs. The maps have one variable, of one feature.
    """
    [here] = maps.placed
    presentation, subject = splits[0].presentation, splits[0].subject
    bases = torch.cat([prepared.own_bases for prepared in splits])
    inputs = _first_of_each(bases, presentation.alike)
    [share] = here.map.ownership.shares()
    owned = share.round().nonzero()[:, 0]
    if len(owned) != 1:
        raise InternalError(f"{len(owned)} features are read where one is")
    with torch.no_grad():
        vectors = subject.vectors(here.site, inputs)
        count, places, width = vectors.shape
        flat = vectors.reshape(count * places, width)
        exact = flat if flat.dtype.itemsize > 2 else flat.float()
        found = here.map.project(exact)[:, owned[0]].reshape(count, places).double().cpu()
    there = torch.arange(places) < subject.places(here.site, inputs)[:, None].cpu()
    [variable] = splits[0].encoded.variables
    true = splits[0].encoded.values([variable])[inputs, 0].bool()
    return found.masked_fill(~there, -torch.inf).amax(1), true


@dataclass(frozen=True, eq=False)
class _Read:
    """The test inputs' features [inputs], where these fire, and where the variable is true."""

    features: Tensor
    fires: Tensor
    true: Tensor


def _read(observed: Sequence[Observed]) -> _Read:
    maps, chosen_on = observed[0].maps, observed[0].fires_by
    if maps is None or not chosen_on:
        raise InternalError("a feature is asked for without a map, or without inputs to choose on")
    known, known_true = features_of(maps, chosen_on)
    features, true = features_of(maps, tuple(seen.prepared for seen in observed))
    featurizer = maps.placed[0].map.featurizer
    # The sign of a direction is chance or custom: it is chosen with the threshold.
    turned = isinstance(featurizer, LinearFeaturizer | ReversibleNetwork)
    if turned and area(known, known_true).mean < 0.5:
        known, features = -known, -features
    return _Read(features, features >= threshold(known, known_true), true)


def _share(correct: Tensor, among: Tensor) -> Score:
    return Score(int((correct & among).sum()), int(among.sum()))


def _share_below(values: Tensor, others: Tensor) -> Tensor:
    """Of each of `values` [any] the share of `others` that is smaller, a tie counting half."""
    ordered = others.sort().values
    below = torch.searchsorted(ordered, values, side="left").double()
    upto = torch.searchsorted(ordered, values, side="right").double()
    return (below + upto) / (2 * len(others))


def _variance_of_mean(values: Tensor) -> float:
    return float(values.var() / len(values)) if len(values) > 1 else 0.0


def _first_of_each(inputs: Tensor, alike: Tensor) -> Tensor:
    """Of inputs [rows] the first of each that the network is given the same as."""
    _, numbers = distinct(alike[inputs])
    first = torch.full((int(numbers.max()) + 1,), len(inputs)).scatter_reduce(
        0, numbers, torch.arange(len(inputs)), "amin"
    )
    return inputs[first.sort().values]
