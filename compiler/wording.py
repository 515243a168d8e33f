"""Codes as people read them in messages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from textwrap import wrap

from causalspec.compiler.domains import Domain, Numbers
from causalspec.compiler.evaluators import interpret
from causalspec.compiler.expressions import Reference, Undefined
from causalspec.compiler.model import CausalModel, Role
from causalspec.dsl.source import Span

COLUMN = 36
"""The width of one side of a comparison."""


def value_text(domain: Domain, code: int | None) -> str:
    """A code in its domain's words; a code from outside it as a number; None is undefined."""
    if code is None:
        return "undefined"
    if isinstance(domain, Numbers) or code in domain.codes():
        return domain.text(code)
    return str(code)


def assigned(model: CausalModel, name: str, code: int | None) -> str:
    """`amount = 2.50`; `amount is undefined` for None."""
    if code is None:
        return f"{name} is undefined"
    return f"{name} = {value_text(model.by_name[name].domain, code)}"


def setting_text(
    model: CausalModel, setting: Mapping[str, int], names: Iterable[str], most: int = 12
) -> str:
    """`lower = 0.00, upper = 2.50`, for at most so many of the names; what the setting lacks is
    undefined.
    """
    parts = [assigned(model, name, setting.get(name)) for name in names]
    return ", ".join(parts if len(parts) <= most else [*parts[:most], "…"])


@dataclass(frozen=True, slots=True)
class UndefinedReason:
    """Why a variable is undefined: its mechanism gives a value outside its domain (CS322), or none
    (CS327), perhaps since `parent` has none.
    """

    code: str
    text: str
    parent: str | None = None


def why_undefined(model: CausalModel, name: str, solution: Mapping[str, int]) -> UndefinedReason:
    """Why a variable that the solution lacks has no value there."""
    variable = model.by_name[name]
    assert variable.mechanism is not None
    value = interpret.evaluate(variable.mechanism, solution)
    if value is not None:
        return UndefinedReason("CS322", f"`{value_text(variable.domain, value)}`")
    waiting = [variable]
    missing: list[str] = []
    for reader in waiting:
        reads = [node for node in reader.nodes if isinstance(node, Undefined | Reference)]
        for node in reads:
            if isinstance(node, Undefined):
                missing.append(node.reason)
            elif node.name not in solution:
                parent = model.by_name[node.name]
                if parent.role is not Role.ABBREVIATION:
                    return UndefinedReason("CS327", f"`{parent.name}` is undefined", parent.name)
                waiting.append(parent)
    return UndefinedReason("CS327", missing[0] if missing else "it is set to nothing")


def all_of(names: Sequence[str]) -> str:
    """`a, b and c`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def quoted(clause: Span) -> str:
    """A clause as messages quote it: on one line, long ones cut."""
    text = " ".join(clause.text.split())
    return f"`{text}`" if len(text) <= 60 else f"`{text[:59]}…`"


def beside(mark: str, left: str, right: str) -> Iterator[str]:
    """A line of a comparison: what it is about, and the two sides; long sides are wrapped."""
    sides = [wrap(side, COLUMN) or [""] for side in (left, right)]
    for number, (left_line, other) in enumerate(zip_longest(*sides, fillvalue="")):
        yield f"{mark if number == 0 else '':9}{left_line:{COLUMN + 2}}{other}".rstrip()
