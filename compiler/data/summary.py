"""What is counted over a data set, chunk by chunk, so that no number of rows needs more memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler.data.repeats import DistinctPairs
from causalspec.compiler.evaluators.columns import Column
from causalspec.compiler.specification import CounterfactualDesign

if TYPE_CHECKING:
    from causalspec.compiler.data.pairs import InterchangePairs
    from causalspec.compiler.data.strata import Strata, Stratum

_MARKED_VALUES = 1 << 24  # domains up to this size have a mark for every value
_MOST_DISTINCT = 1 << 22  # so many distinct values of a larger domain are told apart


@dataclass(frozen=True, slots=True)
class InputCoverage:
    """How many of an input's values occur in some base or source, of how many in its domain.

    `seen` is a lower bound where it is not `exact`: more values occurred than are remembered.
    """

    name: str
    seen: int
    size: int
    exact: bool = True


@dataclass(frozen=True, slots=True)
class KindCount:
    """How many rows are of one kind of intervention."""

    kind: str
    rows: int


@dataclass(frozen=True, slots=True)
class CombinationCount:
    """How many rows have one combination of the covered values, `values` as people write them.

    A combination that no pair can have is no longer `possible`, and has no rows.
    """

    values: tuple[str, ...]
    rows: int
    possible: bool = True


@dataclass(frozen=True, slots=True)
class StratumCount:
    """So many rows of one kind whose label is, or is not, the base's own. `values` are those of the
    covered expressions and of the balanced one, as people write them.
    """

    kind: str
    changed: bool
    values: tuple[str, ...]
    rows: int


class DataSummary:
    """Counts over the rows of one split, in the order in which chunks are added."""

    def __init__(self, design: CounterfactualDesign) -> None:
        self.design = design
        self.distinct = DistinctPairs()
        """Rows that differ in kind, base inputs or used source inputs."""
        self._strata: Strata | None = None
        self._counts = np.zeros((len(design.kinds), 2, 1), dtype=np.int64)
        """Rows by kind, by whether the label changed, and by stratum."""
        self._seen = {
            name: _Seen(design.model.by_name[name].domain.codes()) for name in design.model.inputs
        }

    def add(self, chunk: InterchangePairs) -> None:
        """Count the rows of a chunk of the design's pairs."""
        self.distinct.add(chunk)
        self._strata = chunk.strata
        shape = len(self.design.kinds), 2, len(chunk.strata)
        cells = np.ravel_multi_index((chunk.kinds, ~chunk.unchanged, chunk.stratum), shape)
        self._counts = self._counts + np.bincount(cells, minlength=prod(shape)).reshape(shape)
        for name, seen in self._seen.items():
            for side in (chunk.base, *chunk.sources):
                seen.add(side[name])

    @property
    def rows(self) -> int:
        """How many there are."""
        return int(self._counts.sum())

    @property
    def unchanged(self) -> int:
        """Rows whose labels are the base's own."""
        return int(self._counts[:, 0].sum())

    @property
    def strata(self) -> Iterator[StratumCount]:
        """Every stratum that has rows, by kind, then unchanged before changed."""
        for kind, changed, stratum in np.argwhere(self._counts).tolist():
            assert self._strata is not None
            codes = zip(self.design.stratified, self._strata[stratum], strict=True)
            texts = tuple(value.domain.text(code) for value, code in codes)
            rows = int(self._counts[kind, changed, stratum])
            yield StratumCount(self.design.kinds[kind].name, bool(changed), texts, rows)

    @property
    def floor(self) -> float:
        """The share of rows whose labels are the base's own: what a network that ignores the
        intervention scores. Not a number without rows.
        """
        return self.unchanged / self.rows if self.rows else float("nan")

    @property
    def coverage(self) -> tuple[InputCoverage, ...]:
        """How much of every input's domain the data touches, in the model's order."""
        domains = self.design.model.by_name
        return tuple(
            InputCoverage(name, seen.count, domains[name].domain.size, seen.exact)
            for name, seen in self._seen.items()
        )

    @property
    def kind_counts(self) -> tuple[KindCount, ...]:
        """Rows of each kind, in the design's order."""
        counted = zip(self.design.kinds, self._counts.sum(axis=(1, 2)).tolist(), strict=True)
        return tuple(KindCount(kind.name, rows) for kind, rows in counted)

    @property
    def combination_counts(self) -> tuple[CombinationCount, ...]:
        """Rows of each combination of the covered values, those that no pair has last; empty
        without covered values or rows.
        """
        if self._strata is None or not self.design.cover:
            return ()

        def texts(combination: Stratum) -> tuple[str, ...]:
            pairs = zip(self.design.cover, combination, strict=True)
            return tuple(value.domain.text(code) for value, code in pairs)

        counts = self._counts.sum(axis=(0, 1)).reshape(-1, len(self._strata.balanced)).sum(axis=1)
        pairs = zip(self._strata.combinations, counts.tolist(), strict=True)
        held = [CombinationCount(texts(combination), rows) for combination, rows in pairs]
        impossible = [
            CombinationCount(texts(combination), 0, False)
            for combination in self._strata.impossible
        ]
        return (*held, *impossible)


class _Seen:
    """The values of one domain that occurred."""

    def __init__(self, codes: range) -> None:
        self._codes = codes
        self._marks: NDArray[np.bool_] | None = None
        if len(codes) <= _MARKED_VALUES:
            self._marks = np.zeros(len(codes), dtype=np.bool_)
        self._distinct: Column = np.zeros(0, dtype=np.int64)
        self.exact = True

    def add(self, column: Column) -> None:
        if self._marks is not None:
            self._marks[(column.astype(np.int64) - self._codes.start) // self._codes.step] = True
        elif self.exact:
            found = np.union1d(self._distinct, column.astype(np.int64))
            self.exact = len(found) <= _MOST_DISTINCT
            self._distinct = found[:_MOST_DISTINCT]

    @property
    def count(self) -> int:
        if self._marks is not None:
            return int(np.count_nonzero(self._marks))
        return len(self._distinct)
