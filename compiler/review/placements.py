"""What changed in where a variable may live in a network."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from causalspec.compiler.review.changes import Area, Change
from causalspec.compiler.review.remaining import other_fields
from causalspec.compiler.specification import Alignment, PlacedSite, Placement, TokenRange


def placement_changes(old: Alignment, new: Alignment) -> Iterator[Change]:
    """Every change of an alignment, in the old version's names."""
    where = old.name
    if old.model.name != new.model.name:
        text = f"is about `{new.model.name}`, was about `{old.model.name}`"
        yield Change(Area.PLACEMENTS, where, text)
    before, after = ({one.variable: one for one in side.placements} for side in (old, new))
    for name, one in before.items():
        if name in after:
            yield from _placement_changes(old, new, one, after[name])
        else:
            yield Change(Area.PLACEMENTS, where, f"`{name}` is placed no more")
    for name, one in after.items():
        if name not in before:
            yield Change(Area.PLACEMENTS, where, f"`{name}` is placed: {_text(new, one)}")
    yield from _sharing_changes(old, new)
    yield from other_fields(
        Area.PLACEMENTS, where, old, new, {"name", "model", "placements", "documentation"}
    )


def _sharing_changes(old: Alignment, new: Alignment) -> Iterator[Change]:
    """Variables of one statement share a site, those of several are searched jointly."""
    common = {one.variable for one in old.placements} & {one.variable for one in new.placements}
    before, after = _sharing(old, common), _sharing(new, common)
    for names in before:
        if names not in after:
            yield Change(Area.PLACEMENTS, old.name, f"{_all(names)} share one site no more")
    for names in after:
        if names not in before:
            yield Change(Area.PLACEMENTS, old.name, f"{_all(names)} share one site")


def _sharing(alignment: Alignment, common: Collection[str]) -> list[tuple[str, ...]]:
    groups: dict[int, list[str]] = {}
    for one in alignment.placements:
        if one.variable in common:
            groups.setdefault(one.statement, []).append(one.variable)
    return [tuple(sorted(names)) for names in groups.values() if len(names) > 1]


_LOOKED_AT = frozenset(
    {"variable", "statement", "site", "receiver", "tokens", "together", "method", "write"}
)


def _placement_changes(
    old: Alignment, new: Alignment, was: Placement, now: Placement
) -> Iterator[Change]:
    where, name = old.name, was.variable
    for part, before, after in (
        ("site", was.site.place, now.site.place),
        ("layers", was.site.layers, now.site.layers),
        ("edge", _receiver(was), _receiver(now)),
        ("tokens", _tokens(was), _tokens(now)),
        ("method", was.method.text, now.method.text),
        ("write", _write(old, was), _write(new, now)),
    ):
        if before != after:
            scope = (
                f" ({_scope(was.site, now.site)})" if part == "layers" and before and after else ""
            )
            text = f"`{name}`: {part} {_quoted(after)}, was {_quoted(before)}{scope}"
            yield Change(Area.PLACEMENTS, where, text)
    yield from other_fields(Area.PLACEMENTS, where, was, now, _LOOKED_AT)


def _all(names: tuple[str, ...]) -> str:
    quoted = [f"`{name}`" for name in names]
    return f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def _quoted(text: str) -> str:
    return f"`{text}`" if text else "none"


def _text(alignment: Alignment, one: Placement) -> str:
    edge = f" to {one.receiver.text}" if one.receiver is not None else ""
    token = f" token {_tokens(one)}" if one.tokens else ""
    write = "" if one.write is None else f" writing {_write(alignment, one)}"
    return f"`{one.site.text}{edge}{token} by {one.method.text}{write}`"


def _receiver(one: Placement) -> str:
    return "" if one.receiver is None else one.receiver.text


def _scope(old: PlacedSite, new: PlacedSite) -> str:
    """Whether more or fewer layers are searched: more of them raise the chance of a lucky one."""
    if _covers(new, old):
        return "more are searched"
    return "fewer are searched" if _covers(old, new) else "others are searched"


def _covers(one: PlacedSite, other: PlacedSite) -> bool:
    if (one.first_layer or 0) > (other.first_layer or 0):
        return False
    return one.last_layer is None or (
        other.last_layer is not None and other.last_layer <= one.last_layer
    )


def _tokens(one: Placement) -> str:
    text = ", ".join(
        f"{each.first.text} .. {each.last.text}" if isinstance(each, TokenRange) else each.text
        for each in one.tokens
    )
    return f"{text} together" if one.together else text


def _write(alignment: Alignment, one: Placement) -> str:
    """As one would write it, in values of the variable; `interchange` where nothing is written."""
    write = one.write
    if write is None:
        return "interchange"
    domain = alignment.model.by_name[one.variable].domain
    given = [".".join(write.data)] if write.data is not None else []
    given += [domain.text(code) for code in write.values]
    if len(write.values) == 2:
        given.append(f"scale = {write.scale:g}")
    return f"{write.name}({', '.join(given)})" if given else write.name
