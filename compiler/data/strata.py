"""The strata of a design: each combination of its covered values with each balanced value."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler.data.conditions import LabelledPairs
from causalspec.compiler.data.partitions import SplitValues
from causalspec.compiler.domains import Domain, Tuples
from causalspec.compiler.evaluators.columns import Column
from causalspec.compiler.specification import CounterfactualDesign, StratifiedValue
from causalspec.compiler.wording import quoted

Stratum = tuple[int, ...]
"""A code for each covered value, then one for the balanced value if there is any."""


@dataclass(frozen=True)
class Strata:
    """What the rows of a split are spread over. Stratum number `c * len(balanced) + b` has covered
    values `combinations[c]` and balanced value `balanced[b]`; without one, `balanced` is a
    stand-in, as the empty combination is without covered values.

    `impossible` are combinations that no pair has and that are left out for that.
    """

    design: CounterfactualDesign
    combinations: tuple[Stratum, ...]
    balanced: tuple[int, ...]
    impossible: tuple[Stratum, ...] = ()

    @staticmethod
    def of(design: CounterfactualDesign) -> Strata:
        """Every stratum, whether some pair can be of it or not."""
        combinations = product(*(value.domain.codes() for value in design.cover))
        balanced = range(1) if design.balance_domain is None else design.balance_domain.codes()
        return Strata(design, tuple(combinations), tuple(balanced))

    def only(self, possible: Collection[Stratum]) -> Strata:
        """Without the combinations that no pair has."""
        return replace(
            self,
            combinations=tuple(codes for codes in self.combinations if codes in possible),
            impossible=tuple(codes for codes in self.combinations if codes not in possible),
        )

    def of_split(self, values: SplitValues) -> Strata:
        """The strata of a split: of a type that is shared out among the splits only its own values,
        of other types all.
        """
        design = self.design
        own = [set(values.of_domain(value.domain).tolist()) for value in design.cover]

        def is_own(combination: Stratum) -> bool:
            return all(code in codes for code, codes in zip(combination, own, strict=True))

        balanced = self.balanced
        if design.balance_domain is not None:
            balanced = tuple(_codes_of(design.balance_domain, values))
        return Strata(
            design,
            tuple(filter(is_own, self.combinations)),
            balanced,
            tuple(filter(is_own, self.impossible)),
        )

    def __len__(self) -> int:
        return len(self.combinations) * len(self.balanced)

    def __getitem__(self, number: int) -> Stratum:
        """The codes of a stratum, one for each value of `design.stratified`."""
        combination, balanced = divmod(number, len(self.balanced))
        codes = self.combinations[combination]
        return codes if self.design.balance is None else (*codes, self.balanced[balanced])

    def numbered(self, pairs: LabelledPairs) -> NDArray[np.int32]:
        """Each pair's stratum, -1 where it is in none or is not admitted."""
        admitted = pairs.admitted
        number = np.zeros(len(admitted), dtype=np.int32)
        for lookup in self._lookups:
            place = lookup.places_of(pairs.stratified)
            admitted &= place >= 0
            number = number * np.int32(lookup.count) + place
        return np.where(admitted, number, np.int32(-1))

    @cached_property
    def _lookups(self) -> Sequence[_Lookup]:
        """Of the covered values, and of the balanced one, as far as there are any."""
        domains = [value.domain.codes() for value in self.design.stratified]
        covered = len(self.design.cover)
        balanced = [(code,) for code in self.balanced]
        both = (
            _Lookup.of_values(slice(covered), domains, self.combinations),
            _Lookup.of_values(slice(covered, None), domains, balanced),
        )
        return [lookup for lookup in both if lookup.codes]


@dataclass(frozen=True, slots=True)
class _Lookup:
    """The places of `count` wanted settings of the stratified values `of`: `places` has an axis for
    the codes of each.
    """

    of: slice
    codes: Sequence[range]
    places: NDArray[np.int32]
    count: int

    @staticmethod
    def of_values(of: slice, domains: Sequence[range], wanted: Sequence[Stratum]) -> _Lookup:
        codes = domains[of]
        places = np.full([len(values) for values in codes], -1, dtype=np.int32)
        for place, setting in enumerate(wanted if codes else ()):
            digits = [values.index(code) for code, values in zip(setting, codes, strict=True)]
            places[tuple(digits)] = place
        return _Lookup(of, codes, places, len(wanted))

    def places_of(self, stratified: Sequence[Column]) -> NDArray[np.int32]:
        """Each row's place, -1 where it is not wanted."""
        digits: list[NDArray[np.int64]] = []
        inside = np.ones(len(stratified[0]), dtype=np.bool_)
        for column, codes in zip(stratified[self.of], self.codes, strict=True):
            digit = (column.astype(np.int64) - codes.start) // codes.step
            inside &= (digit >= 0) & (digit < len(codes))
            digits.append(digit)
        number = np.ravel_multi_index(digits, self.places.shape, mode="clip")
        return np.where(inside, self.places.take(number), np.int32(-1))


def _codes_of(domain: Domain, values: SplitValues) -> Iterator[int]:
    """The codes of a balanced value that a split has: of a tuple those whose fields all have theirs
    in it.
    """
    if not isinstance(domain, Tuples):
        yield from values.of_domain(domain).tolist()
        return
    own = {part.name: set(values.of_domain(part.domain).tolist()) for part in domain.fields}
    for code in domain.codes():
        if all(digit in own[name] for name, digit in domain.split(code)):
            yield code


def described(values: Sequence[StratifiedValue], stratum: Stratum) -> str:
    """Some values' codes as messages say them: "`left` be `true` and `right` be `false`"."""
    pairs = zip(values, stratum, strict=True)
    return " and ".join(
        f"{quoted(value.span)} be `{value.domain.text(code)}`" for value, code in pairs
    )
