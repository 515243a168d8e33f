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
    comments = [[comment.text for comment in file.comments] for file in (old, new)]
    if comments[0] != comments[1]:
        yield Change(Area.TEXT, where, "comments")
    if old == new:
        if comments[0] == comments[1] and old.source.text != new.source.text:
            yield Change(Area.TEXT, where, "layout")
        return
    before, after = (
        {declared_name(declaration): declaration for declaration in file.declarations}
        for file in (old, new)
    )
    shared = [name for name in before if name in after]
    if shared != [name for name in after if name in before]:
        yield Change(Area.TEXT, where, "the order of its declarations")
    for name in shared:
        declaration, other = before[name], after[name]
        if declaration == other:
            continue
        documented = [getattr(version, "documentation", None) for version in (declaration, other)]
        if documented[0] != documented[1]:
            yield Change(Area.TEXT, name, "its documentation")
            continue
        said = [
            [part for part in getattr(version, "body", ()) or () if isinstance(part, syntax.Say)]
            for version in (declaration, other)
        ]
        if isinstance(declaration, syntax.ModelDeclaration) and said[0] != said[1]:
            yield Change(Area.TEXT, name, "what questions say of its variables")
            continue
        if name in told or (told and isinstance(declaration, _USED_BY_OTHERS)):
            continue
        bodies = [getattr(version, "body", None) for version in (declaration, other)]
        is_order = None not in bodies and sorted(map(repr, bodies[0] or ())) == sorted(
            map(repr, bodies[1] or ())
        )
        yield Change(Area.TEXT, name, "the order of its body" if is_order else "written otherwise")
    for declarations, others, fate in ((before, after, "gone"), (after, before, "new")):
        for name, declaration in declarations.items():
            if name not in others and name not in told:
                yield Change(Area.TEXT, name, f"the {_kind(declaration)} is {fate}")


def declared_name(declaration: syntax.Declaration) -> str:
    """What a declaration declares; of an import, where from."""
    return (
        declaration.path.value
        if isinstance(declaration, syntax.ImportDeclaration)
        else declaration.name.text
    )


def _kind(declaration: syntax.Declaration) -> str:
    return type(declaration).__name__.removesuffix("Declaration").lower()
