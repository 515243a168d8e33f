"""Carry out the replacements that diagnostics are certain of."""

from __future__ import annotations

from collections.abc import Iterable

from causalspec.dsl.diagnostics import Diagnostic, Fix
from causalspec.dsl.source import Source


def apply_fixes(source: Source, diagnostics: Iterable[Diagnostic]) -> str:
    """The text of `source` with the fixes of these diagnostics that concern it.

    Of two fixes that overlap, the one that starts first is carried out.
    """
    pieces: list[str] = []
    position = 0
    for fix in sorted(_fixes(source, diagnostics), key=lambda fix: (fix.span.start, fix.span.end)):
        if fix.span.start >= position:
            replacement = fix.replacement.replace("\n", source.line_break)
            pieces += [source.text[position : fix.span.start], replacement]
            position = fix.span.end
    pieces.append(source.text[position:])
    return "".join(pieces)


def _fixes(source: Source, diagnostics: Iterable[Diagnostic]) -> Iterable[Fix]:
    for diagnostic in diagnostics:
        if diagnostic.fix is not None and diagnostic.fix.span.source is source:
            yield diagnostic.fix
