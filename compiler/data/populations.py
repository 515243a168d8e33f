"""The settings of the inputs that a split may use: those that `require` admits.

Inputs that `require` relates are listed together when they have few settings, and an input that it
states outright (`a + b == c`) is computed from the others, so that it costs no enumeration.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from ..domains import Numbers
from ..evaluators.columns import Column, ColumnExpression, Columns, storage, storage_of
from ..expressions import All, Compare, ComparisonOperator, Expression, Reference
from ..model import CausalModel, Variable
from .blocks import (
    ENUMERATED_SETTINGS,
    Block,
    Listed,
    Ranged,
    product,
)

_MERGED_SETTINGS = 1 << 16  # small independent blocks share one draw up to so many settings
_LARGEST_WEIGHT = 1 << 62


@dataclass(frozen=True, slots=True)
class Population:
    """Settings of inputs and noise: one of each block, subject to what could not be enumerated."""

    blocks: tuple[Block, ...]
    rejections: tuple[ColumnExpression, ...]

    @property
    def is_empty(self) -> bool:
        """Whether it is certain that nothing is admitted."""
        return any(block.settings == 0 for block in self.blocks)


def populate(model: CausalModel, allowed: Mapping[str, Column]) -> Population:
    """The settings that the model's `require` admits, each input in `allowed` keeping to its codes.

    Inputs are uniform over what is admitted unless they have weights; noise is independent of all.
    """
    drawn = {name: model.by_name[name] for name in (*model.inputs, *model.noise)}
    conditions = [_Condition.of(one, model) for one in _conjuncts(model.requirement)]
    if not all(one.holds.over({}, 1)[0] for one in conditions if not one.reads):
        return Population((Listed(dict.fromkeys(drawn, _NOTHING), 0),), ())
    blocks: list[Block] = []
    rejections: list[ColumnExpression] = []
    for names in _connected(tuple(drawn), [one.reads for one in conditions]):
        mine = [one for one in conditions if one.reads and one.reads[0] in names]
        single = {name: _single(drawn[name], allowed.get(name)) for name in names}
        computed = _computed(single, mine)
        free = [block for name, block in single.items() if name not in computed]
        listed = [block for block in free if isinstance(block, Listed)]
        if mine and len(listed) == len(free) and _can_join(listed, ENUMERATED_SETTINGS):
            blocks.append(_admitted(_joined(listed), computed, single, mine))
        else:
            blocks.extend(single.values())
            rejections.extend(one.holds for one in mine)
    return Population(tuple(_merged(blocks)), tuple(rejections))


_NOTHING = np.zeros(0, dtype=np.int8)


@dataclass(frozen=True, slots=True)
class _Condition:
    """A conjunct of `require`, and the inputs that it states outright with what they equal."""

    holds: ColumnExpression
    states: tuple[tuple[str, ColumnExpression], ...]

    @property
    def reads(self) -> tuple[str, ...]:
        return self.holds.reads

    @staticmethod
    def of(expression: Expression, model: CausalModel) -> _Condition:
        stated: list[tuple[str, ColumnExpression]] = []
        match expression:
            case Compare(ComparisonOperator.EQUAL, left, right):
                for one, other in ((left, right), (right, left)):
                    if isinstance(one, Reference) and one.name in model.inputs:
                        value = ColumnExpression.of(other, model.by_name, _ANY_INTEGER)
                        if one.name not in value.reads:
                            stated.append((one.name, value))
            case _:
                pass
        return _Condition(ColumnExpression.of(expression, model.by_name), tuple(stated))


_ANY_INTEGER = Numbers(-(2**31), 2**31)


def _conjuncts(requirement: Expression | None) -> Iterator[Expression]:
    if isinstance(requirement, All):
        for operand in requirement.operands:
            yield from _conjuncts(operand)
    elif requirement is not None:
        yield requirement


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


def _computed(
    single: Mapping[str, Block], conditions: Sequence[_Condition]
) -> Mapping[str, ColumnExpression]:
    """Inputs of uniform weight that a condition states in terms of inputs not computed themselves;
    none where the inputs are few enough to do without.
    """
    if prod(block.settings for block in single.values()) <= ENUMERATED_SETTINGS:
        return {}
    computed: dict[str, ColumnExpression] = {}
    needed: set[str] = set()
    for condition in conditions:
        for name, value in condition.states:
            block = single[name]
            uniform = isinstance(block, Ranged) or block.weights is None
            if uniform and name not in needed and not computed.keys() & {name, *value.reads}:
                computed[name] = value
                needed.update(value.reads)
    return computed


def _admitted(
    block: Listed,
    computed: Mapping[str, ColumnExpression],
    single: Mapping[str, Block],
    conditions: Sequence[_Condition],
) -> Listed:
    """The settings of a block, with the inputs that follow from it, that meet every condition."""
    if not block.settings:
        return Listed(dict.fromkeys(single, _NOTHING), 0)
    columns = dict(block.columns)
    kept = np.ones(block.settings, dtype=np.bool_)
    for name, value in computed.items():
        column = value.over(block.columns, block.settings).astype(np.int64)
        kept &= _among(column, single[name])
        columns[name] = column
    columns = {name: columns[name][kept] for name in single}
    weights = None if block.weights is None else block.weights[kept]
    rows = int(np.count_nonzero(kept))
    for name in computed:
        columns[name] = columns[name].astype(storage(*_ends(single[name])))
    admitted = np.ones(rows, dtype=np.bool_)
    for condition in conditions if rows else ():
        admitted &= condition.holds.over(columns, rows).astype(np.bool_)
    final = {name: column[admitted] for name, column in columns.items()}
    return _listed(final, None if weights is None else weights[admitted])


def _among(column: Column, block: Block) -> NDArray[np.bool_]:
    """Whether each code is one of the block's."""
    if isinstance(block, Ranged):
        low, high = _ends(block)
        return (column >= low) & (column <= high) & ((column - low) % block.codes.step == 0)
    (codes,) = block.columns.values()
    return np.isin(column, codes)


def _ends(block: Block) -> tuple[int, int]:
    """The least and the greatest code of a block of one input; 0 and 0 without any."""
    if isinstance(block, Ranged):
        return block.codes[0], block.codes[-1]
    (codes,) = block.columns.values()
    return (int(codes.min()), int(codes.max())) if len(codes) else (0, 0)


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
