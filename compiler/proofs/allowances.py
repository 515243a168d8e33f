"""Warnings that a file's author has seen and accepts: `allow CS502 "reason"`."""

from __future__ import annotations

from causalspec.dsl import catalogue, syntax
from causalspec.dsl.diagnostics import Diagnostics, Severity, closest

OF_TOKENS = frozenset({"CS606", "CS607", "CS609", "CS622", "CS623"})
"""Warnings that only `check --tokenizer` looks for, apart from the rest."""


def silence(file: syntax.File, diagnostics: Diagnostics, *, only_tokens: bool = False) -> None:
    """Drop the warnings that the file allows; warn of an `allow` that drops none.

    Errors are never dropped, nor are warnings about other files. In a file with errors not every
    warning has been looked for, so that none is missed.
    """
    for allowance in file.allowances:
        code = allowance.code.text
        if (code in OF_TOKENS) is not only_tokens:
            continue
        kept = [
            diagnostic
            for diagnostic in diagnostics.found
            if diagnostic.severity is not Severity.WARNING
            or diagnostic.code != code
            or diagnostic.span.source is not file.source
        ]
        silent = len(kept) == len(diagnostics.found)
        diagnostics.found[:] = kept
        if catalogue.explanation(code) is None:
            near = closest(code, catalogue.codes())
            diagnostics.warning(
                "CS504",
                f"there is no warning `{code}` to allow",
                allowance.code.span,
                help=f"did you mean `{near}`?" if near else None,
            )
        elif silent and not diagnostics.has_errors:
            diagnostics.warning(
                "CS504",
                f"`allow {code}` silences nothing",
                allowance.span,
                help="remove it: it would hide the next one. Errors cannot be allowed",
            )
