"""What commands print and write."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from causalspec.commands.arguments import STANDARD_OUTPUT
from causalspec.dsl.diagnostics import Diagnostic, ToolFailure
from causalspec.dsl.display import visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


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


def aligned(table: Sequence[Sequence[str]], left: int) -> Iterator[str]:
    """A line a row, its cells below each other: the first so many columns to the left."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        cells = [
            f"{cell:<{width}}" if place < left else f"{cell:>{width}}"
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(["", *cells]).rstrip()


def drawn_table(console: Console, *headings: str) -> Table:
    """A table without a frame; what is too long for its column is folded within it."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD if console.is_terminal else None, show_edge=False, pad_edge=False)
    for heading in headings:
        table.add_column(visible(heading), overflow="fold")
    return table


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


def write_output(path: Path | None, text: str) -> None:
    """Write what `--out` names: standard output where that is nothing or `-`, else `write_file`."""
    if path is None or path == STANDARD_OUTPUT:
        print(text, end="\n" if text and not text.endswith("\n") else "")
    else:
        write_file(path, text)


def write_file_in(folder: Path, name: str, text: str) -> None:
    """As `write_file`, in a folder that is made where there is none."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ToolFailure(f"can't make `{folder}`: {error.strerror or error}") from error
    write_file(folder / name, text)


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
