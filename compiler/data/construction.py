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

from causalspec.compiler.data.blocks import Block, Listed, Ranged
from causalspec.compiler.data.randomness import Stream
from causalspec.compiler.data.requirements import Condition
from causalspec.compiler.evaluators.columns import Column, ColumnExpression
from causalspec.compiler.evaluators.intervals import UnsupportedModelError
from causalspec.compiler.expressions import All
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
    single: Mapping[str, Block],
    computed: Mapping[str, ColumnExpression],
    conditions: Sequence[Condition],
    most: int = MOST_SETTINGS,
) -> Construction:
    """Settings of the inputs in `single` that meet every condition, each `computed` one having the
    value that follows from the others; at most `most` are taken from one step to the next.
    """
    builder = _Builder(model, single, dict(computed), list(conditions), most)
    for name in _in_order(single, computed, conditions):
        builder.extend(name)
    return builder.result()


def _in_order(
    single: Mapping[str, Block],
    computed: Mapping[str, ColumnExpression],
    conditions: Sequence[Condition],
) -> Iterator[str]:
    """The inputs that are not computed, so that conditions are decided early: the one whose missing
    inputs have the fewest settings comes next.
    """
    waiting: list[list[str]] = []
    for one in conditions:
        read = [reads for name in one.reads for reads in _computed_from(name, computed)]
        waiting.append([name for name in single if name in read])
    given: set[str] = set()
    while waiting:
        missing = [[name for name in names if name not in given] for names in waiting]
        waiting = [names for names in missing if names]
        if waiting:
            nearest = min(waiting, key=lambda names: prod(single[one].settings for one in names))
            yield from nearest
            given.update(nearest)
    yield from (name for name in single if name not in given and name not in computed)


def _computed_from(name: str, computed: Mapping[str, ColumnExpression]) -> tuple[str, ...]:
    return computed[name].reads if name in computed else (name,)


class _Builder:
    def __init__(
        self,
        model: CausalModel,
        single: Mapping[str, Block],
        computed: dict[str, ColumnExpression],
        conditions: list[Condition],
        most: int,
    ) -> None:
        self._most = most
        self._model = model
        self._single = single
        self._computed = computed
        self._conditions = conditions
        self._columns: dict[str, Column] = {}
        self._weights: NDArray[np.int64] | None = None
        self._settings = 1
        self._is_whole = True
        self._tried = 0
        self._extended: set[str] = set()
        self._stream = Stream.of(0, "construction")
        self._ends = {name: ends(block) for name, block in single.items()}

    def extend(self, name: str) -> None:
        """Give every setting so far each value of one more input."""
        self._extended.add(name)
        block = self._single[name]
        count = self._settings * block.settings
        if count > self._most:
            drawn = self._stream.derive(name).below(count, 0, self._most).astype(np.int64)
            chosen = np.unique(drawn)
            self._is_whole = False
        else:
            chosen = np.arange(count)
        self._settings = len(chosen)
        self._tried += self._settings
        before, own = np.divmod(chosen, max(1, block.settings))
        self._take(before)
        self._columns[name] = _values(block, own)
        if isinstance(block, Listed) and block.weights is not None:
            weights = np.ones(1, np.int64) if self._weights is None else self._weights
            self._weights = weights * block.weights[own]
        self._follow()
        self._check()
        self._prune(name)

    def result(self) -> Construction:
        """What was built, in the order of the inputs, the first one varying slowest."""
        free = [name for name in self._single if name in self._extended]
        self._take(np.lexsort([self._columns[name] for name in reversed(free)]))
        columns = {name: self._columns[name] for name in self._single}
        return Construction(columns, self._settings, self._weights, self._is_whole, self._tried)

    def _follow(self) -> None:
        """Add what can be computed by now."""
        for name, value in list(self._computed.items()):
            if self._columns.keys() >= set(value.reads):
                column = value.over(self._columns, self._settings).astype(np.int64)
                self._columns[name] = column
                self._take(np.flatnonzero(among(column, self._single[name])))
                del self._computed[name]

    def _check(self) -> None:
        """Drop the settings that break a condition which can be decided by now."""
        given = self._columns.keys()
        ready = [one for one in self._conditions if given >= set(one.reads)]
        self._conditions = [one for one in self._conditions if not given >= set(one.reads)]
        if ready and self._settings:
            together = All(tuple(one.expression for one in ready))
            holds = ColumnExpression.of(together, self._model.by_name)
            self._take(np.flatnonzero(holds.over(self._columns, self._settings)))

    def _prune(self, name: str) -> None:
        """Drop the settings that break a condition whatever the inputs have that are missing."""
        for one in self._conditions:
            if len(one.reads) <= _FEW or name not in one.reads or not self._settings:
                continue
            # Bounds that are beyond 64 bits say nothing of values that are not.
            with suppress(UnsupportedModelError):
                may = one.holds.may_hold(self._columns, self._ends, self._settings)
                self._take(np.flatnonzero(may))

    def _take(self, rows: NDArray[np.intp]) -> None:
        self._columns = {name: column[rows] for name, column in self._columns.items()}
        self._weights = None if self._weights is None else self._weights[rows]
        self._settings = len(rows)


def _values(block: Block, positions: NDArray[np.int64]) -> Column:
    if isinstance(block, Ranged):
        return positions * block.codes.step + block.codes.start
    (column,) = block.columns.values()
    return column[positions]


def ends(block: Block) -> tuple[int, int]:
    """The least and the greatest code of a block of one input; 0 and 0 without any."""
    if isinstance(block, Ranged):
        return block.codes[0], block.codes[-1]
    (codes,) = block.columns.values()
    return (int(codes.min()), int(codes.max())) if len(codes) else (0, 0)


def among(column: Column, block: Block) -> NDArray[np.bool_]:
    """Whether each code is one of those of a block of one input."""
    if isinstance(block, Ranged):
        low, high = ends(block)
        return (column >= low) & (column <= high) & ((column - low) % block.codes.step == 0)
    (codes,) = block.columns.values()
    return np.isin(column, codes)
