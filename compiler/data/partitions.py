"""`split … disjoint by (names)`: which values of the named inputs each split may use.

Inputs of one type share one partition of its values, so that a value of a training base never turns
up in a test source under another input's name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from causalspec.compiler.data.randomness import Stream, largest_remainder
from causalspec.compiler.domains import Domain
from causalspec.compiler.evaluators.columns import Column, storage_of
from causalspec.compiler.specification import CounterfactualDesign
from causalspec.dsl.diagnostics import Diagnostic, Related, SpecError

MOST_VALUES = 10_000_000
"""A type with more values cannot be partitioned: its values are listed and shuffled."""


@dataclass(frozen=True, slots=True)
class Share:
    """The values of some inputs that one split may use. `domain` is the inputs' type."""

    inputs: tuple[str, ...]
    domain: Domain
    codes: Column


@dataclass(frozen=True, slots=True)
class SplitValues:
    """What one split may use, a share for each type that is partitioned."""

    split: str
    shares: tuple[Share, ...]

    @property
    def allowed(self) -> Mapping[str, Column]:
        """The codes that each partitioned input keeps to."""
        return {name: share.codes for share in self.shares for name in share.inputs}

    def of_domain(self, domain: Domain) -> Column:
        """The split's values of a type: all of one that is not partitioned."""
        own = (share.codes for share in self.shares if share.domain == domain)
        return next(own, np.asarray(domain.codes(), dtype=storage_of(domain)))


Unmet = Callable[[SplitValues], Diagnostic | None]
"""Says why a split is certainly impossible with some values; None where it may be possible."""


def partition(design: CounterfactualDesign, seed: int, unmet: Unmet) -> tuple[SplitValues, ...]:
    """The values of every split: shuffled by the seed and shared out in proportion to the rows,
    each split getting at least as many values as it takes to make it possible.

    Raises `SpecError` with CS515 where there are too few values for all splits, CS516 for a type
    with too many to list.
    """
    groups = tuple(_groups(design))
    shuffled = [
        _shuffled(design, seed, number, domain) for number, (domain, _) in enumerate(groups)
    ]
    least = [1] * len(design.splits)
    while True:
        splits = _cut(design, groups, shuffled, least)
        reasons = ((number, unmet(split)) for number, split in enumerate(splits))
        number, reason = next((found for found in reasons if found[1] is not None), (0, None))
        if reason is None:
            return splits
        if max(least) == 1:  # the first failure: it may not be for want of values at all
            impossible = unmet(SplitValues(design.splits[number].name, ()))
            if impossible is not None:
                raise SpecError([impossible])
        least[number] += max(1, least[number] // 4)
        if all(sum(least) > len(codes) for codes in shuffled):
            raise SpecError([_too_few(design, number, splits[number], reason)])


def _groups(design: CounterfactualDesign) -> Iterator[tuple[Domain, tuple[str, ...]]]:
    """Each type that is partitioned, with the inputs of it that the design names."""
    domains: list[Domain] = []
    for name in design.disjoint:
        domain = design.model.by_name[name].domain
        if domain not in domains:
            domains.append(domain)
    for domain in domains:
        members = (name for name in design.disjoint if design.model.by_name[name].domain == domain)
        yield domain, tuple(members)


def _shuffled(design: CounterfactualDesign, seed: int, number: int, domain: Domain) -> Column:
    codes = domain.codes()
    if len(codes) > MOST_VALUES:
        message = f"the splits cannot be disjoint by a type of {len(codes):,} values"
        advice = f"types of at most {MOST_VALUES:,} values are listed and shared out"
        raise SpecError([Diagnostic("CS516", message, design.span, advice)])
    order = Stream.of(seed, design.name, "partition", str(number)).permutation(len(codes))
    return np.asarray(codes, dtype=storage_of(domain))[order]


def _cut(
    design: CounterfactualDesign,
    groups: Sequence[tuple[Domain, tuple[str, ...]]],
    shuffled: Sequence[Column],
    least: Sequence[int],
) -> tuple[SplitValues, ...]:
    """Slices of the shuffled values, in proportion to the rows but no shorter than `least`; a type
    with too few values for that gives what it has, in the same proportion.
    """
    shares: list[list[Share]] = [[] for _ in design.splits]
    rows = [max(1, split.rows) for split in design.splits]
    for (domain, inputs), codes in zip(groups, shuffled, strict=True):
        sizes = _sizes(len(codes), rows, least)
        start = 0
        for mine, size in zip(shares, sizes, strict=True):
            mine.append(Share(inputs, domain, np.sort(codes[start : start + size])))
            start += size
    return tuple(
        SplitValues(split.name, tuple(mine))
        for split, mine in zip(design.splits, shares, strict=True)
    )


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
    names = ", ".join(f"`{name}`" for name in design.disjoint)
    message = f"`{clause.name}` is impossible when the splits share no value of {names}"
    advice = f"with {sizes} values, {reason.message}; have fewer splits, or a type with more values"
    return Diagnostic("CS515", message, clause.span, advice, (Related(reason.span, "asked here"),))
