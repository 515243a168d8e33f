"""Files beside a spec, read from inside its folder only: word lists, tables, what methods need.

Lines end with `\\n`, `\\r\\n` or `\\r` and nothing else: other line and page breaks are characters.
Cells of a table in quotes are as they are, all others without blanks around them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PureWindowsPath

from causalspec.compiler.domains import Symbols
from causalspec.compiler.front.names import Compilation
from causalspec.dsl import syntax
from causalspec.dsl.diagnostics import closest
from causalspec.dsl.source import Span

LARGEST_FILE = 16 * 2**20
MOST_LINES = 100_000
LINE_END = re.compile(r"\r\n|\n|\r")
BLANKS = " \t"
QUOTED = r"""\"(?P<quoted>(?:[^"]|"")*+)\"[ \t]*+"""
PLAIN = r"""(?P<plain>(?!")[^,\r\n]*+)"""
CELL = re.compile(rf"[ \t]*+(?:{QUOTED}|{PLAIN})(?P<end>,|\r\n|\n|\r|\Z)")


def read_beside(compilation: Compilation, path: syntax.Text) -> str | None:
    """The text of a file in the spec's folder, or None with the reason reported."""
    place = place_of(compilation, path.value, path.span)
    if place is None:
        return None
    try:
        with place.open("rb") as stream:
            content = stream.read(LARGEST_FILE + 1)
    except OSError as problem:
        return _unreadable(compilation, path, problem)
    if len(content) > LARGEST_FILE:
        message = f"`{path.value}` is larger than {LARGEST_FILE // 2**20} MiB"
        return compilation.error("CS925", message, path.span)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = content[: problem.start].count(b"\n") + 1
        message = f"`{path.value}` is not UTF-8 text in line {line}"
        return compilation.error("CS221", message, path.span)
    compilation.files[path.value] = hashlib.sha256(content).hexdigest()
    return text


def hash_beside(compilation: Compilation, path: syntax.Text) -> Path | None:
    """Where a file in the spec's folder lies, its hash noted; None with the reason reported. What
    it holds, only the runtime reads: it may be large, and needs no limit.
    """
    place = place_of(compilation, path.value, path.span)
    if place is None:
        return None
    try:
        found = place.stat()
        compilation.files[path.value] = _hash(place, found.st_mtime_ns, found.st_size)
    except OSError as problem:
        return _unreadable(compilation, path, problem)
    return place


@lru_cache(maxsize=64)
def _hash(place: Path, changed: int, size: int) -> str:
    """The SHA-256 of a file, kept while it stays as it is: an editor checks with every key."""
    with place.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _unreadable(compilation: Compilation, path: syntax.Text, problem: OSError) -> None:
    message = f"cannot read `{path.value}`: {problem.strerror}"
    compilation.error("CS220", message, path.span)


def place_of(compilation: Compilation, name: str, span: Span) -> Path | None:
    """Where a file lies, if that is inside the spec's folder, links followed."""
    if compilation.folder is None:
        return compilation.error("CS220", f"a spec without a folder cannot read `{name}`", span)
    windows = PureWindowsPath(name)  # understands both separators, drives and roots
    outside = bool(windows.drive or windows.root) or ".." in windows.parts or "\0" in name
    folder = compilation.folder.resolve()
    try:
        place = (folder / "/".join(windows.parts)).resolve()
        outside = outside or not place.is_relative_to(folder)
        found = not outside and place.is_file()
    except (OSError, RuntimeError, ValueError):  # links in a circle, a name that is too long
        found, place = False, folder / windows.name
    if outside:
        message = f"`{name}` lies outside the spec's folder"
        advice = "put the file beside the spec and name it by its relative path"
        return compilation.error("CS223", message, span, help=advice)
    if not found:
        # Only the named folder's own list is read, and only when it lies inside.
        near = sorted(file.name for file in place.parent.iterdir()) if place.parent.is_dir() else []
        suggestion = closest(place.name, near)
        advice = f"did you mean `{suggestion}`?" if suggestion else None
        message = f"there is no file `{name}` beside the spec"
        return compilation.error("CS220", message, span, help=advice)
    return place


def read_words(compilation: Compilation, path: syntax.Text) -> Symbols | None:
    """A word list: one symbol a line, without blanks around it. Every faulty line is named."""
    text = read_beside(compilation, path)
    if text is None:
        return None
    lines = lines_of(text)
    if len(lines) > MOST_LINES:
        return _too_many_lines(compilation, path)
    first: dict[str, int] = {}
    problems: list[str] = [] if lines else ["it is empty"]
    for number, line in enumerate(lines, 1):
        word = line.strip(BLANKS)
        if not word:
            problems.append(f"line {number} is blank")
        elif word in first:
            problems.append(f"line {number} repeats `{word}` of line {first[word]}")
        else:
            first[word] = number
    if problems:
        return _report(compilation, f"the word list `{path.value}`", problems, path.span)
    return Symbols(tuple(first), f'words "{path.value}"')


def _too_many_lines(compilation: Compilation, path: syntax.Text) -> None:
    message = f"`{path.value}` has more than {MOST_LINES} lines"
    compilation.error("CS925", message, path.span)


def _report(compilation: Compilation, what: str, problems: list[str], span: Span) -> None:
    shown = "; ".join(problems[:5])
    more = f"; and {len(problems) - 5} more" if len(problems) > 5 else ""
    compilation.error("CS221", f"{what} is not well formed", span, help=f"{shown}{more}")


@dataclass(frozen=True, slots=True)
class TableText:
    """A table's cells as text: `cells[row][column]`, and the line that each row stands on."""

    header: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]


def read_table(compilation: Compilation, path: syntax.Text) -> TableText | None:
    """A CSV file with a header line. Ragged rows are named by line."""
    text = read_beside(compilation, path)
    if text is None:
        return None
    header: tuple[str, ...] | None = None
    rows: list[tuple[str, ...]] = []
    lines: list[int] = []
    problems: list[str] = []
    try:
        for row in rows_of(text):
            if len(rows) > MOST_LINES:
                return _too_many_lines(compilation, path)
            if header is None:
                header = row.cells
            elif len(row.cells) != len(header):
                problems.append(
                    f"line {row.line} has {len(row.cells)} cells, the header {len(header)}"
                )
            else:
                rows.append(row.cells)
                lines.append(row.line)
    except BrokenCellError as problem:
        problems.append(str(problem))
    if header is None or not (rows or problems):
        problems.append("it has no rows")
    elif len(set(header)) != len(header):
        problems.append("its header names a column twice")
    if problems or header is None:
        return _report(compilation, f"the table `{path.value}`", problems, path.span)
    return TableText(header, tuple(rows), tuple(lines))


def report_cells(compilation: Compilation, path: syntax.Text, problems: list[str]) -> None:
    """Report cells that do not have their column's type, and repeated keys."""
    _report(compilation, f"the table `{path.value}`", problems, path.span)


# Cells -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of a row, and the line that it ends on, from 1."""

    cells: tuple[str, ...]
    line: int


class BrokenCellError(Exception):
    """A cell's quotes are not closed, or something stands behind them; the message says where."""


def lines_of(text: str) -> list[str]:
    """The lines of a text; what ends one starts no other."""
    lines = LINE_END.split(text)
    return lines[:-1] if lines[-1] == "" else lines


def rows_of(text: str) -> Iterator[Row]:
    """The rows of a CSV text without its empty lines; `BrokenCellError` at the first bad cell."""
    position, line = 0, 1
    cells: list[str] = []
    while position < len(text) or cells:
        found = CELL.match(text, position)
        if found is None:
            raise BrokenCellError(f"line {line}: a cell's quotes do not close at its end")
        quoted, plain, end = found["quoted"], found["plain"], found["end"]
        cells.append(plain.rstrip(BLANKS) if quoted is None else quoted.replace('""', '"'))
        line += len(LINE_END.findall(quoted or ""))
        position = found.end()
        if end != ",":
            if cells != [""] or quoted is not None:
                yield Row(tuple(cells), line)
            cells = []
            line += 1
