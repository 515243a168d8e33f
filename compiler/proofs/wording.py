"""Codes as people read them in messages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import zip_longest
from textwrap import wrap

from ..domains import Domain, Numbers
from ..model import CausalModel

COLUMN = 36
"""The width of one side of a comparison."""


def value_text(domain: Domain, code: int) -> str:
    """A code in its domain's words; a code from outside it as a number."""
    if isinstance(domain, Numbers) or code in domain.codes():
        return domain.text(code)
    return str(code)


def assigned(model: CausalModel, name: str, code: int) -> str:
    """`amount = 2.50`."""
    return f"{name} = {value_text(model.by_name[name].domain, code)}"


def setting_text(
    model: CausalModel, setting: Mapping[str, int], names: Iterable[str], most: int = 12
) -> str:
    """`lower = 0.00, upper = 2.50`, for at most so many of the names."""
    parts = [assigned(model, name, setting[name]) for name in names]
    return ", ".join(parts if len(parts) <= most else [*parts[:most], "…"])


def beside(mark: str, left: str, right: str) -> Iterator[str]:
    """A line of a comparison: what it is about, and the two sides; long sides are wrapped."""
    sides = [wrap(one, COLUMN) or [""] for one in (left, right)]
    for number, (one, other) in enumerate(zip_longest(*sides, fillvalue="")):
        yield f"{mark if number == 0 else '':9}{one:{COLUMN + 2}}{other}".rstrip()
