"""`causalspec vocabulary`: all that a spec can ask of a network, with what packages add to it."""

from __future__ import annotations

import argparse
import shutil
import sys
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import fields

from causalspec.commands.arguments import add_format_argument
from causalspec.commands.output import print_json, print_lines
from causalspec.compiler import Argument, Entry, Method, SiteEntry, argument_text, full_vocabulary
from causalspec.exit_codes import ExitCode

EXAMPLE = "causalspec vocabulary --format json"
FORMAT_VERSION = 1
TITLES = {
    "sites": "sites: `var v at SITE`",
    "methods": "methods: `by METHOD`",
    "bases": "what a mask is over: `by mask(over = BASIS)`",
    "starts": "what a rotation starts from: `by das(dim = 16, start = START)`",
    "writes": "writes: `writing WRITE`",
    "anchors": "tokens: `token POSITION`",
    "metrics": "metrics: `expect METRIC >= 0.9`",
    "bounds": "bounds: `expect BOUND(METRIC) >= 0.9`",
    "controls": "controls: `expect METRIC(CONTROL) <= 0.5`",
}
"""Kinds of rows in the order of a spec, each a field of the vocabulary."""
OUR_OWN = {"implementation", "stage", "needs_vectors"}
"""What a row says to the runtime alone."""
WIDEST_FORM = 40
"""A longer form has its sentence in the next line."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_format_argument(parser)


def run(options: argparse.Namespace) -> ExitCode:
    """Print the vocabulary.

    Raises `ToolFailure` where an installed package's rows cannot be had.
    """
    known = full_vocabulary()
    tables: dict[str, Mapping[str, Entry]] = {kind: getattr(known, kind) for kind in TITLES}
    if options.format == "json":
        rows = {
            kind: [_as_json(entry) for entry in table.values()] for kind, table in tables.items()
        }
        print_json({"format": FORMAT_VERSION, **rows})
    else:
        print_lines(_lines(tables, shutil.get_terminal_size().columns), sys.stdout)
    return ExitCode.FINE


def _lines(tables: Mapping[str, Mapping[str, Entry]], columns: int) -> Iterator[str]:
    for kind, table in tables.items():
        if kind != next(iter(tables)):
            yield ""
        yield TITLES[kind]
        forms = [_form(entry) for entry in table.values()]
        indent = 4 + max(len(form) for form in forms if len(form) <= WIDEST_FORM)
        for form, entry in zip(forms, table.values(), strict=True):
            whose = f" (from {entry.package})" if entry.package is not None else ""
            shown = textwrap.wrap(f"{entry.help}{whose}", max(40, columns - indent))
            if len(form) > WIDEST_FORM:
                yield f"  {form}"
                form = ""
            for line in shown:
                yield f"{f'  {form}':<{indent}}{line}"
                form = ""


def _form(entry: Entry) -> str:
    """How a row is written, with what it takes."""
    if isinstance(entry, SiteEntry):
        index = '["PATH"]' if entry.by_path else "[K]" if entry.units is not None else ""
        layers = " layers L" if entry.layered else ""
        token = " token T" if entry.tokens else " [token T]" if entry.by_path else ""
        return f"{entry.name}{index}{layers}{token}"
    arguments = ", ".join(argument_text(argument) for argument in entry.arguments)
    return f"{entry.name}({arguments})" if arguments else entry.name


def _as_json(entry: Entry) -> dict[str, object]:
    told = (field.name for field in fields(entry) if field.name not in OUR_OWN)
    row: dict[str, object] = {name: getattr(entry, name) for name in told}
    return {**row, "arguments": [_argument(argument) for argument in entry.arguments]}


def _argument(argument: Argument) -> dict[str, object]:
    default = argument.default
    return {
        "name": argument.name,
        "kind": str(argument.kind),
        "help": argument.help,
        "required": argument.required,
        "default": default.text if isinstance(default, Method) else default,
    }
