"""What changed in where a variable may live in a network."""

from __future__ import annotations

from collections.abc import Iterator

from causalspec.compiler.review.changes import Area, Change
from causalspec.compiler.review.remaining import other_fields
from causalspec.compiler.specification import Alignment, Placement, TokenRange


def placement_changes(old: Alignment, new: Alignment) -> Iterator[Change]:
    """Every change of an alignment, in the old version's names."""
    where = old.name
    if old.model.name != new.model.name:
        text = f"is about `{new.model.name}`, was about `{old.model.name}`"
        yield Change(Area.PLACEMENTS, where, text)
    before, after = ({one.variable: one for one in side.placements} for side in (old, new))
    for name, one in before.items():
        if name in after:
            yield from _placement_changes(where, one, after[name])
        else:
            yield Change(Area.PLACEMENTS, where, f"`{name}` is placed no more")
    for name, one in after.items():
        if name not in before:
            yield Change(Area.PLACEMENTS, where, f"`{name}` is placed: {_text(one)}")
    yield from other_fields(
        Area.PLACEMENTS, where, old, new, {"name", "model", "placements", "documentation"}
    )


_LOOKED_AT = frozenset({"variable", "site", "first_layer", "last_layer", "tokens", "method"})


def _placement_changes(where: str, old: Placement, new: Placement) -> Iterator[Change]:
    name = old.variable
    for part, was, now in (
        ("site", old.site, new.site),
        ("layers", _layers(old), _layers(new)),
        ("tokens", _tokens(old), _tokens(new)),
        ("method", old.method.text, new.method.text),
    ):
        if was != now:
            scope = f" ({_scope(old, new)})" if part == "layers" else ""
            text = f"`{name}`: {part} `{now}`, was `{was}`{scope}"
            yield Change(Area.PLACEMENTS, where, text)
    yield from other_fields(Area.PLACEMENTS, where, old, new, _LOOKED_AT)


def _text(one: Placement) -> str:
    token = f" token {_tokens(one)}" if one.tokens else ""
    return f"`{one.site} layers {_layers(one)}{token} by {one.method.text}`"


def _layers(one: Placement) -> str:
    if one.first_layer == one.last_layer:
        return str(one.first_layer)
    return f"{one.first_layer}..{'*' if one.last_layer is None else one.last_layer}"


def _scope(old: Placement, new: Placement) -> str:
    """Whether more or fewer layers are searched: more of them raise the chance of a lucky one."""
    if _covers(new, old):
        return "more are searched"
    return "fewer are searched" if _covers(old, new) else "others are searched"


def _covers(one: Placement, other: Placement) -> bool:
    if one.first_layer > other.first_layer:
        return False
    return one.last_layer is None or (
        other.last_layer is not None and other.last_layer <= one.last_layer
    )


def _tokens(one: Placement) -> str:
    return ", ".join(
        f"{each.first.text} .. {each.last.text}" if isinstance(each, TokenRange) else each.text
        for each in one.tokens
    )
