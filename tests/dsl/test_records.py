"""Records are frozen dataclasses with slots in all but how their classes are made."""

from __future__ import annotations

import copy
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace
from typing import Any

import pytest

from causalspec.dsl.records import record


class AsRecords:
    @record
    class Base:
        place: int = field(kw_only=True, compare=False, repr=False)

    @record
    class Point(Base):
        x: int
        y: tuple[int, ...] = ()

    @record
    class Nothing:
        pass


class AsDataclasses:
    @dataclass(frozen=True, slots=True)
    class Base:
        place: int = field(kw_only=True, compare=False, repr=False)

    @dataclass(frozen=True, slots=True)
    class Point(Base):
        x: int
        y: tuple[int, ...] = ()

    @dataclass(frozen=True, slots=True)
    class Nothing:
        pass


def behaviour(kinds: Any) -> list[object]:
    """All that can be seen of a record, or of the dataclass that it stands for."""
    one = kinds.Point(1, place=2)
    same = kinds.Point(y=(), x=1, place=3)
    other = kinds.Point(1, (2,), place=2)
    match one:
        case kinds.Point(x, y):
            matched = (x, y)
    return [
        str(one).replace(kinds.__name__, ""),
        repr(kinds.Nothing()).replace(kinds.__name__, ""),
        [(field.name, getattr(one, field.name)) for field in fields(one)],
        matched,
        (one == same, one == other, one == kinds.Base(place=2), one == (1, ())),
        hash(one) == hash(same),
        {one, same, other} == {one, other},
        kinds.Nothing() == kinds.Nothing(),
        [getattr(replace(one, place=5), name) for name in ("place", "x", "y")],
        replace(one, x=4) == kinds.Point(4, place=0),
        (copy.copy(one) == one, copy.deepcopy(other) == other, copy.copy(one).place),
        hasattr(one, "__dict__"),
    ]


def test_a_record_behaves_as_a_frozen_dataclass_with_slots() -> None:
    assert behaviour(AsRecords) == behaviour(AsDataclasses)


@pytest.mark.parametrize("kinds", [AsRecords, AsDataclasses])
def test_a_record_stays_as_it_is(kinds: Any) -> None:
    one = kinds.Point(1, place=2)
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'x'"):
        one.x = 2
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'x'"):
        del one.x
    assert one.x == 1


@pytest.mark.parametrize("kinds", [AsRecords, AsDataclasses])
@pytest.mark.parametrize(
    ("positional", "named"),
    [
        ((), {"place": 1}),
        ((1,), {}),
        ((1,), {"x": 1, "place": 1}),
        ((1, (), 3), {"place": 1}),
        ((1, ()), {"place": 1, "z": 1}),
        ((1,), {"place": 1, "z": 1}),
    ],
    ids=["missing", "missing keyword", "twice", "too many", "one too many", "unknown"],
)
def test_a_record_takes_each_field_once(
    kinds: Any, positional: tuple[Any, ...], named: dict[str, Any]
) -> None:
    with pytest.raises(TypeError):
        kinds.Point(*positional, **named)
