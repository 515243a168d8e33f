"""Labelled interchange interventions as columns: the value that data generation returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler.data.strata import Strata
from causalspec.compiler.data.summary import CombinationCount, DataSummary, InputCoverage, KindCount
from causalspec.compiler.evaluators.columns import Column
from causalspec.compiler.model import CausalModel
from causalspec.compiler.specification import CounterfactualDesign

Rows = NDArray[np.integer[Any]] | NDArray[np.bool_] | slice


@dataclass(frozen=True, eq=False)
class InterchangePairs:
    """Rows of a counterfactual data set, one an intervention; every array has length `rows`.

    `base` and each of `sources` hold the codes of inputs and noise. `kinds` indexes
    `design.kinds`. `label` holds every output under the intervention, `base_outputs` and
    `source_outputs` the outputs without one. `source_used[row, k]` says whether the row's kind
    takes anything from source k: one that is not used is sampled all the same. `stratum` numbers
    each row's place in `strata`.
    """

    design: CounterfactualDesign
    split: str
    seed: int
    base: Mapping[str, Column]
    sources: tuple[Mapping[str, Column], ...]
    kinds: NDArray[np.int32]
    label: Mapping[str, Column]
    base_outputs: Mapping[str, Column]
    source_outputs: tuple[Mapping[str, Column], ...]
    source_used: NDArray[np.bool_] = field(repr=False)
    strata: Strata = field(repr=False)
    stratum: NDArray[np.int32] = field(repr=False)

    def __len__(self) -> int:
        return len(self.kinds)

    @property
    def model(self) -> CausalModel:
        """The model that the labels come from."""
        return self.design.model

    def select(self, rows: Rows) -> InterchangePairs:
        """The given rows, by indices, by a mask or by a slice, in the given order."""

        def of(columns: Mapping[str, Column]) -> Mapping[str, Column]:
            return {name: column[rows] for name, column in columns.items()}

        return InterchangePairs(
            self.design,
            self.split,
            self.seed,
            of(self.base),
            tuple(of(source) for source in self.sources),
            self.kinds[rows],
            of(self.label),
            of(self.base_outputs),
            tuple(of(outputs) for outputs in self.source_outputs),
            self.source_used[rows],
            self.strata,
            self.stratum[rows],
        )

    @cached_property
    def unchanged(self) -> NDArray[np.bool_]:
        """Whether every output's label is the base's own."""
        same = np.ones(len(self), dtype=np.bool_)
        for name, labels in self.label.items():
            same &= labels == self.base_outputs[name]
        return same

    @cached_property
    def summary(self) -> DataSummary:
        """What is counted over the rows."""
        summary = DataSummary(self.design)
        summary.add(self)
        return summary

    @property
    def floor(self) -> float:
        """The share of rows whose labels are the base's own, as `DataSummary.floor`."""
        return self.summary.floor

    @property
    def coverage(self) -> tuple[InputCoverage, ...]:
        """How much of every input's domain the data touches, in the model's order."""
        return self.summary.coverage

    @property
    def kind_counts(self) -> tuple[KindCount, ...]:
        """Rows of each kind, in the design's order."""
        return self.summary.kind_counts

    @property
    def combination_counts(self) -> tuple[CombinationCount, ...]:
        """Rows of each combination of the covered values, as `DataSummary.combination_counts`."""
        return self.summary.combination_counts

    @staticmethod
    def concatenated(parts: Sequence[InterchangePairs]) -> InterchangePairs:
        """The rows of some pairs of one split, one after the other; `parts` is not empty."""

        def of(sides: Sequence[Mapping[str, Column]]) -> Mapping[str, Column]:
            return {name: np.concatenate([side[name] for side in sides]) for name in sides[0]}

        first = parts[0]
        if len(parts) == 1:
            return first
        sources = range(len(first.sources))
        return InterchangePairs(
            first.design,
            first.split,
            first.seed,
            of([one.base for one in parts]),
            tuple(of([one.sources[k] for one in parts]) for k in sources),
            np.concatenate([one.kinds for one in parts]),
            of([one.label for one in parts]),
            of([one.base_outputs for one in parts]),
            tuple(of([one.source_outputs[k] for one in parts]) for k in sources),
            np.concatenate([one.source_used for one in parts]),
            first.strata,
            np.concatenate([one.stratum for one in parts]),
        )
