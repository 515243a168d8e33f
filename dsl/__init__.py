"""Text and its tree: grammar, parser, syntax tree, diagnostics, formatter."""

from __future__ import annotations

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
from .parser import parse
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
    "closest",
    "parse",
]
