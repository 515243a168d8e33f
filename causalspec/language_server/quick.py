"""What is wrong with the statement that is being typed, long before the whole file is read again.

The last analysis says where statements begin and end. Only those that an edit touches are parsed,
inside the header of their declaration; all other findings move along with the text.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import Diagnostic, Diagnostics
from causalspec.dsl.parser import parse
from causalspec.dsl.source import Source, Span

HEADERS: dict[type[syntax.Node], str] = {
    syntax.TaskDeclaration: "task t",
    syntax.ModelDeclaration: "model m of t",
    syntax.CounterfactualsDeclaration: "counterfactuals c of m",
    syntax.AlignDeclaration: "align a of m",
    syntax.ClaimDeclaration: "claim c",
    syntax.DeriveDeclaration: "derive d from m",
}


@dataclass(frozen=True, slots=True)
class Edit:
    """`before` characters at the start and `after` at the end of two texts are the same."""

    before: int
    old_end: int
    shift: int


def edit_between(old: str, new: str) -> Edit:
    """The smallest stretch that was replaced."""
    low, high = 0, min(len(old), len(new))
    while low < high:  # the longest common start, by halves: comparing slices is quick
        middle = (low + high + 1) // 2
        low, high = (middle, high) if old[:middle] == new[:middle] else (low, middle - 1)
    before = low
    low, high = 0, min(len(old), len(new)) - before
    while low < high:
        middle = (low + high + 1) // 2
        same = old[len(old) - middle :] == new[len(new) - middle :]
        low, high = (middle, high) if same else (low, middle - 1)
    return Edit(before, len(old) - low, len(new) - len(old))


def quick_diagnostics(
    file: syntax.File, found: tuple[Diagnostic, ...], text: str
) -> tuple[Source, tuple[Diagnostic, ...]] | None:
    """The new text with what is known of it; None where the edit reaches beyond statements.

    `file` and `found` are the last analysis of the text before.
    """
    if text == file.source.text:
        return file.source, found
    edit = edit_between(file.source.text, text)
    region = _region(file, edit)
    if region is None:
        return None
    header, start, old_end = region
    source = Source(file.source.name, text)
    prefix = f"language 1 {header} {{\n"
    snippet = Source(source.name, f"{prefix}{text[start : old_end + edit.shift]}\n}}")
    fresh = Diagnostics()
    parse(snippet, fresh)
    low, high = len(prefix), len(snippet.text) - 2

    def shifted(span: Span) -> Span | None:
        if span.source is not file.source or span.start < start < span.end:
            return None
        if span.end <= start:
            return replace(span, source=source)
        if span.start >= old_end:
            return Span(source, span.start + edit.shift, span.end + edit.shift)
        return None

    def placed(span: Span) -> Span | None:
        inside = low <= span.start and span.end <= high
        return Span(source, span.start - low + start, span.end - low + start) if inside else None

    kept = [_moved(one, shifted(one.span)) for one in found]
    new = [_moved(one, placed(one.span)) for one in fresh]
    return source, tuple(one for one in (*kept, *new) if one is not None)


def _moved(diagnostic: Diagnostic, span: Span | None) -> Diagnostic | None:
    """A finding at its new place, without the places around it that may be gone."""
    return None if span is None else replace(diagnostic, span=span, related=(), fix=None)


def _region(file: syntax.File, edit: Edit) -> tuple[str, int, int] | None:
    """The header and the stretch of statements that an edit touches, in the old text."""
    for declaration in file.declarations:
        span = declaration.span
        if not (span.start < edit.before and edit.old_end < span.end):
            continue
        header = HEADERS.get(type(declaration))
        brace = span.source.text.find("{", span.start, span.end)
        if header is None or not (span.start < brace < edit.before):
            return None
        body: tuple[syntax.Node, ...] = getattr(declaration, "body", ())
        before = [one.span for one in body if one.span.end < edit.before]
        after = [one.span for one in body if one.span.start > edit.old_end]
        # The last one before may be the readable part of a broken statement: read it again.
        start = before[-2].end if len(before) > 1 else brace + 1
        return header, start, after[0].start if after else span.end - 1
    return None
