"""How the rows of a data set spread: by kind, by whether the label changed, by stratum."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler.data.pairs import InterchangePairs
from causalspec.compiler.data.strata import Strata
from causalspec.compiler.specification import CounterfactualDesign


@dataclass(frozen=True, slots=True)
class StratumCount:
    """So many rows of one kind whose label is, or is not, the base's own. `values` are those of the
    covered expressions and of the balanced one, as people write them.
    """

    kind: str
    changed: bool
    values: tuple[str, ...]
    rows: int


class StrataCounts:
    """Counts over the rows of one split, chunk by chunk."""

    def __init__(self, design: CounterfactualDesign) -> None:
        self._design = design
        self._strata: Strata | None = None
        self._counts: NDArray[np.int64] | None = None

    def add(self, pairs: InterchangePairs) -> None:
        """Count the rows of a chunk."""
        self._strata = pairs.strata
        strata, kinds = len(pairs.strata), len(self._design.kinds)
        cells = (pairs.kinds.astype(np.int64) * 2 + ~pairs.unchanged) * strata + pairs.stratum
        counts = np.bincount(cells, minlength=kinds * 2 * strata)
        self._counts = counts if self._counts is None else self._counts + counts

    def counted(self) -> Iterator[StratumCount]:
        """Every stratum that has rows, by kind, then unchanged before changed."""
        if self._strata is None or self._counts is None:
            return
        values = self._design.stratified
        for cell in np.flatnonzero(self._counts).tolist():
            rest, stratum = divmod(cell, len(self._strata))
            kind, changed = divmod(rest, 2)
            codes = zip(values, self._strata[stratum], strict=True)
            texts = tuple(value.domain.text(code) for value, code in codes)
            rows = int(self._counts[cell])
            yield StratumCount(self._design.kinds[kind].name, bool(changed), texts, rows)
