"""`causalspec check`: everything that can be said about specs without a network."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..exit_codes import ExitCode
from .output import add_format_argument, print_diagnostics, print_json

if TYPE_CHECKING:
    from causalspec.compiler.compile import CheckedFile

SUMMARY = "check specs: names, types, examples, hypotheses, data, prompts"
EXAMPLE = "causalspec check specs/price_tagging/price_tagging.causal"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("specs", type=Path, nargs="+", metavar="SPEC", help=".causal files")
    parser.add_argument("--quiet", action="store_true", help="print what is wrong, nothing else")
    add_format_argument(parser)


def run(options: argparse.Namespace) -> ExitCode:
    """Check every file; the worst outcome decides the exit status."""
    from causalspec.compiler.compile import check_file

    checked = [check_file(path) for path in options.specs]
    if options.format == "json":
        print_json([_as_json(path, one) for path, one in zip(options.specs, checked, strict=True)])
    else:
        for path, one in zip(options.specs, checked, strict=True):
            print_diagnostics(one.diagnostics, sys.stderr)
            if not options.quiet:
                _print_answers(path, one)
    if any(one.diagnostics.has_errors for one in checked):
        return ExitCode.SPEC_INVALID
    return ExitCode.UNKNOWN if any(one.leaves_open for one in checked) else ExitCode.FINE


def _print_answers(path: Path, checked: CheckedFile) -> None:
    errors = sum(one.severity == "error" for one in checked.diagnostics)
    warnings = len(checked.diagnostics) - errors
    state = _counted(errors, "error") if errors else "fine"
    if warnings:
        state += f", {_counted(warnings, 'warning')}"
    print(f"{path}: {state}")
    for one in checked.examinations:
        mark = {True: "yes", False: "no", None: "?"}[one.holds]
        print(f"  {mark:4}{one.question}: {one.evidence.text}")


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _as_json(path: Path, checked: CheckedFile) -> dict[str, Any]:
    from causalspec.dsl.render import to_json

    return {
        "file": str(path),
        "valid": not checked.diagnostics.has_errors,
        "diagnostics": to_json(checked.diagnostics),
        "examinations": [
            {"question": one.question, "holds": one.holds, "evidence": one.evidence.text}
            for one in checked.examinations
        ],
    }
