"""Diagnostics as sentences, one a line: for screen readers, and for logs that are read aloud."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from causalspec.dsl.diagnostics import Diagnostic
from causalspec.dsl.display import visible
from causalspec.dsl.source import Span


def render_plain(diagnostics: Iterable[Diagnostic]) -> str:
    """Every finding as a few whole sentences: no frames, no carets, no colours."""
    return "".join(f"{line}\n" for diagnostic in diagnostics for line in _sentences(diagnostic))


def _sentences(diagnostic: Diagnostic) -> Iterator[str]:
    severity = str(diagnostic.severity).capitalize()
    message = visible(diagnostic.message)
    yield f"{severity} {diagnostic.code} in {_place(diagnostic.span)}: {message}."
    for related in diagnostic.related:
        yield f"Note for {_place(related.span)}: {visible(related.message)}."
    if diagnostic.help is not None:
        ending = "" if diagnostic.help.endswith(("?", ".", "!")) else "."
        yield f"Help: {visible(diagnostic.help)}{ending}"
    if diagnostic.fix is not None:
        yield f"Fix: {visible(diagnostic.fix.title)}."


def _place(span: Span) -> str:
    line, column = span.source.position(span.start)
    return f"{visible(span.source.name)}, line {line}, column {column}"
