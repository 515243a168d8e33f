"""What a rule may say of an input: truths, equalities and comparisons, as the language has them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations

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


@dataclass(frozen=True, eq=False)
class Literal:
    """One condition as it is written, how many names and values it reads, and where it holds,
    BoolArray [inputs].
    """

    text: str
    words: int
    holds: NDArray[np.bool_] = field(repr=False)


def literals(model: CausalModel, settings: Columns) -> list[Literal]:
    """All that is tried of a model's inputs, abbreviations and variables, each with its negation.
    What is the same on these inputs stands once, in its shortest form; what is always so is none.
    """
    columns = _values(model, settings)
    domains = {name: model.by_name[name].domain for name in columns}
    shortest: dict[bytes, Literal] = {}
    for literal in sorted(_all(domains, columns), key=lambda literal: literal.words):
        if literal.holds.any() and not literal.holds.all():
            shortest.setdefault(literal.holds.tobytes(), literal)
    return list(shortest.values())


def _values(model: CausalModel, settings: Columns) -> Mapping[str, NDArray[np.int64]]:
    """The columns of what always has a value; tuples are left to their parts' own inputs."""
    names = [
        variable.name
        for variable in model.variables
        if variable.role in _ROLES
        and not isinstance(variable.domain, Tuples)
        and defined_name(variable.name) not in model.total.by_name
    ]
    solved = solve_columns(model, settings, wanted=names)
    return {name: solved[name].astype(np.int64) for name in names}


def _all(
    domains: Mapping[str, Domain], columns: Mapping[str, NDArray[np.int64]]
) -> Iterator[Literal]:
    for name, column in columns.items():
        if isinstance(domains[name], Truths):
            yield Literal(name, 1, column == 1)
            yield Literal(f"not {name}", 1, column == 0)
    for left, right in combinations(columns, 2):
        if domains[left] == domains[right]:
            yield from _compared(left, right, domains[left], columns)
    for name, column in columns.items():
        yield from _with_values(name, domains[name], column)


def _compared(
    left: str, right: str, domain: Domain, columns: Mapping[str, NDArray[np.int64]]
) -> Iterator[Literal]:
    first, second = columns[left], columns[right]
    yield Literal(f"{left} == {right}", 2, first == second)
    yield Literal(f"{left} != {right}", 2, first != second)
    if isinstance(domain, Numbers):
        yield Literal(f"{left} < {right}", 2, first < second)
        yield Literal(f"{left} <= {right}", 2, first <= second)
        yield Literal(f"{left} > {right}", 2, first > second)
        yield Literal(f"{left} >= {right}", 2, first >= second)


def _with_values(name: str, domain: Domain, column: NDArray[np.int64]) -> Iterator[Literal]:
    if isinstance(domain, Truths):
        return
    occurring = [int(code) for code in np.unique(column)]
    written = {code: value_text(domain, code) for code in occurring}
    plain = [code for code in occurring if _WRITTEN.fullmatch(written[code])]
    if domain.size <= _LISTED:
        for code in plain:
            yield Literal(f"{name} == {written[code]}", 3, column == code)
            yield Literal(f"{name} != {written[code]}", 3, column != code)
    if domain.size <= _IN_SETS:
        for first, second in combinations(plain, 2):
            inside = np.isin(column, (first, second))
            members = f"{{{written[first]}, {written[second]}}}"
            yield Literal(f"{name} in {members}", 4, inside)
            yield Literal(f"{name} not in {members}", 4, ~inside)
    if isinstance(domain, Numbers):
        spread: NDArray[np.int64] = np.unique(
            np.linspace(0, len(plain) - 1, _LIMITS).round().astype(int)
        )
        for code in [plain[int(place)] for place in spread if plain]:
            yield Literal(f"{name} <= {written[code]}", 3, column <= code)
            yield Literal(f"{name} > {written[code]}", 3, column > code)
