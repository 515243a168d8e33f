"""Cells of a column as codes of a variable. Each distinct cell is looked at once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler.data.audit.rows import Cells, Encoded
from causalspec.compiler.domains import Domain, Numbers, Truths
from causalspec.compiler.written_values import named, number_code

UNREADABLE = np.iinfo(np.int64).min
"""Stands for a cell that is not a value of the variable: no code reaches so far."""

NEARLY = Fraction(1, 10**9)
"""A float such as `6.1899999999999995` is read as the value that it is this close to."""

_TOO_EXACT = 9  # decimals; fewer are taken as they stand
_NUMBER = re.compile(r"[+-]?([0-9]{1,20}(\.[0-9]{0,30})?|\.[0-9]{1,30})([eE][+-]?[0-9]{1,2})?")


class CellReader:
    """Reads the cells of one variable. `renamed` says what a file's own words stand for."""

    def __init__(self, domain: Domain, renamed: Mapping[str, str]) -> None:
        self._domain = domain
        self._renamed = renamed
        self._named: Mapping[str, int] = {} if isinstance(domain, Numbers) else named(domain)
        self._known: dict[object, int] = {}

    def codes(self, cells: Cells) -> NDArray[np.int64]:
        """A code for each cell, `UNREADABLE` where it has none."""
        if isinstance(cells, Encoded):
            return self._looked_up(cells.cells)[cells.places]
        try:
            return self._looked_up(cells)
        except TypeError:  # lists and objects can't be keys
            return self._looked_up([written(cell) for cell in cells])

    def _looked_up(self, cells: Sequence[Any]) -> NDArray[np.int64]:
        code_of = self._known.__getitem__
        try:
            return np.fromiter(map(code_of, cells), dtype=np.int64, count=len(cells))
        except KeyError:
            for cell in set(cells).difference(self._known):
                self._known[cell] = self._code(cell)
        return np.fromiter(map(code_of, cells), dtype=np.int64, count=len(cells))

    def _code(self, cell: Any) -> int:
        text = written(cell)
        text = self._renamed.get(text, text)
        code: int | None = None
        match self._domain:
            case Truths():
                code = {"0": 0, "1": 1, "0.0": 0, "1.0": 1, **self._named}.get(text.lower())
            case Numbers():
                code = number_code(self._domain, text)
                if code is None and getattr(cell, "dtype", None) == np.float32:
                    code = _measured_once(self._domain, cell)
                elif code is None:
                    code = _measured(self._domain, text)
            case _:
                code = self._named.get(text)
        return UNREADABLE if code is None else code


def written(cell: object) -> str:
    """A cell as text: truth values as the language writes them."""
    if cell is None:
        return ""
    return str(cell).lower() if isinstance(cell, bool) else str(cell).strip()


def _measured(domain: Numbers, text: str) -> int | None:
    """The code of a number as programs write floats: with an exponent, or barely off."""
    if not _NUMBER.fullmatch(text):
        return None
    value = Fraction(text) * domain.denominator
    code = round(value)
    if value != code:
        _, _, decimals = text.partition(".")
        if len(decimals) < _TOO_EXACT or abs(value - code) > NEARLY * domain.denominator:
            return None
    return code if code in domain.codes() else None


def _measured_once(domain: Numbers, cell: Any) -> int | None:
    """The code of a number of single precision: the one value that such a number is the nearest to,
    or, where a calculation ended barely off, is no more than a unit in the last place from.
    """
    if not np.isfinite(cell):
        return None
    value = Fraction(float(cell)) * domain.denominator
    code = round(value)
    near = [candidate for candidate in (code - 1, code, code + 1) if candidate in domain.codes()]
    same = [candidate for candidate in near if np.float32(candidate / domain.denominator) == cell]
    if same:
        return same[0] if len(same) == 1 else None
    off = Fraction(float(np.spacing(np.abs(cell)))) * domain.denominator
    return code if code in near and off < Fraction(1, 2) and abs(value - code) <= off else None
