"""What the editor may change for its user: the layout, and what diagnostics are certain of."""

from __future__ import annotations

import difflib

from lsprotocol import types

from causalspec.dsl.diagnostics import Diagnostic, SpecError
from causalspec.dsl.fixes import apply_fixes
from causalspec.dsl.formatter import format_source
from causalspec.language_server.analysis import Analysis

FIX_ALL = "source.fixAll.causalspec"


def formatting(analysis: Analysis) -> list[types.TextEdit]:
    """The edits that lay a file out, lines that stay left alone; none where it cannot be read."""
    try:
        formatted = format_source(analysis.source)
    except SpecError:
        return []
    return _line_edits(analysis, formatted)


def _line_edits(analysis: Analysis, text: str) -> list[types.TextEdit]:
    old = analysis.source.text.splitlines(keepends=True)
    new = text.splitlines(keepends=True)
    starts = [0]
    for line in old:
        starts.append(starts[-1] + len(line))
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    return [
        types.TextEdit(analysis.positions.between(starts[a], starts[b]), "".join(new[c:d]))
        for tag, a, b, c, d in matcher.get_opcodes()
        if tag != "equal"
    ]


def code_actions(analysis: Analysis, wanted: types.Range) -> list[types.CodeAction]:
    """The fixes of the findings in a range, and one for all in the file."""
    start, end = (analysis.positions.offset(place) for place in (wanted.start, wanted.end))
    certain = [diagnostic for diagnostic in analysis.own_diagnostics if diagnostic.fix is not None]
    actions = [
        _action(analysis, diagnostic)
        for diagnostic in certain
        if diagnostic.span.start <= end and start <= diagnostic.span.end
    ]
    if certain:
        text = apply_fixes(analysis.source, certain)
        edit = types.TextEdit(analysis.positions.whole, text)
        actions.append(
            types.CodeAction(
                title="Apply every fix that is certain",
                kind=FIX_ALL,
                edit=types.WorkspaceEdit(changes={analysis.uri: [edit]}),
            )
        )
    return actions


def _action(analysis: Analysis, diagnostic: Diagnostic) -> types.CodeAction:
    assert diagnostic.fix is not None
    fix = diagnostic.fix
    edit = types.TextEdit(analysis.positions.range(fix.span), fix.replacement)
    return types.CodeAction(
        title=fix.title[0].upper() + fix.title[1:],
        kind=types.CodeActionKind.QuickFix,
        diagnostics=[protocol_diagnostic(analysis, diagnostic)],
        is_preferred=True,
        edit=types.WorkspaceEdit(changes={analysis.uri: [edit]}),
    )


def protocol_diagnostic(analysis: Analysis, diagnostic: Diagnostic) -> types.Diagnostic:
    """A finding as editors take it; one in an imported file stands at the start of this one."""
    here = diagnostic.span.source is analysis.source
    zero = types.Position(0, 0)
    message = diagnostic.message if here else f"{diagnostic.span.source.name}: {diagnostic.message}"
    related = [
        types.DiagnosticRelatedInformation(
            types.Location(analysis.uri, analysis.positions.range(related.span)), related.message
        )
        for related in diagnostic.related
        if related.span.source is analysis.source
    ]
    return types.Diagnostic(
        range=analysis.positions.range(diagnostic.span) if here else types.Range(zero, zero),
        message=message if diagnostic.help is None else f"{message}\n{diagnostic.help}",
        severity=types.DiagnosticSeverity.Error
        if diagnostic.severity == "error"
        else types.DiagnosticSeverity.Warning,
        code=str(diagnostic.code),
        source="causalspec",
        related_information=related or None,
    )
