"""What changed in the text alone, once everything else has been said."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from causalspec.compiler.review.changes import Area, Change
from causalspec.dsl import syntax

_USED_BY_OTHERS = (
    syntax.TypeDeclaration
    | syntax.TableDeclaration
    | syntax.FunctionDeclaration
    | syntax.ImportDeclaration
)
"""Changes of these show in what uses them."""


def text_changes(old: syntax.File, new: syntax.File, told: Collection[str]) -> Iterator[Change]:
    """Comments, layout, order, documentation and other ways to write the same.

    `told` are the declarations of which a change is told already.
    """
    where = "the file"
    comments = [[one.text for one in file.comments] for file in (old, new)]
    if comments[0] != comments[1]:
        yield Change(Area.TEXT, where, "comments")
    if old == new:
        if comments[0] == comments[1] and old.source.text != new.source.text:
            yield Change(Area.TEXT, where, "layout")
        return
    before, after = ({declared_name(one): one for one in file.declarations} for file in (old, new))
    shared = [name for name in before if name in after]
    if shared != [name for name in after if name in before]:
        yield Change(Area.TEXT, where, "the order of its declarations")
    for name in shared:
        one, other = before[name], after[name]
        if one == other:
            continue
        documented = [getattr(each, "documentation", None) for each in (one, other)]
        if documented[0] != documented[1]:
            yield Change(Area.TEXT, name, "its documentation")
            continue
        if name in told or (told and isinstance(one, _USED_BY_OTHERS)):
            continue
        bodies = [getattr(each, "body", None) for each in (one, other)]
        is_order = None not in bodies and sorted(map(repr, bodies[0] or ())) == sorted(
            map(repr, bodies[1] or ())
        )
        yield Change(Area.TEXT, name, "the order of its body" if is_order else "written otherwise")
    for declarations, others, fate in ((before, after, "gone"), (after, before, "new")):
        for name, one in declarations.items():
            if name not in others and name not in told:
                yield Change(Area.TEXT, name, f"the {_kind(one)} is {fate}")


def declared_name(one: syntax.Declaration) -> str:
    """What a declaration declares; of an import, where from."""
    return one.path.value if isinstance(one, syntax.ImportDeclaration) else one.name.text


def _kind(one: syntax.Declaration) -> str:
    return type(one).__name__.removesuffix("Declaration").lower()
