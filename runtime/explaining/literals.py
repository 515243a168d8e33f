"""What a rule may say of an input: truths, equalities and comparisons, as the language has them."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler import (
    CausalModel,
    Columns,
    Domain,
    Numbers,
    Role,
    Truths,
    Tuples,
    defined_name,
    solve_columns,
    value_text,
)

_LISTED = 12
"""Values of a larger domain are not compared with one by one."""
_IN_SETS = 6
"""Of a domain so large at most, pairs of values are told from the others."""
_LIMITS = 8
"""So many limits of a number are tried, spread over those that occur."""
_ROLES = (Role.INPUT, Role.ABBREVIATION, Role.VARIABLE)
_WRITTEN = re.compile(r"[A-Za-z_]\w*|-?\d+(\.\d+)?")


Truth = NDArray[np.bool_]
Values = Mapping[str, NDArray[np.int64]]
"""Codes [inputs] of everything that a rule may read."""


@dataclass(frozen=True, slots=True)
class Literal:
    """One condition as it is written, and how many names and values it reads: a name compared with
    another one, with a code or with several.
    """

    text: str
    words: int
    name: str
    compare: Callable[[Any, Any], Truth]
    other: str | int | tuple[int, ...]

    def holds(self, values: Values) -> Truth:
        """Where it holds, BoolArray [inputs]."""
        other = values[self.other] if isinstance(self.other, str) else self.other
        return self.compare(values[self.name], other)


def values_of(model: CausalModel, settings: Columns) -> Values:
    """The inputs, abbreviations and variables that always have a value; tuples are left to their
    parts' own inputs.
    """
    names = [
        variable.name
        for variable in model.variables
        if variable.role in _ROLES
        and not isinstance(variable.domain, Tuples)
        and defined_name(variable.name) not in model.total.by_name
    ]
    solved = solve_columns(model, settings, wanted=names)
    return {name: solved[name].astype(np.int64) for name in names}


def literals(model: CausalModel, values: Values) -> list[Literal]:
    """All that is tried of these values, each with its negation. What is the same on these inputs
    stands once, in its shortest form; what is always so is none.
    """
    domains = {name: model.by_name[name].domain for name in values}
    shortest: dict[bytes, Literal] = {}
    for literal in sorted(_all(domains, values), key=lambda literal: literal.words):
        holds = literal.holds(values)
        if holds.any() and not holds.all():
            shortest.setdefault(holds.tobytes(), literal)
    return list(shortest.values())


def _not_in(column: NDArray[np.int64], codes: tuple[int, ...]) -> Truth:
    return ~np.isin(column, codes)


def _all(domains: Mapping[str, Domain], values: Values) -> Iterator[Literal]:
    for name in values:
        if isinstance(domains[name], Truths):
            yield Literal(name, 1, name, operator.eq, 1)
            yield Literal(f"not {name}", 1, name, operator.eq, 0)
    for left, right in combinations(values, 2):
        if domains[left] == domains[right]:
            for sign, compare in _signs(domains[left]):
                yield Literal(f"{left} {sign} {right}", 2, left, compare, right)
    for name, column in values.items():
        yield from _with_values(name, domains[name], column)


def _signs(domain: Domain) -> Iterator[tuple[str, Callable[[Any, Any], Truth]]]:
    yield "==", operator.eq
    yield "!=", operator.ne
    if isinstance(domain, Numbers):
        yield "<", operator.lt
        yield "<=", operator.le
        yield ">", operator.gt
        yield ">=", operator.ge


def _with_values(name: str, domain: Domain, column: NDArray[np.int64]) -> Iterator[Literal]:
    if isinstance(domain, Truths):
        return
    occurring = [int(code) for code in np.unique(column)]
    written = {code: value_text(domain, code) for code in occurring}
    plain = [code for code in occurring if _WRITTEN.fullmatch(written[code])]
    if domain.size <= _LISTED:
        for code in plain:
            yield Literal(f"{name} == {written[code]}", 3, name, operator.eq, code)
            yield Literal(f"{name} != {written[code]}", 3, name, operator.ne, code)
    if domain.size <= _IN_SETS:
        for pair in combinations(plain, 2):
            members = f"{{{written[pair[0]]}, {written[pair[1]]}}}"
            yield Literal(f"{name} in {members}", 4, name, np.isin, pair)
            yield Literal(f"{name} not in {members}", 4, name, _not_in, pair)
    if isinstance(domain, Numbers):
        spread: NDArray[np.int64] = np.unique(
            np.linspace(0, len(plain) - 1, _LIMITS).round().astype(int)
        )
        for code in [plain[int(place)] for place in spread if plain]:
            yield Literal(f"{name} <= {written[code]}", 3, name, operator.le, code)
            yield Literal(f"{name} > {written[code]}", 3, name, operator.gt, code)
