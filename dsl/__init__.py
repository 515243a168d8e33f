"""Text and its tree: grammar, parser, syntax tree, diagnostics, formatter."""

from __future__ import annotations

from .catalogue import codes, explanation
from .diagnostics import (
    Diagnostic,
    Diagnostics,
    Fix,
    InternalError,
    Related,
    Severity,
    SpecError,
    ToolFailure,
    closest,
)
from .fixes import apply_fixes
from .formatter import format_source
from .parser import parse
from .reading import decode_source, read_source
from .render import render_text, to_json
from .source import Source, Span

__all__ = [
    "Diagnostic",
    "Diagnostics",
    "Fix",
    "InternalError",
    "Related",
    "Severity",
    "Source",
    "Span",
    "SpecError",
    "ToolFailure",
    "apply_fixes",
    "closest",
    "codes",
    "decode_source",
    "explanation",
    "format_source",
    "parse",
    "read_source",
    "render_text",
    "to_json",
]
