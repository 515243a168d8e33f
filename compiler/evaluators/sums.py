"""Sums that are divided: a normal form in which equal digits look equal to the solver.

For a positive d and any divisor g of it,

    floor((g P + Q) / d) = floor((P + floor(Q / g)) / (d / g)),

and terms whose coefficient d divides leave the division. Applied to `total // 10 ** i`, this turns
a number's digit into the chain of carries that computes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import gcd
from typing import Any

MOST_TERMS = 64
"""Longer sums are left as they are."""


@dataclass(frozen=True, slots=True)
class Sum:
    """`constant` plus a number of solver terms, each with its coefficient, by the terms' ids."""

    terms: Mapping[int, tuple[Any, int]] = field(default_factory=dict[int, tuple[Any, int]])
    constant: int = 0

    @staticmethod
    def of(term: Any) -> Sum:
        """A single term."""
        return Sum({term.get_id(): (term, 1)})

    def plus(self, other: Sum, factor: int = 1) -> Sum:
        """The sum with a multiple of another one."""
        terms = dict(self.terms)
        for key, (term, coefficient) in other.terms.items():
            total = terms[key][1] + factor * coefficient if key in terms else factor * coefficient
            terms[key] = (term, total)
        kept = {key: pair for key, pair in terms.items() if pair[1]}
        return Sum(kept, self.constant + factor * other.constant)

    def only(self, keep: Callable[[int], bool]) -> Sum:
        """The terms whose coefficient is to be kept, without the constant."""
        return Sum({key: pair for key, pair in self.terms.items() if keep(pair[1])})

    def divided(self, by: int) -> Sum:
        """An exact quotient."""
        terms = {key: (term, coefficient // by) for key, (term, coefficient) in self.terms.items()}
        return Sum(terms, self.constant // by)

    def term(self, zero: Any) -> Any:
        """As one solver term, in an order that depends on nothing but the terms."""
        result = zero if self.constant == 0 else zero + self.constant
        first = self.constant == 0
        for key in sorted(self.terms):
            term, coefficient = self.terms[key]
            product = term if coefficient == 1 else coefficient * term
            result, first = (product if first else result + product), False
        return result

    def floored(self, by: int, zero: Any) -> Sum:
        """The floor of the quotient by a positive number."""
        whole, left = divmod(self.constant, by)
        out = Sum(self.only(lambda coefficient: coefficient % by == 0).divided(by).terms, whole)
        rest = Sum(self.only(lambda coefficient: coefficient % by != 0).terms, left)
        if not rest.terms:
            return out
        shared = max(gcd(coefficient, by) for _, coefficient in rest.terms.values())
        if shared == 1:
            return out.plus(Sum.of(rest.term(zero) / by))
        high = rest.only(lambda coefficient: coefficient % shared == 0).divided(shared)
        low = Sum(rest.only(lambda coefficient: coefficient % shared != 0).terms, left)
        return out.plus(high.plus(low.floored(shared, zero)).floored(by // shared, zero))

    def remainder(self, by: int, zero: Any) -> Sum:
        """What the floored division leaves."""
        reduced = {
            key: (term, coefficient % by)
            for key, (term, coefficient) in self.terms.items()
            if coefficient % by
        }
        small = Sum(reduced, self.constant % by)
        return small.plus(small.floored(by, zero), -by)
