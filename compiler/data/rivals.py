"""What other models of a task predict on a design's pairs.

A rival's prediction on a pair is its own label under the same interchange: of its variables of the
same names where it has them, else of any one of its variables, taken from the same source.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler.evaluators.columns import Columns
from causalspec.compiler.evaluators.vectorize import PairExpressions
from causalspec.compiler.expressions import All, Defined, Reference
from causalspec.compiler.model import CausalModel
from causalspec.compiler.specification import SwapKind


class Prediction:
    """A rival's label under one of its interventions, for those who ask for it again and again."""

    def __init__(self, rival: CausalModel, kind: SwapKind, sources: int) -> None:
        labels = [Reference(f"result.{name}") for name in rival.outputs]
        self._outputs = rival.outputs
        self._labels = PairExpressions(
            rival,
            kind,
            [All(tuple(map(Defined, labels))), *labels],
            [f"s{k}" for k in range(sources)],
        )

    def is_label(
        self, base: Columns, sources: Sequence[Columns], label: Columns
    ) -> NDArray[np.bool_]:
        """In which rows it is `label`, in every output. A row where the rival has none differs: the
        rows of a design all have labels.
        """
        defined, *found = self._labels.columns(base, sources)
        same = defined.astype(np.bool_)
        for name, column in zip(self._outputs, found, strict=True):
            same &= column == label[name]
        return same
