"""`causalspec check`: everything that can be said about specs without a network."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ..exit_codes import ExitCode
from .output import add_format_argument, print_diagnostics, print_json

SUMMARY = "check specs: names, types, examples, hypotheses, data, prompts"
EXAMPLE = "causalspec check specs/price_tagging/price_tagging.causal"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("specs", type=Path, nargs="+", metavar="SPEC", help=".causal files")
    add_format_argument(parser)


def run(options: argparse.Namespace) -> ExitCode:
    """Check every file; the worst outcome decides the exit status."""
    from ...compiler.checking import check_file

    checks = [check_file(path) for path in options.specs]
    if options.format == "json":
        print_json([one.as_json() for one in checks])
    else:
        for one in checks:
            print_diagnostics(one.diagnostics, sys.stderr)
            print(one.text)
    if any(one.diagnostics.has_errors for one in checks):
        return ExitCode.SPEC_INVALID
    return ExitCode.UNKNOWN if any(one.is_unknown for one in checks) else ExitCode.FINE
