"""One change between two versions of a spec, and the changes that every kind of declaration has."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any


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


def gone_and_new(
    area: Area,
    where: str,
    old: Mapping[str, object],
    new: Mapping[str, object],
    *,
    gone: str,
    fresh: str,
    was: Mapping[str, str] | None = None,
) -> Iterator[Change]:
    """What one version alone has, by name; `gone` and `fresh` are sentences with `{0}` for the name
    and `{1}` for what it is. `was` says of what is new which name it may have had.
    """
    for name, described in old.items():
        if name not in new:
            yield Change(area, where, gone.format(name, described))
    for name, described in new.items():
        if name not in old:
            hint = renamed(was[name]) if was and name in was else ()
            yield Change(area, where, fresh.format(name, described), hint)


def renamed(name: str) -> tuple[str, ...]:
    """The hint that something new may be what is gone."""
    return (f"perhaps `{name}`, renamed: all else is the same",)


def told_otherwise(
    area: Area, where: str, parts: Iterable[tuple[str, str, str, str]]
) -> Iterator[Change]:
    """Parts that both versions have: what is said of it now and what was, and how it is and was."""
    for now, before, is_so, was_so in parts:
        if is_so != was_so:
            yield Change(area, where, f"{now} {is_so}, {before} {was_so}")


def other_fields(
    area: Area, where: str, old: Any, new: Any, looked_at: Collection[str]
) -> Iterator[Change]:
    """Fields of two dataclasses of one kind that no comparison looks at itself: said to have
    changed, never lost. Spans and the like take no part.
    """
    for field in fields(old):
        if not field.compare or field.name in looked_at:
            continue
        if getattr(old, field.name) != getattr(new, field.name):
            yield Change(area, where, f"its {field.name.replace('_', ' ')} changed")


def quoted(names: Iterable[str]) -> str:
    """Names as messages list them."""
    return ", ".join(f"`{name}`" for name in names)
