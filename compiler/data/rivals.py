"""What other models of a task predict on a design's pairs.

A rival's prediction on a pair is its own label under the same interchange: of its variables of the
same names where it has them, else of any one of its variables, taken from the same source.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..evaluators.columns import Columns, with_definedness
from ..evaluators.vectorize import interchange_columns
from ..model import CausalModel
from ..specification import SwapKind


def predicts(
    rival: CausalModel, kind: SwapKind, base: Columns, sources: Sequence[Columns], label: Columns
) -> NDArray[np.bool_]:
    """In which rows the rival's label is `label`, in every output. A row where it has none differs:
    the rows of a design all have labels.
    """
    wanted = with_definedness(rival, rival.outputs)
    found = interchange_columns(rival, base, sources, kind, wanted=wanted)
    same = np.ones(len(next(iter(label.values()))), dtype=np.bool_)
    for name, column in found.items():
        same &= column == label.get(name, 1)  # of what says that it is defined: true
    return same
