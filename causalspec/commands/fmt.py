"""`causalspec fmt`: one layout for every spec."""

from __future__ import annotations

import argparse
import difflib
import io
import sys
from pathlib import Path

from causalspec.commands.output import print_diagnostics, print_failure, print_lines, write_file
from causalspec.dsl.diagnostics import Diagnostics, SpecError, ToolFailure
from causalspec.dsl.formatter import format_source
from causalspec.dsl.reading import read_source
from causalspec.exit_codes import ExitCode

EXAMPLE = "causalspec fmt --check specs/*/*.causal"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("specs", type=Path, nargs="+", metavar="SPEC", help=".causal files")
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 if one differs")
    parser.add_argument("--diff", action="store_true", help="write nothing, print the changes")


def run(options: argparse.Namespace) -> ExitCode:
    """Format every file; one that is wrong does not keep the others from it."""
    outcomes = [_format(path, options) for path in options.specs]
    return max(outcomes)


def _format(path: Path, options: argparse.Namespace) -> ExitCode:
    diagnostics = Diagnostics()
    try:
        source = read_source(path, str(path), diagnostics)
        if source is None:
            raise SpecError(diagnostics)
        formatted = format_source(source)
    except SpecError as error:
        print_diagnostics(error.diagnostics, sys.stderr)
        return ExitCode.SPEC_INVALID
    except ToolFailure as failure:
        print_failure(failure)
        return ExitCode.TOOL_FAILED
    if formatted == source.text:
        return ExitCode.FINE
    if options.diff:
        before, after = list(io.StringIO(source.text)), list(io.StringIO(formatted))
        changes = difflib.unified_diff(before, after, str(path), str(path))
        print_lines(line.removesuffix("\n") for line in changes)
    if options.check or options.diff:
        print_lines([f"would format {path}"], sys.stderr)
        return ExitCode.CLAIM_FAILED
    write_file(path, formatted)
    print_lines([f"formatted {path}"], sys.stderr)
    return ExitCode.FINE
