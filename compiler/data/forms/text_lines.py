"""Data sets as lines of text: JSON Lines and CSV.

Values are written as the language writes them: decimals exactly (as quoted text in JSON, whose
numbers most readers round), truth values as `true` and `false`. A line is put together like a
prompt, from tables of texts that are already quoted and escaped.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from causalspec.compiler.data.forms.flat_columns import CodedColumn, FlatColumn, Integer, Truth
from causalspec.compiler.data.pairs import InterchangePairs
from causalspec.compiler.data.text_columns import Piece, escaped, joined_bytes


def json_lines(
    blocks: Iterable[InterchangePairs], columns: Sequence[FlatColumn]
) -> Iterator[bytes]:
    """A JSON object a row, its keys the columns' names; some whole lines at a time."""
    return chain.from_iterable(json_lines_of(pairs, columns) for pairs in blocks)


def json_lines_of(pairs: InterchangePairs, columns: Sequence[FlatColumn]) -> Iterator[bytes]:
    """The same of one block."""
    line: list[Piece] = []
    for column in columns:
        line += [f"{',' if line else '{'}{_quoted(column.name)}:"]
        if isinstance(column.type, Integer | Truth):
            line += column.pieces(pairs)
        else:
            line += ['"', *escaped(column.pieces(pairs), _json_escaped), '"']
    return joined_bytes([*line, "}\n"], len(pairs))


def records(pairs: InterchangePairs, columns: Sequence[FlatColumn]) -> Iterator[dict[str, Any]]:
    """The rows in order as JSON Lines hold them: each column's value under its name."""
    for lines in json_lines_of(pairs, columns):
        # A value may hold what `splitlines` takes for the end of a line.
        yield from map(json.loads, lines.removesuffix(b"\n").split(b"\n"))


def csv_lines(blocks: Iterable[InterchangePairs], columns: Sequence[FlatColumn]) -> Iterator[bytes]:
    """Values between commas under the columns' names, quoted as in RFC 4180, lines end in LF, some
    whole lines at a time. Prompts and answers are always quoted.
    """
    yield csv_heading(columns)
    for pairs in blocks:
        yield from csv_lines_of(pairs, columns)


def csv_heading(columns: Sequence[FlatColumn]) -> bytes:
    """The line of the columns' names."""
    return (",".join(_csv_value(column.name) for column in columns) + "\n").encode()


def csv_lines_of(pairs: InterchangePairs, columns: Sequence[FlatColumn]) -> Iterator[bytes]:
    """The lines of one block."""
    line: list[Piece] = []
    for column in columns:
        line += [","] if line else []
        if isinstance(column, CodedColumn):
            line += escaped(column.pieces(pairs), _csv_value)
        else:
            line += ['"', *escaped(column.pieces(pairs), _csv_escaped), '"']
    return joined_bytes([*line, "\n"], len(pairs))


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _json_escaped(text: str) -> str:
    return _quoted(text)[1:-1]


def _csv_escaped(text: str) -> str:
    return text.replace('"', '""')


def _csv_value(text: str) -> str:
    if any(mark in text for mark in ',"\r\n') or text != text.strip():
        return f'"{_csv_escaped(text)}"'
    return text
