"""Diagnostics as plain lines: sentences, for screen readers and for logs that are read aloud, and
workflow commands, which GitHub shows beside the lines of a pull request.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePath

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


def render_github(diagnostics: Iterable[Diagnostic]) -> str:
    """One `::error …::…` or `::warning …::…` line a finding, help and fix below the message."""
    return "".join(f"{_command(diagnostic)}\n" for diagnostic in diagnostics)


def _command(diagnostic: Diagnostic) -> str:
    span = diagnostic.span
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(span.end)
    properties = {
        "file": PurePath(span.source.name).as_posix(),
        "line": str(line),
        "endLine": str(end_line),
    }
    if end_line == line:  # GitHub reads columns of findings in one line only
        properties |= {"col": str(column), "endColumn": str(end_column)}
    properties["title"] = f"causalspec {diagnostic.code}"
    message = [diagnostic.message]
    if diagnostic.help is not None:
        message.append(f"help: {diagnostic.help}")
    if diagnostic.fix is not None:
        message.append(f"fix: {diagnostic.fix.title} (`causalspec check --fix` does it)")
    written = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    text = _data("\n".join(map(visible, message)))
    return f"::{diagnostic.severity} {written}::{text}"


def _data(text: str) -> str:
    """A command is one line, so what would end it is percent-encoded."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
