"""The strata of a design: each combination of its covered values with each balanced value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler.data.conditions import LabelledPairs
from causalspec.compiler.data.partitions import SplitValues
from causalspec.compiler.domains import Domain
from causalspec.compiler.evaluators.columns import Column
from causalspec.compiler.specification import CounterfactualDesign, StratifiedValue
from causalspec.compiler.wording import quoted
from causalspec.dsl.diagnostics import InternalError

MOST_STRATA = 1 << 15
"""More than any checked design has: their numbers are kept in 16 bits."""

Stratum = tuple[int, ...]
"""A code for each covered value, then one for the balanced value if there is any."""


@dataclass(frozen=True, slots=True)
class Coverable:
    """The combinations of a design's covered values that some pair has, and those that none has."""

    combinations: tuple[Stratum, ...]
    impossible: tuple[Stratum, ...] = ()


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
    def of(design: CounterfactualDesign, values: SplitValues, coverable: Coverable) -> Strata:
        """The strata of a split: of a type that is shared out among the splits only its own values,
        of other types all.
        """
        own = [values.of_domain(one.domain) for one in design.cover]
        kept = [None if codes is None else set(codes.tolist()) for codes in own]

        def is_own(combination: Stratum) -> bool:
            pairs = zip(combination, kept, strict=True)
            return all(codes is None or code in codes for code, codes in pairs)

        balanced: tuple[int, ...] = (0,)
        if design.balance is not None and design.balance_domain is not None:
            codes = values.of_domain(design.balance_domain)
            balanced = tuple(design.balance_domain.codes() if codes is None else codes.tolist())
        mine = tuple(one for one in coverable.combinations if is_own(one))
        if len(mine) * len(balanced) > MOST_STRATA:
            raise InternalError(f"`{design.name}` has {len(mine) * len(balanced):,} strata")
        impossible = tuple(one for one in coverable.impossible if is_own(one))
        return Strata(design, mine, balanced, impossible)

    def __len__(self) -> int:
        return len(self.combinations) * len(self.balanced)

    def __getitem__(self, number: int) -> Stratum:
        """The codes of a stratum, one for each value of `design.stratified`."""
        combination, balanced = divmod(number, len(self.balanced))
        codes = self.combinations[combination]
        return (*codes, self.balanced[balanced]) if self.design.balance is not None else codes

    def numbered(self, pairs: LabelledPairs, admitted: NDArray[np.bool_]) -> NDArray[np.int32]:
        """Each pair's stratum, -1 where it is in none or is not admitted."""
        if not pairs.stratified:
            return np.where(admitted, np.int32(0), np.int32(-1))
        return np.where(admitted, self._number_of(pairs.stratified), np.int32(-1))

    def _number_of(self, columns: Sequence[Column]) -> NDArray[np.int32]:
        covered = len(self.design.cover)
        if not covered:
            return self._balance_lookup.index(columns)
        combination = self._combination_lookup.index(columns[:covered])
        if self.design.balance is None:
            return combination
        balanced = self._balance_lookup.index(columns[covered:])
        number = combination * np.int32(len(self.balanced)) + balanced
        return np.where((combination >= 0) & (balanced >= 0), number, np.int32(-1))

    @cached_property
    def _combination_lookup(self) -> _Lookup:
        domains = [one.domain for one in self.design.cover]
        return _Lookup.of(domains, self.combinations)

    @cached_property
    def _balance_lookup(self) -> _Lookup:
        assert self.design.balance_domain is not None
        return _Lookup.of([self.design.balance_domain], [(code,) for code in self.balanced])


@dataclass(frozen=True, slots=True)
class _Lookup:
    """The places of wanted settings of some values: `places` has an axis for each value's codes."""

    codes: tuple[range, ...]
    places: NDArray[np.int32]

    @staticmethod
    def of(domains: Sequence[Domain], wanted: Sequence[Stratum]) -> _Lookup:
        codes = tuple(domain.codes() for domain in domains)
        places = np.full([len(one) for one in codes], -1, dtype=np.int32)
        for place, setting in enumerate(wanted):
            digits = [one.index(code) for code, one in zip(setting, codes, strict=True)]
            places[tuple(digits)] = place
        return _Lookup(codes, places)

    def index(self, columns: Sequence[Column]) -> NDArray[np.int32]:
        """Each row's place, -1 where it is not wanted."""
        digits: list[NDArray[np.int64]] = []
        inside = np.ones(len(columns[0]), dtype=np.bool_)
        for column, codes in zip(columns, self.codes, strict=True):
            digit = (column.astype(np.int64) - codes.start) // codes.step
            inside &= (digit >= 0) & (digit < len(codes))
            digits.append(digit)
        number = np.ravel_multi_index(digits, self.places.shape, mode="clip")
        return np.where(inside, self.places.take(number), np.int32(-1))


def described(values: Sequence[StratifiedValue], stratum: Stratum) -> str:
    """Some values' codes as messages say them: "`left` be `true` and `right` be `false`"."""
    pairs = zip(values, stratum, strict=True)
    return " and ".join(f"{quoted(one.span)} be `{one.domain.text(code)}`" for one, code in pairs)
