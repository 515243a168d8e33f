"""`causalspec explain`: the page of a diagnostic's code."""

from __future__ import annotations

import argparse

from causalspec.commands.arguments import WrongUsageError
from causalspec.dsl import catalogue
from causalspec.dsl.diagnostics import closest
from causalspec.exit_codes import ExitCode

EXAMPLE = "causalspec explain CS201"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("code", nargs="?", metavar="CODE", help="such as CS201; none lists all")


def run(options: argparse.Namespace) -> ExitCode:
    """Print the page, or the list of all codes with their titles."""
    if options.code is None:
        for code in catalogue.codes():
            print(f"{code}  {catalogue.title(code)}")
        return ExitCode.FINE
    page = catalogue.explanation(options.code.upper())
    if page is None:
        near = closest(options.code.upper(), catalogue.codes())
        hint = f"; did you mean {near}?" if near else ""
        raise WrongUsageError(f"no code `{options.code}`{hint}")
    print(page)
    return ExitCode.FINE
