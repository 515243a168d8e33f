"""`split … disjoint by (names)`: which values of inputs, columns and expressions each split has.

Inputs of one type share one partition of its values, so that a value of a training base never turns
up in a test source under another input's name; so do columns and expressions of one type.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from causalspec.compiler.data.randomness import Stream, largest_remainder
from causalspec.compiler.domains import Domain, Numbers, Truths
from causalspec.compiler.evaluators.columns import Column, storage_of
from causalspec.compiler.expressions import (
    All,
    Compare,
    ComparisonOperator,
    Constant,
    Expression,
    Lookup,
)
from causalspec.compiler.front.conversion import position
from causalspec.compiler.model import CausalModel
from causalspec.compiler.specification import CounterfactualDesign, HeldOutValue
from causalspec.dsl.diagnostics import Diagnostic, Related, SpecError

MOST_VALUES = 10_000_000
"""A type with more values cannot be partitioned: its values are listed and shuffled."""


@dataclass(frozen=True, slots=True)
class Share:
    """The codes of some values of one type that one split may use."""

    values: tuple[HeldOutValue, ...]
    domain: Domain
    codes: Column

    @property
    def is_of_named_values(self) -> bool:
        """Whether whatever has the type is shared out with it: not what is only computed."""
        computed = all(value.input is None for value in self.values)
        return not (computed and isinstance(self.domain, Truths | Numbers))

    def conditions(self) -> Iterator[Expression]:
        """That each value of a setting is one of the split's own."""
        kept = np.isin(np.asarray(self.domain.codes()), self.codes)
        table = tuple(kept.astype(int).tolist())
        for value in self.values:
            own = Lookup(table, position(value.expression, self.domain))
            yield Compare(ComparisonOperator.EQUAL, own, Constant(1))


@dataclass(frozen=True)
class SplitValues:
    """What one split may use, a share for each type that is partitioned."""

    split: str
    shares: tuple[Share, ...]

    @property
    def allowed(self) -> Mapping[str, Column]:
        """The codes that each partitioned input keeps to."""
        return {
            value.input: share.codes
            for share in self.shares
            for value in share.values
            if value.input is not None
        }

    @cached_property
    def required(self) -> tuple[Expression, ...]:
        """What a setting must meet beside that, for its other values to be the split's own."""
        return tuple(
            condition
            for share in self.shares
            for value, condition in zip(share.values, share.conditions(), strict=True)
            if value.input is None
        )

    def narrowed(self, model: CausalModel) -> CausalModel:
        """The model whose `require` has these conditions, too."""
        if not self.required:
            return model
        stated = () if model.requirement is None else (model.requirement,)
        return replace(model, requirement=All((*stated, *self.required)))

    def of_domain(self, domain: Domain) -> Column:
        """The split's values of a type: all of one that is not partitioned."""
        named = (share for share in self.shares if share.is_of_named_values)
        own = (share.codes for share in named if share.domain == domain)
        return next(own, np.asarray(domain.codes(), dtype=storage_of(domain)))


Unmet = Callable[[SplitValues], Diagnostic | None]
"""Says why a split is certainly impossible with some values; None where it may be possible."""


def partition(design: CounterfactualDesign, seed: int, unmet: Unmet) -> tuple[SplitValues, ...]:
    """The values of every split: shuffled by the seed and shared out in proportion to the rows,
    each split getting at least as many values as it takes to make it possible.

    Raises `SpecError` with CS515 where there are too few values for all splits, CS516 for a type
    with too many to list.
    """
    pools = _pools(design, seed)
    least = [1] * len(design.splits)
    while True:
        splits = _cut(design, pools, least)
        reasons = ((number, unmet(split)) for number, split in enumerate(splits))
        number, reason = next((found for found in reasons if found[1] is not None), (0, None))
        if reason is None:
            return splits
        if max(least) == 1:  # the first failure: it may not be for want of values at all
            impossible = unmet(SplitValues(design.splits[number].name, ()))
            if impossible is not None:
                raise SpecError([impossible])
        least[number] += max(1, least[number] // 4)
        if all(sum(least) > len(pool.codes) for pool in pools):
            raise SpecError([_too_few(design, number, splits[number], reason)])


def _pools(design: CounterfactualDesign, seed: int) -> list[Share]:
    """Of each type that is partitioned what has it and all of its values, shuffled."""
    pools: list[Share] = []
    for domain in dict.fromkeys(value.domain for value in design.disjoint):
        codes = domain.codes()
        alike = tuple(value for value in design.disjoint if value.domain == domain)
        if len(codes) > MOST_VALUES:
            message = f"the splits cannot be disjoint by a type of {len(codes):,} values"
            advice = f"types of at most {MOST_VALUES:,} values are listed and shared out"
            raise SpecError([Diagnostic("CS516", message, design.span, advice)])
        stream = Stream.of(seed, design.name, "partition", str(len(pools)))
        shuffled = np.asarray(codes, dtype=storage_of(domain))[stream.permutation(len(codes))]
        pools.append(Share(alike, domain, shuffled))
    return pools


def _cut(
    design: CounterfactualDesign, pools: Sequence[Share], least: Sequence[int]
) -> tuple[SplitValues, ...]:
    """Slices of the shuffled values, in proportion to the rows but no shorter than `least`; a type
    with too few values for that gives what it has, in the same proportion.
    """
    rows = [max(1, split.rows) for split in design.splits]
    shares: list[list[Share]] = [[] for _ in rows]
    for pool in pools:
        ends = np.cumsum(_sizes(len(pool.codes), rows, least))
        for mine, codes in zip(shares, np.split(pool.codes, ends[:-1]), strict=True):
            mine.append(replace(pool, codes=np.sort(codes)))
    splits = zip(design.splits, shares, strict=True)
    return tuple(SplitValues(split.name, tuple(mine)) for split, mine in splits)


def _sizes(values: int, rows: Sequence[int], least: Sequence[int]) -> list[int]:
    """Numbers of values that add up to `values`: proportional where that is enough for each."""
    if sum(least) >= values:
        return list(largest_remainder(values, least))
    sizes = list(largest_remainder(values, rows))
    while any(size < fewest for size, fewest in zip(sizes, least, strict=True)):
        # What is short gets its least, the others share the rest in proportion to their rows.
        free = [i for i, size in enumerate(sizes) if size > least[i]]
        rest = values - sum(fewest for i, fewest in enumerate(least) if i not in free)
        shared = iter(largest_remainder(rest, [rows[i] for i in free]))
        sizes = [next(shared) if i in free else least[i] for i in range(len(rows))]
    return sizes


def _too_few(
    design: CounterfactualDesign, number: int, split: SplitValues, reason: Diagnostic
) -> Diagnostic:
    clause = design.splits[number]
    sizes = " and ".join(f"{len(share.codes)} of {share.domain.size}" for share in split.shares)
    names = ", ".join(f"`{value.name}`" for value in design.disjoint)
    message = f"`{clause.name}` is impossible when the splits share no value of {names}"
    advice = f"with {sizes} values, {reason.message}; have fewer splits, or a type with more values"
    return Diagnostic("CS515", message, clause.span, advice, (Related(reason.span, "asked here"),))
