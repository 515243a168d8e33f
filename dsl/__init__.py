"""Text and its tree: grammar, parser, syntax tree, diagnostics, formatter.

Each name is imported when it is first used: whoever checks a spec waits for no formatter.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

_HOMES = {
    "codes": "catalogue",
    "explanation": "catalogue",
    "Diagnostic": "diagnostics",
    "Diagnostics": "diagnostics",
    "Fix": "diagnostics",
    "InternalError": "diagnostics",
    "Related": "diagnostics",
    "Severity": "diagnostics",
    "SpecError": "diagnostics",
    "ToolFailure": "diagnostics",
    "closest": "diagnostics",
    "apply_fixes": "fixes",
    "format_source": "formatter",
    "parse": "parser",
    "decode_source": "reading",
    "read_source": "reading",
    "render_text": "render",
    "to_json": "render",
    "Source": "source",
    "Span": "source",
}

if TYPE_CHECKING:
    from causalspec.dsl.catalogue import codes as codes
    from causalspec.dsl.catalogue import explanation as explanation
    from causalspec.dsl.diagnostics import Diagnostic as Diagnostic
    from causalspec.dsl.diagnostics import Diagnostics as Diagnostics
    from causalspec.dsl.diagnostics import Fix as Fix
    from causalspec.dsl.diagnostics import InternalError as InternalError
    from causalspec.dsl.diagnostics import Related as Related
    from causalspec.dsl.diagnostics import Severity as Severity
    from causalspec.dsl.diagnostics import SpecError as SpecError
    from causalspec.dsl.diagnostics import ToolFailure as ToolFailure
    from causalspec.dsl.diagnostics import closest as closest
    from causalspec.dsl.fixes import apply_fixes as apply_fixes
    from causalspec.dsl.formatter import format_source as format_source
    from causalspec.dsl.parser import parse as parse
    from causalspec.dsl.reading import decode_source as decode_source
    from causalspec.dsl.reading import read_source as read_source
    from causalspec.dsl.render import render_text as render_text
    from causalspec.dsl.render import to_json as to_json
    from causalspec.dsl.source import Source as Source
    from causalspec.dsl.source import Span as Span


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
