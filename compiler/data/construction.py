"""Settings built input by input, for a `require` that few of a huge product's settings meet.

Each step gives every setting so far each value of one more input, and drops those that break a
condition already, whatever the inputs have that are still missing. Where a step would have more
than `MOST_SETTINGS`, that many of them are drawn at random, each as likely as any other: stochastic
enumeration of a search tree (Rubinstein, "Stochastic enumeration method for counting NP-hard
problems", 2013). Without such a step the settings are all there are; with one, they are a sample.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler.data.blocks import Listed, Ranged, Single
from causalspec.compiler.data.randomness import Stream
from causalspec.compiler.data.requirements import Condition, together
from causalspec.compiler.evaluators.columns import Column, ColumnExpression
from causalspec.compiler.evaluators.intervals import UnsupportedModelError
from causalspec.compiler.model import CausalModel

MOST_SETTINGS = 1 << 17
"""So many settings are taken from one step to the next."""

_FEW = 4  # a condition on so few inputs is decided soon: no need to look ahead


@dataclass(frozen=True, slots=True)
class Construction:
    """Distinct settings of some inputs, with `weights` unless all weigh the same; `is_whole` says
    whether there are no others. `tried` counts the settings, whole or in part, that were looked at.
    """

    columns: Mapping[str, Column]
    settings: int
    weights: NDArray[np.int64] | None
    is_whole: bool
    tried: int


def construct(
    model: CausalModel,
    single: Mapping[str, Single],
    computed: Mapping[str, ColumnExpression],
    conditions: Sequence[Condition],
    most: int = MOST_SETTINGS,
) -> Construction:
    """Settings of the inputs in `single` that meet every condition, each `computed` one having the
    value that follows from the others; at most `most` are taken from one step to the next.
    """
    builder = _Builder(model, single, dict(computed), list(conditions), most)
    free = list(_in_order(single, computed, conditions))
    for name in free:
        builder.extend(name)
    # In the order of the inputs, the first one varying slowest.
    builder.take(
        np.lexsort([builder.columns[name] for name in reversed(list(single)) if name in free])
    )
    columns = {name: builder.columns[name] for name in single}
    return Construction(columns, builder.settings, builder.weights, builder.is_whole, builder.tried)


def _in_order(
    single: Mapping[str, Single],
    computed: Mapping[str, ColumnExpression],
    conditions: Sequence[Condition],
) -> Iterator[str]:
    """The inputs that are not computed, so that conditions are decided early: the one whose missing
    inputs have the fewest settings comes next.
    """
    left = {name: None for name in single if name not in computed}
    waiting: list[set[str]] = []
    for condition in conditions:
        from_others = (computed[name].reads for name in condition.reads if name in computed)
        waiting.append(set(condition.reads).union(*from_others))
    while left:
        missing = [[name for name in left if name in names] for names in waiting]
        ways = [names for names in missing if names] or [list(left)]
        nearest = min(ways, key=lambda names: prod(single[name].settings for name in names))
        yield from nearest
        for name in nearest:
            del left[name]


class _Builder:
    """Settings of some inputs, to be extended by one more at a time."""

    def __init__(
        self,
        model: CausalModel,
        single: Mapping[str, Single],
        computed: dict[str, ColumnExpression],
        conditions: list[Condition],
        most: int,
    ) -> None:
        self._most = most
        self._model = model
        self._single = single
        self._computed = computed
        self._conditions = conditions
        self._stream = Stream.of(0, "construction")
        self._ends = {name: ends(block) for name, block in single.items()}
        self.columns: dict[str, Column] = {}
        self.weights: NDArray[np.int64] | None = None
        self.settings = 1
        self.is_whole = True
        self.tried = 0

    def extend(self, name: str) -> None:
        """Give every setting so far each value of one more input."""
        block = self._single[name]
        count = self.settings * block.settings
        if count > self._most:
            drawn = np.sort(self._stream.derive(name).below(count, 0, self._most).astype(np.int64))
            chosen = drawn[np.diff(drawn, prepend=-1) > 0]  # quicker than `np.unique`
            self.is_whole = False
        else:
            chosen = np.arange(count)
        self.tried += len(chosen)
        before, own = np.divmod(chosen, max(1, block.settings))
        self.take(before)
        self.columns.update(block.at(own))
        if isinstance(block, Listed) and block.weights is not None:
            weights = np.ones(1, np.int64) if self.weights is None else self.weights
            self.weights = weights * block.weights[own]
        self._follow()
        self._check()
        self._prune(name)

    def take(self, rows: NDArray[np.intp]) -> None:
        """Keep the settings in some rows, in their order."""
        self.columns = {name: column[rows] for name, column in self.columns.items()}
        self.weights = None if self.weights is None else self.weights[rows]
        self.settings = len(rows)

    def _follow(self) -> None:
        """Add what can be computed by now."""
        for name, value in list(self._computed.items()):
            if self.columns.keys() >= set(value.reads):
                column = value.over(self.columns, self.settings).astype(np.int64)
                self.columns[name] = column
                self.take(np.flatnonzero(among(column, self._single[name])))
                del self._computed[name]

    def _check(self) -> None:
        """Drop the settings that break a condition which can be decided by now."""
        given = self.columns.keys()
        ready = [condition for condition in self._conditions if given >= set(condition.reads)]
        self._conditions = [
            condition for condition in self._conditions if not given >= set(condition.reads)
        ]
        if ready and self.settings:
            holds = together(ready, self._model)
            self.take(np.flatnonzero(holds.over(self.columns, self.settings)))

    def _prune(self, name: str) -> None:
        """Drop the settings that break a condition whatever the inputs have that are missing."""
        for condition in self._conditions:
            if len(condition.reads) <= _FEW or name not in condition.reads or not self.settings:
                continue
            # Bounds that are beyond 64 bits say nothing of values that are not.
            with suppress(UnsupportedModelError):
                may_hold = condition.holds.may_hold(self.columns, self._ends, self.settings)
                self.take(np.flatnonzero(may_hold))


def ends(block: Single) -> tuple[int, int]:
    """The least and the greatest code of a block of one input; 0 and 0 without any."""
    if isinstance(block, Ranged):
        return block.codes[0], block.codes[-1]
    (codes,) = block.columns.values()
    return (int(codes.min()), int(codes.max())) if len(codes) else (0, 0)


def among(column: Column, block: Single) -> NDArray[np.bool_]:
    """Whether each code is one of those of a block of one input."""
    if isinstance(block, Ranged):
        low, high = ends(block)
        return (column >= low) & (column <= high) & ((column - low) % block.codes.step == 0)
    (codes,) = block.columns.values()
    return np.isin(column, codes)
