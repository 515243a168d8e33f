"""Diagnostics as SARIF 2.1.0 (OASIS), which code scanning services read.

Columns count code points, as everywhere in causalspec; SARIF lets a run say so.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from causalspec.dsl import catalogue
from causalspec.dsl.diagnostics import Diagnostic, Fix, Related
from causalspec.dsl.source import Span

SCHEMA: Final = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
HOME: Final = "https://github.com/causalspec/causalspec"


def to_sarif(diagnostics: Iterable[Diagnostic], version: str) -> dict[str, Any]:
    """One SARIF log with one run; `version` is that of causalspec."""
    found = list(diagnostics)
    codes = sorted({str(diagnostic.code) for diagnostic in found})
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "causalspec",
                        "version": version,
                        "semanticVersion": version,
                        "informationUri": HOME,
                        "rules": [_rule(code) for code in codes],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [
                    _result(diagnostic, codes.index(str(diagnostic.code))) for diagnostic in found
                ],
            }
        ],
    }


def _rule(code: str) -> dict[str, Any]:
    page = catalogue.page(code)
    return {
        "id": code,
        "name": "".join(word.capitalize() for word in page.title.split() if word.isalnum()),
        "shortDescription": {"text": page.title},
        "help": {"text": page.text, "markdown": page.text},
    }


def _result(diagnostic: Diagnostic, rule: int) -> dict[str, Any]:
    message = diagnostic.message
    if diagnostic.help is not None:
        message += f"\n{diagnostic.help}"
    result: dict[str, Any] = {
        "ruleId": str(diagnostic.code),
        "ruleIndex": rule,
        "level": str(diagnostic.severity),
        "message": {"text": message},
        "locations": [{"physicalLocation": _location(diagnostic.span)}],
    }
    if diagnostic.related:
        numbered = enumerate(diagnostic.related, 1)
        result["relatedLocations"] = [_related(number, related) for number, related in numbered]
    if diagnostic.fix is not None:
        result["fixes"] = [_fix(diagnostic.fix)]
    return result


def _related(number: int, related: Related) -> dict[str, Any]:
    return {
        "id": number,
        "message": {"text": related.message},
        "physicalLocation": _location(related.span),
    }


def _fix(fix: Fix) -> dict[str, Any]:
    replacement = {
        "deletedRegion": _region(fix.span),
        "insertedContent": {"text": fix.replacement},
    }
    return {
        "description": {"text": fix.title},
        "artifactChanges": [
            {"artifactLocation": _artifact(fix.span), "replacements": [replacement]}
        ],
    }


def _location(span: Span) -> dict[str, Any]:
    return {"artifactLocation": _artifact(span), "region": _region(span)}


def _artifact(span: Span) -> dict[str, Any]:
    path = Path(span.source.name)
    return {"uri": path.as_uri() if path.is_absolute() else quote(os.fsencode(path.as_posix()))}


def _region(span: Span) -> dict[str, Any]:
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(span.end)
    return {
        "startLine": line,
        "startColumn": column,
        "endLine": end_line,
        "endColumn": end_column,
        "charOffset": span.start,
        "charLength": span.end - span.start,
    }
