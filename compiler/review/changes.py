"""One change between two versions of a spec, and what it is about."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Area(StrEnum):
    """What a change is about, the gravest first."""

    INTERFACE = "interface"  # names, domains, distributions, which inputs there are
    MEANING = "meaning"  # mechanisms, abstractions
    CLAIMS = "claims"  # what is checked: expectations, examples, accepted warnings
    DATA = "data"  # which pairs there are
    PROMPTS = "prompts"  # what a network reads and is to say
    PLACEMENTS = "placements"  # where in a network a variable may live
    UNDECIDED = "undecided"  # whether something means the same
    TEXT = "text"  # comments, documentation, order, another way to write the same


@dataclass(frozen=True, slots=True)
class Change:
    """One change. `where` is the declaration, `text` what happened to it in one line; `details` are
    lines that show it, such as an input with what both versions make of it.
    """

    area: Area
    where: str
    text: str
    details: tuple[str, ...] = ()
