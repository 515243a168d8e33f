"""The columns of a data set while they are filled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler.data.conditions import LabelledPairs, source_names
from causalspec.compiler.data.pairs import InterchangePairs
from causalspec.compiler.data.strata import Strata
from causalspec.compiler.evaluators.columns import Column, Columns, storage_of
from causalspec.compiler.specification import CounterfactualDesign

Places: TypeAlias = NDArray[np.intp] | slice


@dataclass(frozen=True, slots=True)
class Table:
    """Every column of some rows of a split. Slices of a table share its memory."""

    design: CounterfactualDesign
    base: Columns
    sources: tuple[Columns, ...]
    label: Columns
    base_outputs: Columns
    source_outputs: tuple[Columns, ...]
    kinds: NDArray[np.int32]
    strata: NDArray[np.int32]

    @staticmethod
    def empty(design: CounterfactualDesign, rows: int) -> Table:
        """A table of `rows` rows without content."""
        model = design.model
        numbers = range(len(source_names(design)))

        def columns(names: Sequence[str]) -> Columns:
            return {name: np.empty(rows, storage_of(model.by_name[name].domain)) for name in names}

        drawn = model.exogenous
        return Table(
            design,
            columns(drawn),
            tuple(columns(drawn) for _ in numbers),
            columns(model.outputs),
            columns(model.outputs),
            tuple(columns(model.outputs) for _ in numbers),
            np.empty(rows, dtype=np.int32),
            np.empty(rows, dtype=np.int32),
        )

    def part(self, start: int, stop: int) -> Table:
        """The rows `start .. stop - 1`, to be written to."""

        def of(columns: Columns) -> Columns:
            return {name: column[start:stop] for name, column in columns.items()}

        return Table(
            self.design,
            of(self.base),
            tuple(of(one) for one in self.sources),
            of(self.label),
            of(self.base_outputs),
            tuple(of(one) for one in self.source_outputs),
            self.kinds[start:stop],
            self.strata[start:stop],
        )

    def pairs(self, split: str, seed: int, strata: Strata) -> InterchangePairs:
        """The filled table as a value."""
        numbers = range(len(self.sources))
        used = np.array([[k in kind.used_sources for k in numbers] for kind in self.design.kinds])
        return InterchangePairs(
            self.design,
            split,
            seed,
            self.base,
            self.sources,
            self.kinds,
            self.label,
            self.base_outputs,
            self.source_outputs,
            used.reshape(-1, len(self.sources)).take(self.kinds, axis=0),
            strata,
            self.strata,
        )

    def write(
        self,
        places: Places,
        rows: NDArray[np.intp] | None,
        base: Columns,
        sources: Sequence[Columns],
        pairs: LabelledPairs,
    ) -> None:
        """Put the chosen rows of some pairs (None: all of them) in their places."""
        outputs = zip(self.source_outputs, pairs.source_outputs, strict=True)
        parts: list[tuple[Columns, Mapping[str, Column]]] = [
            (self.base, base),
            *zip(self.sources, sources, strict=True),
            (self.label, pairs.label),
            (self.base_outputs, pairs.base_outputs),
            *outputs,
        ]
        for columns, values in parts:
            for name, column in columns.items():
                column[places] = values[name] if rows is None else values[name].take(rows)
