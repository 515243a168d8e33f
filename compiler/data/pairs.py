"""Labelled interchange interventions as columns: the value that data generation returns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler.data.conditions import source_names
from causalspec.compiler.data.strata import Strata
from causalspec.compiler.data.summary import DataSummary
from causalspec.compiler.evaluators.columns import Column, Columns, storage_of
from causalspec.compiler.model import CausalModel
from causalspec.compiler.specification import CounterfactualDesign

Rows = NDArray[np.integer[Any]] | NDArray[np.bool_] | slice

BLOCK_ROWS = 1 << 16
"""Every form writes so many rows at a time: a row group of Parquet, a batch of Arrow."""


@dataclass(frozen=True, eq=False)
class InterchangePairs:
    """Rows of a counterfactual data set, one an intervention; every array has length `rows`.

    `columns` hold codes: inputs, noise and outputs of base and sources (`base.x`, `source.x`, or
    `s1.x` by the source's name), and every output under the intervention (`label.x`). `kinds`
    indexes `design.kinds`. `stratum` numbers each row's place in `strata`.
    """

    design: CounterfactualDesign
    split: str
    seed: int
    strata: Strata = field(repr=False)
    columns: Columns
    kinds: NDArray[np.int32]
    stratum: NDArray[np.int32] = field(repr=False)

    @staticmethod
    def empty(strata: Strata, split: str, seed: int, rows: int) -> InterchangePairs:
        """Rows without content, to be written to."""
        design, model = strata.design, strata.design.model
        names = [f"label.{name}" for name in model.outputs]
        for side in ("base", *source_names(design)):
            names += [f"{side}.{name}" for name in (*model.exogenous, *model.outputs)]
        kinds = {name: storage_of(model.by_name[name.partition(".")[2]].domain) for name in names}
        columns = {name: np.empty(rows, kind) for name, kind in kinds.items()}
        numbers = np.empty((2, rows), np.int32)
        return InterchangePairs(design, split, seed, strata, columns, numbers[0], numbers[1])

    def __len__(self) -> int:
        return len(self.kinds)

    @property
    def model(self) -> CausalModel:
        """The model that the labels come from."""
        return self.design.model

    def _side(self, side: str, names: Iterable[str]) -> Mapping[str, Column]:
        return {name: self.columns[f"{side}.{name}"] for name in names}

    @cached_property
    def base(self) -> Mapping[str, Column]:
        """The codes of the base's inputs and noise."""
        return self._side("base", self.model.exogenous)

    @cached_property
    def sources(self) -> tuple[Mapping[str, Column], ...]:
        """The same of each source."""
        names = source_names(self.design)
        return tuple(self._side(name, self.model.exogenous) for name in names)

    @cached_property
    def label(self) -> Mapping[str, Column]:
        """Every output under the intervention."""
        return self._side("label", self.model.outputs)

    @cached_property
    def base_outputs(self) -> Mapping[str, Column]:
        """The base's outputs without an intervention."""
        return self._side("base", self.model.outputs)

    @cached_property
    def source_outputs(self) -> tuple[Mapping[str, Column], ...]:
        """The same of each source."""
        return tuple(self._side(name, self.model.outputs) for name in source_names(self.design))

    @cached_property
    def source_used(self) -> NDArray[np.bool_]:
        """[rows, sources]: whether the row's kind takes anything from a source. One that is not
        used is sampled all the same.
        """
        numbers = range(len(source_names(self.design)))
        used = np.array([[k in kind.used_sources for k in numbers] for kind in self.design.kinds])
        return used.reshape(-1, len(numbers)).take(self.kinds, axis=0)

    def with_label(self, label: Mapping[str, Column]) -> InterchangePairs:
        """The same rows with other outputs under the intervention."""
        given = {f"label.{name}": column for name, column in label.items()}
        return replace(self, columns={**self.columns, **given})

    def select(self, rows: Rows) -> InterchangePairs:
        """The given rows, by indices, by a mask or by a slice (which shares memory), in the given
        order.
        """
        columns = {name: column[rows] for name, column in self.columns.items()}
        return replace(self, columns=columns, kinds=self.kinds[rows], stratum=self.stratum[rows])

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

    @staticmethod
    def concatenated(parts: Sequence[InterchangePairs]) -> InterchangePairs:
        """The rows of some pairs of one split, one after the other; `parts` is not empty."""
        first = parts[0]
        if len(parts) == 1:
            return first
        return replace(
            first,
            columns={name: np.concatenate([part.columns[name] for part in parts])
                     for name in first.columns},
            kinds=np.concatenate([part.kinds for part in parts]),
            stratum=np.concatenate([part.stratum for part in parts]),
        )  # fmt: skip


def in_blocks(
    chunks: Iterable[InterchangePairs], rows: int = BLOCK_ROWS
) -> Iterator[InterchangePairs]:
    """The rows of the chunks in blocks of `rows`, the last one shorter, none empty: they stand
    where they stand whatever chunks they come in.
    """
    waiting: list[InterchangePairs] = []
    missing = rows
    for chunk in chunks:
        start = 0
        while start < len(chunk):
            part = chunk.select(slice(start, start + missing))
            waiting.append(part)
            start += len(part)
            missing -= len(part)
            if not missing:
                yield InterchangePairs.concatenated(waiting)
                waiting, missing = [], rows
    if waiting:
        yield InterchangePairs.concatenated(waiting)
