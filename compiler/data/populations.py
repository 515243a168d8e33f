"""The settings of the inputs that a split may use: those that `require` admits.

Inputs that `require` relates are listed together when they have few settings, and an input that it
states outright (`a + b == c`) is computed from the others, so that it costs no enumeration. Where
they have many, draws are thrown away that it does not admit; where that would be nearly all, what
it admits is constructed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler.data.arrangements import Arranged
from causalspec.compiler.data.blocks import (
    ENUMERATED_SETTINGS,
    LARGEST_WEIGHT,
    Block,
    Listed,
    Ranged,
    Single,
    every,
    product,
)
from causalspec.compiler.data.construction import MOST_SETTINGS, Construction, construct, ends
from causalspec.compiler.data.randomness import Stream
from causalspec.compiler.data.requirements import Condition, together
from causalspec.compiler.evaluators.columns import (
    Column,
    ColumnExpression,
    Columns,
    storage,
    storage_of,
)
from causalspec.compiler.evaluators.intervals import UnsupportedModelError
from causalspec.compiler.expressions import All, conjuncts
from causalspec.compiler.model import CausalModel, Variable

_MERGED_SETTINGS = 1 << 16  # small independent blocks share one draw up to so many settings
_PILOT = 1 << 14
_RARE = 64  # where fewer than one draw in so many is admitted, settings are constructed


@dataclass(frozen=True)
class Population:
    """Settings of a model's inputs and noise, those in `allowed` keeping to its codes: one of each
    block, subject to what could not be enumerated.

    `sampled` is not 0 where a block is a sample of the settings of its inputs: so many. `in_vain`
    counts the settings that were tried where some may exist, but none was found.
    """

    model: CausalModel
    allowed: Mapping[str, Column]
    blocks: tuple[Block, ...]
    rejections: tuple[ColumnExpression, ...]
    sampled: int = 0
    in_vain: int = 0

    @property
    def is_listed(self) -> bool:
        """Whether the blocks hold every setting that is admitted, and no other."""
        return not (self.sampled or self.rejections or self.in_vain)

    @property
    def is_empty(self) -> bool:
        """Whether it is certain that nothing is admitted."""
        return any(block.settings == 0 for block in self.blocks)

    @cached_property
    def _parts(self) -> dict[frozenset[str], Population]:
        return {}

    def of(self, names: frozenset[str]) -> Population:
        """The settings of some inputs and noise, subject to what `require` says of them alone."""
        if names not in self._parts:
            model = self.model
            alone = (
                condition
                for condition in conjuncts(model.requirement)
                if names.issuperset(Condition.of(condition, model).reads)
            )
            kept = (
                variable
                for variable in model.variables
                if variable.mechanism is not None or variable.name in names
            )
            part = replace(model, variables=tuple(kept), requirement=All(tuple(alone)))
            self._parts[names] = populate(part, self.allowed)
        return self._parts[names]


def populate(model: CausalModel, allowed: Mapping[str, Column]) -> Population:
    """The settings that the model's `require` admits, each input in `allowed` keeping to its codes.

    Inputs are uniform over what is admitted unless they have weights; noise is independent of all.
    """
    conditions = [Condition.of(part, model) for part in conjuncts(model.requirement)]
    constant = [condition for condition in conditions if not condition.reads]
    if not all(condition.holds.over({}, 1)[0] for condition in constant):
        nothing = np.zeros(0, dtype=np.int8)
        none = Listed(dict.fromkeys(model.exogenous, nothing), 0)
        return Population(model, allowed, (none,), ())
    blocks: list[Block] = []
    rejections: list[ColumnExpression] = []
    sampled, in_vain = 0, 0
    for names in _connected(model.exogenous, [condition.reads for condition in conditions]):
        single = {name: _single(model.by_name[name], allowed.get(name)) for name in names}
        mine = [
            condition for condition in conditions if not single.keys().isdisjoint(condition.reads)
        ]
        computed = _computed(single, mine)
        drawn, rest = _without_repetition(single, mine)
        if rest != mine and _are_few(drawn):
            blocks.append(_filtered([_as_list(block) for block in drawn], rest, model))
            continue
        is_short = _are_few([block for name, block in single.items() if name not in computed])
        if not rest or (not is_short and _is_common(model, drawn, rest)):
            blocks.extend(drawn)
            rejections += [together(rest, model)] if rest else []
            continue
        most = ENUMERATED_SETTINGS if is_short else MOST_SETTINGS
        made = construct(model, single, computed, mine, most)
        if made.settings or made.is_whole:
            blocks.append(_narrowed(made, single))
            sampled = max(sampled, 0 if made.is_whole else made.settings)
        else:
            in_vain += made.tried
    return Population(model, allowed, tuple(_merged(blocks)), tuple(rejections), sampled, in_vain)


def _connected(names: Sequence[str], links: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """The names in groups, all of a link being in one group; in order of first appearance."""
    group = {name: {name} for name in names}
    for link in links:
        joined = {member for name in link for member in group[name]}
        for name in joined:
            group[name] = joined
    distinct = {id(group[name]): group[name] for name in names}
    return [tuple(name for name in names if name in members) for members in distinct.values()]


def _without_repetition(
    single: Mapping[str, Single], conditions: Sequence[Condition]
) -> tuple[Sequence[Block], Sequence[Condition]]:
    """Blocks that are drawn so that some of the conditions hold, those that certain inputs have
    different values; and the other conditions.
    """
    blocks: dict[str, Block] = {**single}
    left: list[Condition] = []
    for condition in conditions:
        names = condition.apart
        codes = [_free_codes(blocks.get(name)) for name in names]
        first = codes[0] if codes else None
        if first is None or not all(_are_same(first, other) for other in codes[1:]):
            left.append(condition)
            continue
        together_drawn = Arranged(names, first)
        if not together_drawn.settings:
            empty = {name: np.zeros(0, dtype=np.int8) for name in names}
            return (Listed(empty, 0),), ()
        for name in names[1:]:
            del blocks[name]
        blocks[names[0]] = together_drawn
    return list(blocks.values()), left


def _free_codes(block: Block | None) -> range | Column | None:
    """The codes of one input that are all as likely; None of another block."""
    match block:
        case Ranged(codes=codes):
            return codes
        case Listed(columns=columns, weights=None) if len(columns) == 1:
            return next(iter(columns.values()))
        case _:
            return None


def _are_same(codes: range | Column, other: range | Column | None) -> bool:
    if isinstance(codes, range) or isinstance(other, range) or other is None:
        return isinstance(codes, range) and isinstance(other, range) and codes == other
    return np.array_equal(codes, other)


def _as_list(block: Block) -> Listed:
    return block if isinstance(block, Listed) else Listed(every(block), block.settings)


def _filtered(
    blocks: Sequence[Listed], conditions: Sequence[Condition], model: CausalModel
) -> Listed:
    """Every combination of the blocks' settings that meets the conditions."""
    whole = _joined(blocks)
    if not conditions:
        return whole
    met = together(conditions, model).over(whole.columns, whole.settings).astype(np.bool_)
    columns = {name: column[met] for name, column in whole.columns.items()}
    return _listed(columns, None if whole.weights is None else whole.weights[met])


def _single(variable: Variable, allowed: Column | None) -> Single:
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


def _are_few(blocks: Sequence[Block]) -> bool:
    """Whether all combinations of some blocks' settings can be listed."""
    return not any(isinstance(block, Ranged) for block in blocks) and _can_join(
        blocks, ENUMERATED_SETTINGS
    )


def _can_join(blocks: Sequence[Block], limit: int) -> bool:
    return (
        prod(block.settings for block in blocks) <= limit
        and prod(max(1, block.total) for block in blocks) <= LARGEST_WEIGHT
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
    single: Mapping[str, Single], conditions: Sequence[Condition]
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
            uniform = not isinstance(block, Listed) or block.weights is None
            if uniform and name not in needed and not computed.keys() & {name, *value.reads}:
                computed[name] = value
                needed.update(value.reads)
    return computed


def _is_common(
    model: CausalModel, blocks: Sequence[Block], conditions: Sequence[Condition]
) -> bool:
    """Whether enough of all settings meet the conditions, or weights are too large to construct."""
    listed = [block for block in blocks if isinstance(block, Listed)]
    if prod(block.total for block in listed if block.weights is not None) > LARGEST_WEIGHT:
        return True
    if not all(block.settings for block in blocks):
        return True
    stream = Stream.of(0, "pilot")
    columns: dict[str, Column] = {}
    for block in blocks:
        columns.update(block.draw(stream.derive(*block.names), 0, _PILOT))
    try:
        met = np.count_nonzero(together(conditions, model).over(columns, _PILOT))
    except UnsupportedModelError:  # said where settings are drawn
        return True
    return int(met) * _RARE >= _PILOT


def _narrowed(made: Construction, single: Mapping[str, Single]) -> Listed:
    """What was constructed as a block, each input in the smallest type that holds its codes."""
    columns = {
        name: column.astype(storage(*ends(single[name]))) for name, column in made.columns.items()
    }
    return _listed(columns, made.weights)


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
