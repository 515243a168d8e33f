"""The settings of the inputs that a split may use, and how one of them is drawn.

`require` is met by enumeration wherever its inputs have few settings together, so that no draw is
wasted and an empty population is known to be empty; only what is too large to enumerate is drawn
and rejected.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from .columns import Column, ColumnExpression, Columns, storage_of
from .expressions import All, Expression
from .model import CausalModel, Variable
from .randomness import Stream

ENUMERATED_SETTINGS = 1 << 20  # more settings than this are not listed
_MERGED_SETTINGS = 1 << 16  # small independent blocks share one draw up to so many settings
_REPEATED_SETTINGS = 1 << 20  # up to this total weight, a list of repeated settings is drawn from
_LARGEST_WEIGHT = 1 << 62


@dataclass(frozen=True, slots=True)
class Listed:
    """Inputs drawn together from a list of distinct settings, with integer `weights` unless all
    weigh the same.
    """

    columns: Columns
    settings: int
    weights: NDArray[np.int64] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The inputs of the block."""
        return tuple(self.columns)

    @property
    def total(self) -> int:
        """The sum of the weights, 1 each where there are none."""
        return self.settings if self.weights is None else sum(self.weights.tolist())

    def drawn(self) -> Listed | Cumulative:
        """The block in the form that is fastest to draw from."""
        if self.weights is None:
            return self
        if self.total <= _REPEATED_SETTINGS:
            repeated = {name: np.repeat(one, self.weights) for name, one in self.columns.items()}
            return Listed(repeated, self.total)
        return Cumulative(self.columns, np.cumsum(self.weights))

    def draw(self, stream: Stream, start: int, count: int) -> Columns:
        """The settings at positions `start .. start + count - 1` of a stream."""
        chosen = stream.below(self.settings, start, count).astype(np.intp)
        return {name: column.take(chosen) for name, column in self.columns.items()}


@dataclass(frozen=True, slots=True)
class Cumulative:
    """Settings with running totals of their weights, too large to repeat."""

    columns: Columns
    cumulative: NDArray[np.int64]

    def draw(self, stream: Stream, start: int, count: int) -> Columns:
        """The settings at positions `start .. start + count - 1` of a stream."""
        points = stream.below(int(self.cumulative[-1]), start, count).astype(np.int64)
        chosen = np.searchsorted(self.cumulative, points, side="right")
        return {name: column.take(chosen) for name, column in self.columns.items()}


@dataclass(frozen=True, slots=True)
class Ranged:
    """One input with too many values to list, all of the same weight."""

    name: str
    codes: range

    @property
    def names(self) -> tuple[str, ...]:
        """The input."""
        return (self.name,)

    @property
    def settings(self) -> int:
        """How many values the input has."""
        return len(self.codes)

    @property
    def total(self) -> int:
        """The sum of the weights."""
        return len(self.codes)

    def drawn(self) -> Ranged:
        """The block in the form that is fastest to draw from: itself."""
        return self

    def draw(self, stream: Stream, start: int, count: int) -> Columns:
        """The values at positions `start .. start + count - 1` of a stream."""
        positions = stream.below(len(self.codes), start, count).astype(np.int64)
        return {self.name: positions * self.codes.step + self.codes.start}


Block = Listed | Ranged


@dataclass(frozen=True, slots=True)
class Population:
    """Settings of inputs and noise: one of each block, subject to what could not be enumerated."""

    blocks: tuple[Block, ...]
    rejections: tuple[ColumnExpression, ...]

    @property
    def is_empty(self) -> bool:
        """Whether it is certain that nothing is admitted."""
        return any(block.settings == 0 for block in self.blocks)

    def enumerated(self, relevant: frozenset[str]) -> Columns | None:
        """Every setting of the relevant inputs, each once, with some setting of the others that is
        admitted beside it; None where there are too many, or where a rejection hides some.
        """
        if self.rejections:
            return None
        kept = [_distinct(block, relevant) for block in self.blocks]
        if prod(block.settings for block in kept) > ENUMERATED_SETTINGS:
            return None
        return product([_every(block) for block in kept])


def _distinct(block: Block, relevant: frozenset[str]) -> Block:
    """The first of a block's settings for each setting of the relevant inputs in it."""
    if isinstance(block, Ranged):
        return block if block.name in relevant else Ranged(block.name, block.codes[:1])
    rank = np.zeros(block.settings, dtype=np.int64)
    for name in block.names:
        if name in relevant:
            codes, places = np.unique(block.columns[name], return_inverse=True)
            rank = np.unique(rank * len(codes) + places, return_inverse=True)[1]
    _, chosen = np.unique(rank, return_index=True)
    return Listed({name: one[chosen] for name, one in block.columns.items()}, len(chosen))


def _every(block: Block) -> Columns:
    if isinstance(block, Ranged):
        return {block.name: np.asarray(block.codes, dtype=np.int64)}
    return block.columns


def product(parts: Sequence[Columns]) -> Columns:
    """Every combination of the parts' rows, the first part varying slowest."""
    lengths = [len(next(iter(part.values()))) for part in parts]
    result: dict[str, Column] = {}
    for i, part in enumerate(parts):
        inner, outer = prod(lengths[i + 1 :]), prod(lengths[:i])
        for name, column in part.items():
            result[name] = np.tile(np.repeat(column, inner), outer)
    return result


# Building --------------------------------------------------------------------------------------


def populate(model: CausalModel, allowed: Mapping[str, Column]) -> Population:
    """The settings that the model's `require` admits, each input in `allowed` keeping to its codes.

    Inputs are uniform over what is admitted unless they have weights; noise is independent of all.
    """
    drawn = {name: model.by_name[name] for name in (*model.inputs, *model.noise)}
    conditions = [ColumnExpression.of(one, model.by_name) for one in _conjuncts(model.requirement)]
    if not all(one.over({}, 1)[0] for one in conditions if not one.reads):
        return Population((Listed(dict.fromkeys(drawn, _NOTHING), 0),), ())
    blocks: list[Block] = []
    rejections: list[ColumnExpression] = []
    for names in _connected(tuple(drawn), [one.reads for one in conditions]):
        mine = [one for one in conditions if names[0] in _group(one, names)]
        single = [_single(drawn[name], allowed.get(name)) for name in names]
        listed = [block for block in single if isinstance(block, Listed)]
        if mine and len(listed) == len(single) and _can_join(listed, ENUMERATED_SETTINGS):
            blocks.append(_admitted(_joined(listed), mine))
        else:
            blocks.extend(single)
            rejections.extend(mine)
    return Population(tuple(_merged(blocks)), tuple(rejections))


_NOTHING = np.zeros(0, dtype=np.int8)


def _conjuncts(requirement: Expression | None) -> Iterator[Expression]:
    if isinstance(requirement, All):
        for operand in requirement.operands:
            yield from _conjuncts(operand)
    elif requirement is not None:
        yield requirement


def _group(condition: ColumnExpression, names: Sequence[str]) -> Sequence[str]:
    """The group that a condition belongs to: all its inputs are in one."""
    return names if condition.reads and condition.reads[0] in names else ()


def _connected(names: Sequence[str], links: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """The names in groups, all of a link being in one group; in order of first appearance."""
    group = {name: {name} for name in names}
    for link in links:
        joined = {member for name in link for member in group[name]}
        for name in joined:
            group[name] = joined
    distinct = {id(group[name]): group[name] for name in names}
    return [tuple(name for name in names if name in members) for members in distinct.values()]


def _single(variable: Variable, allowed: Column | None) -> Block:
    codes = variable.domain.codes()
    if variable.weights is None and allowed is None and len(codes) > ENUMERATED_SETTINGS:
        return Ranged(variable.name, codes)
    column = np.asarray(codes, dtype=storage_of(variable.domain))
    weights = None if variable.weights is None else np.array(variable.weights, dtype=np.int64)
    kept = np.ones(len(column), dtype=np.bool_) if allowed is None else np.isin(column, allowed)
    if weights is not None:
        kept &= weights > 0
        weights = weights[kept]
    return _listed({variable.name: column[kept]}, weights)


def _listed(columns: Columns, weights: NDArray[np.int64] | None) -> Listed:
    """A block with its weights in lowest terms, and without them where all are the same."""
    settings = len(next(iter(columns.values())))
    if weights is None or settings == 0:
        return Listed(columns, settings)
    lowest = weights // np.gcd.reduce(weights)
    return Listed(columns, settings, None if (lowest == 1).all() else lowest)


def _can_join(blocks: Sequence[Listed], limit: int) -> bool:
    return (
        prod(block.settings for block in blocks) <= limit
        and prod(max(1, block.total) for block in blocks) <= _LARGEST_WEIGHT
    )


def _joined(blocks: Sequence[Listed]) -> Listed:
    """Every combination of the blocks' settings as one block."""
    if len(blocks) == 1:
        return blocks[0]
    weights = None
    if any(block.weights is not None for block in blocks):
        weights = np.ones(1, dtype=np.int64)
        for block in blocks:
            own = np.ones(block.settings, np.int64) if block.weights is None else block.weights
            weights = np.multiply.outer(weights, own).ravel()
    return _listed(product([block.columns for block in blocks]), weights)


def _admitted(block: Listed, conditions: Sequence[ColumnExpression]) -> Listed:
    """The settings of a block that meet every condition."""
    kept = np.ones(block.settings, dtype=np.bool_)
    if block.settings:
        for condition in conditions:
            kept &= condition.over(block.columns, block.settings).astype(np.bool_)
    columns = {name: column[kept] for name, column in block.columns.items()}
    return _listed(columns, None if block.weights is None else block.weights[kept])


def _merged(blocks: Sequence[Block]) -> Iterator[Block]:
    """Small neighbouring blocks joined, so that several inputs cost one draw."""
    waiting: list[Listed] = []
    for block in blocks:
        if isinstance(block, Listed) and _can_join([*waiting, block], _MERGED_SETTINGS):
            waiting.append(block)
            continue
        if waiting:
            yield _joined(waiting)
        waiting = []
        if isinstance(block, Listed) and block.settings <= _MERGED_SETTINGS:
            waiting = [block]
        else:
            yield block
    if waiting:
        yield _joined(waiting)
