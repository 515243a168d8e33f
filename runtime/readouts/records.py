"""What a readout finds, as plain values."""

from __future__ import annotations

import math
from dataclasses import dataclass

from causalspec.runtime.results.estimates import Score
from causalspec.runtime.results.records import Manifest, SiteScore
from causalspec.runtime.sites.site import Site


@dataclass(frozen=True, slots=True)
class InputReadout:
    """One input. `value` is the variable's by the hypothesis, `probed` the one whose mean feature
    is nearest. `as_source` is the agreement where its value is put into others, `as_base` where
    theirs are put into it, over swaps that change the answer.
    """

    input: str
    value: str
    probed: str
    as_source: Score
    as_base: Score
    said: str
    right: str
    is_right: bool
    realised: bool | None
    """See `is_realised`."""

    @property
    def agreement(self) -> float:
        """The share of its swaps, in both directions, that come out as the hypothesis says; NaN
        where none changes the answer.
        """
        total = self.as_source.total + self.as_base.total
        return (self.as_source.correct + self.as_base.correct) / total if total else math.nan


def is_realised(as_source: Score, as_base: Score) -> bool | None:
    """Whether more than half of an input's swaps come out as the hypothesis says, in both
    directions; None where a 95 % interval leaves that open, or no swap changes the answer.
    """
    sides = [side for side in (as_source, as_base) if side.total]
    if any(side.upper < 0.5 for side in sides):
        return False
    return True if sides and all(side.lower > 0.5 for side in sides) else None


@dataclass(frozen=True, slots=True)
class PredictorScore:
    """How well a predictor tells inputs that are answered rightly from others: the area under its
    ROC curve with the 95 % interval, over `inputs` inputs; `note` says why it has none.
    """

    predictor: str
    auroc: float
    lower: float
    upper: float
    inputs: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class DataReadout:
    """The inputs of one split, read out under a prompt of the task ("" for its first)."""

    data: str
    prompt: str
    predictors: tuple[PredictorScore, ...]
    inputs: tuple[InputReadout, ...]

    @property
    def right(self) -> int:
        """How many are answered rightly."""
        return sum(read.is_right for read in self.inputs)

    @property
    def realising(self) -> int:
        """In how many the variable is realised."""
        return sum(read.realised is True for read in self.inputs)

    @property
    def least_realised_first(self) -> list[InputReadout]:
        """The inputs, those of which the smallest share of swaps agrees first: they are what one
        looks for. Those without any come last.
        """
        return sorted(
            self.inputs, key=lambda read: math.inf if math.isnan(read.agreement) else read.agreement
        )


@dataclass(frozen=True, slots=True)
class Readout:
    """A claim's variable read out of the inputs of one or several splits, at `site`."""

    manifest: Manifest
    claim: str
    variable: str
    site: Site
    reference: str
    """The split whose inputs the others are swapped with and the probes are fitted to."""
    data: tuple[DataReadout, ...]
    sites: tuple[SiteScore, ...] = ()
    """The fits among which `site` was chosen, on validation pairs; none where maps are reused."""
