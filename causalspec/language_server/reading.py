"""Trees that keep up with typing: only the statements that an edit touches are parsed again.

Those are parsed by themselves, inside the header of their declaration. Where neither they nor the
text before the edit have a mistake, the outcome is what parsing the whole would give: both are
sequences of statements, and the grammar reads such a sequence in one way only. Where something is
wrong, it is a good guess until the whole is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Diagnostic, Diagnostics
from causalspec.dsl.limits import LARGEST_FILE
from causalspec.dsl.parser import parse
from causalspec.dsl.source import Source, Span
from causalspec.language_server.moving import Replacement, moved

LANGUAGE = "language 1\n"
HEADERS: dict[type[syntax.Node], str] = {
    syntax.TaskDeclaration: "task t",
    syntax.ModelDeclaration: "model m of t",
    syntax.CounterfactualsDeclaration: "counterfactuals c of m",
    syntax.AlignDeclaration: "align a of m",
    syntax.ClaimDeclaration: "claim c",
    syntax.DeriveDeclaration: "derive d from m",
}
"""What stands before the statements of each kind of declaration."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A text's tree and its mistakes. `exact` says that parsing the whole gives the same."""

    file: syntax.File
    mistakes: tuple[Diagnostic, ...]
    exact: bool


def read(source: Source) -> Reading:
    """Parse a whole text."""
    diagnostics = Diagnostics()
    return Reading(parse(source, diagnostics), tuple(diagnostics), exact=True)


def reread(before: Reading, source: Source) -> Reading | None:
    """The reading of a text from that of its last version; None where an edit reaches too far, or
    stands where words could run together.
    """
    old = before.file
    change = Replacement.between(old.source.text, source.text)
    region = _region(old, change)
    if region is None or len(source.text) > LARGEST_FILE // 4:
        return None
    start, end = region.change.start, region.change.old_end + change.shift
    if not _stands_alone(source.text, start, end):
        return None
    prefix = f"{LANGUAGE}{region.header} {{\n" if region.header else LANGUAGE
    suffix = "\n}" if region.header else ""
    fresh = read(Source(source.name, f"{prefix}{source.text[start:end]}{suffix}"))
    if end < len(source.text) and any(
        one.span.end == len(fresh.file.source.text) - len(suffix) for one in fresh.file.comments
    ):
        return None  # a comment that goes on in what stands behind it
    statements = _statements(fresh.file, region)
    if statements is None:
        return None
    return _joined(before, source, region, fresh, statements, start - len(prefix))


@dataclass(frozen=True, slots=True)
class _Region:
    """The nodes `first` up to `last` of a sequence, which are read again: those of a file, or with
    a `header` the statements of a declaration. `change` is about their text.
    """

    change: Replacement
    nodes: Sequence[syntax.Node]
    first: int
    last: int
    header: str = ""
    declaration: syntax.Declaration | None = None


def _region(file: syntax.File, change: Replacement) -> _Region | None:
    for declaration in file.declarations:
        header = HEADERS.get(type(declaration))
        inside = declaration.span.start < change.start and change.old_end < declaration.span.end
        if header is None or not inside:
            continue
        text = file.source.text
        brace = text.find("{", declaration.span.start, declaration.span.end)
        documentation: syntax.Text | None = getattr(declaration, "documentation", None)
        start = brace + 1 if documentation is None else documentation.span.end
        # Documentation that an edit may make or change belongs to the declaration as a whole.
        if brace >= 0 and start < change.start:
            body: tuple[syntax.Node, ...] = getattr(declaration, "body", ())
            bounds = (start, declaration.span.end - 1)
            return _touched(body, bounds, change, header, declaration)
    if file.language is None or change.start <= file.language.span.end:
        return None
    nodes = sorted((*file.declarations, *file.allowances), key=lambda one: one.span.start)
    return _touched(nodes, (file.language.span.end, file.span.end), change, "", None)


def _touched(
    nodes: Sequence[syntax.Node],
    bounds: tuple[int, int],
    change: Replacement,
    header: str,
    declaration: syntax.Declaration | None,
) -> _Region:
    """The nodes that a change touches, and the text from the node before them to the one after."""
    # One that ends right before the change may go on in it.
    first = sum(one.span.end < change.start for one in nodes)
    last = len(nodes) - sum(one.span.start > change.old_end for one in nodes)
    # The last one before may be the readable part of a broken statement: read it again.
    first = max(0, first - 1)
    start = nodes[first - 1].span.end if first else bounds[0]
    end = nodes[last].span.start if last < len(nodes) else bounds[1]
    whole = Replacement(start, end, change.shift)
    return _Region(whole, nodes, first, last, header, declaration)


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether no word or number runs across either end of a stretch of text."""
    opens = text[start - 1 : start] in ("", "{") or text[start : start + 1].isspace()
    closes = text[end : end + 1] in ("", "}") or text[end - 1 : end].isspace()
    return opens and closes and start < end


def _statements(fresh: syntax.File, region: _Region) -> tuple[Any, ...] | None:
    """What was read again; None where it has become part of something else."""
    if not region.header:
        return tuple(
            sorted((*fresh.declarations, *fresh.allowances), key=lambda one: one.span.start)
        )
    if len(fresh.declarations) != 1 or fresh.allowances:
        return None
    (declaration,) = fresh.declarations
    if type(declaration) is not type(region.declaration):
        return None
    if getattr(declaration, "documentation", None) is not None:
        return None
    return getattr(declaration, "body", ())


def _joined(
    before: Reading,
    source: Source,
    region: _Region,
    fresh: Reading,
    statements: Sequence[syntax.Node],
    distance: int,
) -> Reading:
    """The tree before the edit with other statements in the place of those it touches."""
    old, change = before.file, region.change
    nodes = (
        *(moved(one, source, 0) for one in region.nodes[: region.first]),
        *(moved(one, source, distance) for one in statements),
        *(moved(one, source, change.shift) for one in region.nodes[region.last :]),
    )
    low, high = change.start, change.old_end + change.shift

    def placed(span: Span) -> Span:
        start, end = (min(max(one + distance, low), high) for one in (span.start, span.end))
        return Span(source, start, end)

    def kept(spans: Sequence[Span]) -> list[Span]:
        return [one for span in spans if (one := change.span(span, source)) is not None]

    comments = [
        *(
            replace(one, span=span)
            for one in old.comments
            if (span := change.span(one.span, source))
        ),
        *(moved(one, source, distance) for one in fresh.file.comments),
    ]
    declarations, allowances = _parts(old, source, region, nodes)
    file = replace(
        old,
        span=Span(source, 0, len(source.text)),
        source=source,
        language=moved(old.language, source, 0) if old.language is not None else None,
        declarations=declarations,
        comments=tuple(sorted(comments, key=lambda one: one.span.start)),
        allowances=allowances,
        unread=(*kept(old.unread), *(placed(one) for one in fresh.file.unread)),
    )
    known = [change.diagnostic(one, old.source, source) for one in before.mistakes]
    mistakes = [
        *(one for one in known if one is not None),
        *(replace(one, span=placed(one.span), related=(), fix=None) for one in fresh.mistakes),
    ]
    exact = before.exact and not before.mistakes and not fresh.mistakes
    return Reading(file, tuple(mistakes), exact)


def _parts(
    old: syntax.File, source: Source, region: _Region, nodes: tuple[Any, ...]
) -> tuple[tuple[syntax.Declaration, ...], tuple[syntax.Allow, ...]]:
    """The declarations and allowances of a file, `nodes` in place of what was read again."""
    if region.declaration is None:
        allowances = tuple(one for one in nodes if isinstance(one, syntax.Allow))
        return tuple(one for one in nodes if not isinstance(one, syntax.Allow)), allowances
    change = region.change
    declarations: list[Any] = []
    for one in old.declarations:
        if one is region.declaration:
            span = Span(source, one.span.start, one.span.end + change.shift)
            header: Any = moved(replace(one, body=()), source, 0)
            declarations.append(replace(header, body=nodes, span=span))
        else:
            far = one.span.start >= change.old_end
            declarations.append(moved(one, source, change.shift if far else 0))
    allowances = tuple(
        moved(one, source, change.shift if one.span.start >= change.old_end else 0)
        for one in old.allowances
    )
    return tuple(declarations), allowances
