"""What all commands share: reading a spec, and saying what is wrong with it."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from causalspec.dsl.diagnostics import Diagnostic, SpecError, ToolFailure
from causalspec.dsl.display import visible
from causalspec.exit_codes import ExitCode

if TYPE_CHECKING:
    from rich.console import Console

    from causalspec.compiler import Specification

STANDARD_OUTPUT = Path("-")


def add_spec_argument(parser: argparse.ArgumentParser) -> None:
    """The spec's path, as `options.spec`."""
    parser.add_argument("spec", type=Path, metavar="SPEC", help="a .causal file")


def add_file_argument(parser: argparse.ArgumentParser) -> None:
    """`--out FILE`, as `options.out`, for `write_output`."""
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="instead of standard output (`-`): written whole or not at all; a pipe or a device is "
        "written into",
    )


def folder(text: str) -> Path:
    """The argument of an `--out` that is a folder."""
    if text == str(STANDARD_OUTPUT):
        raise argparse.ArgumentTypeError("`-` is not a folder; `--format json` prints the results")
    return Path(text)


def add_format_argument(parser: argparse.ArgumentParser) -> None:
    """`--format text|json`, as `options.format`."""
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="for people, or for machines"
    )


def load_checked(path: Path) -> Specification:
    """The specification of a file without errors; warnings go to standard error.

    Raises `SpecError` when the file has errors.
    """
    from causalspec.compiler import load_specification

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
    is_unicode = (sys.stdout.encoding or "utf-8").lower().replace("-", "") == "utf8"
    json.dump(content, sys.stdout, indent=2, ensure_ascii=not is_unicode)
    print()


def print_lines(lines: Iterable[str], stream: TextIO | None = None) -> None:
    """Text for people, by default on standard output. A stranger's words may be in it: what would
    steer a terminal, reorder text or hide is made visible.
    """
    for line in lines:
        print(visible(line), file=stream)


@contextmanager
def drawn() -> Generator[Console]:
    """A console as wide as the terminal, with colours on one alone. What is drawn on it by the end
    of the block is printed, without blanks at the ends of lines.
    """
    from rich.console import Console

    on_terminal = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    console = Console(
        width=shutil.get_terminal_size().columns,
        force_terminal=on_terminal,
        no_color=not on_terminal,
        highlight=False,
        markup=False,
        emoji=False,
    )
    with console.capture() as captured:
        yield console
    for line in captured.get().splitlines():
        print(line.rstrip())


def print_failure(failure: ToolFailure) -> None:
    """What failed outside the spec, and what to do about it."""
    print_lines(f"error: {failure}".split("\n"), sys.stderr)
    if failure.help:
        print_lines(f"  help: {failure.help}".split("\n"), sys.stderr)


def wrong_usage(command: str, message: str) -> ExitCode:
    """Say what is wrong with the arguments of a command."""
    print_lines([f"causalspec {command}: {message}"], sys.stderr)
    return ExitCode.WRONG_USAGE


def write_output(path: Path | None, text: str) -> None:
    """Write what `--out` names: standard output where that is nothing or `-`, else `write_file`."""
    if path is None or path == STANDARD_OUTPUT:
        print(text, end="\n" if text and not text.endswith("\n") else "")
    else:
        write_file(path, text)


def write_file(path: Path, text: str) -> None:
    """Write a file whole or not at all, or into a pipe or a device. A link stays one: what it
    points to is replaced. Raises `ToolFailure` where nothing can be written.
    """
    from causalspec.compiler import write_content

    try:
        write_content(path, text.encode(errors="backslashreplace"))
    except BrokenPipeError:
        raise  # whoever read the pipe has left
    except OSError as error:
        raise ToolFailure(f"can't write `{path}`: {error.strerror or error}") from error
