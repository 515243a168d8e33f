"""What all commands share: reading a spec, and saying what is wrong with it."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from causalspec.dsl.diagnostics import Diagnostic, SpecError, ToolFailure

if TYPE_CHECKING:
    from causalspec.compiler.specification import Specification


def add_spec_argument(parser: argparse.ArgumentParser) -> None:
    """The spec's path, as `options.spec`."""
    parser.add_argument("spec", type=Path, metavar="SPEC", help="a .causal file")


def add_format_argument(parser: argparse.ArgumentParser) -> None:
    """`--format text|json`, as `options.format`."""
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="for people, or for machines"
    )


def load_checked(path: Path) -> Specification:
    """The specification of a file without errors; warnings go to standard error.

    Raises `SpecError` when the file has errors.
    """
    from causalspec.compiler.compile import load_specification

    specification, diagnostics = load_specification(path)
    if specification is None or diagnostics.has_errors:
        raise SpecError(diagnostics)
    print_diagnostics(diagnostics, sys.stderr)
    return specification


def print_diagnostics(diagnostics: Iterable[Diagnostic], stream: TextIO) -> None:
    """Diagnostics as text: coloured on a terminal, as wide as it is."""
    from causalspec.dsl.render import render_text

    found = list(diagnostics)
    if not found:
        return
    color = stream.isatty() and not os.environ.get("NO_COLOR")
    width = shutil.get_terminal_size().columns
    print(render_text(found, color=color, width=width), file=stream, end="")


def print_json(content: object) -> None:
    """One JSON document on standard output."""
    json.dump(content, sys.stdout, indent=2, ensure_ascii=False)
    print()


def print_failure(failure: ToolFailure) -> None:
    """What failed outside the spec, and what to do about it."""
    print(f"error: {failure}", file=sys.stderr)
    if failure.help:
        print(f"  help: {failure.help}", file=sys.stderr)


def replace_text(path: Path, text: str) -> None:
    """Write a file that is whole or as it was: under another name first, then renamed.

    A link stays one: what it points to is replaced. Raises `ToolFailure` where nothing can be
    written.
    """
    path = path.resolve()
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        try:
            temporary.write_text(text, encoding="utf-8", newline="")
            if path.exists():
                shutil.copymode(path, temporary)
            temporary.replace(path)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
    except OSError as error:
        raise ToolFailure(f"can't write `{path}`: {error.strerror or error}") from error
