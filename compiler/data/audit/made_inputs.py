"""What the inputs of derived sources have to be in the rows of a file."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler.data.conditions import PairKind, source_names
from causalspec.compiler.derived_models import interchanged
from causalspec.compiler.evaluators.columns import ColumnExpression, Columns
from causalspec.compiler.expressions import Defined
from causalspec.compiler.specification import CounterfactualDesign, SwapKind


@dataclass(frozen=True, slots=True)
class MadeInput:
    """An input of a derived source, and whether it has a value, over the runs of a row."""

    value: ColumnExpression
    defined: ColumnExpression

    def over(self, runs: Columns, rows: int, undefined: int) -> NDArray[np.int64]:
        """Its code in each of `rows` rows, `undefined` where it has none."""
        value = self.value.over(runs, rows).astype(np.int64)
        return np.where(self.defined.over(runs, rows), value, np.int64(undefined))


def made_inputs(design: CounterfactualDesign, columns: Collection[str]) -> Mapping[str, MadeInput]:
    """Each input of a derived source that the file has and does not draw, as far as it has what
    that follows from: the row's own base and other sources.
    """
    names = source_names(design)
    pair = interchanged(design.model, SwapKind((), ()), range(len(names)))
    sides = dict(zip(PairKind.sides_of(design), ("base", *names), strict=True))
    found: dict[str, MadeInput] = {}
    for made in design.derivations:
        for name, value in made.values:
            stated = f"{names[made.source]}.{name}"
            computed = ColumnExpression.value_of(value, pair.by_name)
            needed = (read.partition(".") for read in computed.reads)
            given = all(f"{sides[side]}.{read}" in columns for side, _, read in needed)
            if stated in columns and given:
                defined = ColumnExpression.of(Defined(value), pair.by_name)
                found[stated] = MadeInput(computed, defined)
    return found
