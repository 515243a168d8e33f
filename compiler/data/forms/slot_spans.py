"""Where in a prompt each slot stands, block by block of a data set."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler.data.pairs import InterchangePairs
from causalspec.compiler.data.prompts import ABSENT, PromptRenderer, slot_names, slot_spans
from causalspec.compiler.domains import Numbers
from causalspec.compiler.evaluators.columns import Columns

CHARACTERS = Numbers(ABSENT, 2**31 - 1)
"""What an end of a span may be."""


class SlotSpans:
    """The spans of a prompt's slots for one side of a pair. Those of the last block are kept, since
    the column of every end of every slot asks for them. `renderer` writes UTF-8, nothing escaped.
    """

    def __init__(
        self, renderer: PromptRenderer, inputs: Callable[[InterchangePairs], Columns]
    ) -> None:
        self.names = slot_names(renderer.template)
        self._renderer = renderer
        self._inputs = inputs
        self._last: tuple[InterchangePairs, Mapping[str, NDArray[np.int32]]] | None = None

    def __call__(self, pairs: InterchangePairs) -> Mapping[str, NDArray[np.int32]]:
        """By slot an array [rows, 2]: start and end in code points, -1 where it is absent."""
        if self._last is None or self._last[0] is not pairs:
            arms = self._renderer.arms(self._inputs(pairs))
            self._last = pairs, slot_spans(self._renderer.template, arms, len(pairs))
        return self._last[1]
