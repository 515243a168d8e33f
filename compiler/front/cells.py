"""The cells of a CSV text: those in quotes as they are, all others without blanks around them.

Lines end with `\\n`, `\\r\\n` or `\\r` and nothing else: other line and page breaks are characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

LINE_END = re.compile(r"\r\n|\n|\r")
BLANKS = " \t"
QUOTED = r"""\"(?P<quoted>(?:[^"]|"")*+)\"[ \t]*+"""
PLAIN = r"""(?P<plain>(?!")[^,\r\n]*+)"""
CELL = re.compile(rf"[ \t]*+(?:{QUOTED}|{PLAIN})(?P<end>,|\r\n|\n|\r|\Z)")


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
