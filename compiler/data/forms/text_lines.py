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

from causalspec.compiler.data.forms.flat_columns import (
    CodedColumn,
    FlatColumn,
    Integer,
    Rendered,
    Truth,
)
from causalspec.compiler.data.pairs import InterchangePairs
from causalspec.compiler.data.prompts import Encode
from causalspec.compiler.data.text_columns import Piece, ValueTexts, joined_bytes


def json_lines(
    blocks: Iterable[InterchangePairs], columns: Sequence[FlatColumn]
) -> Iterator[bytes]:
    """A JSON object a row, its keys the columns' names; some whole lines at a time."""
    line: list[bytes | Rendered] = []
    for number, column in enumerate(columns):
        line.append(f"{',' if number else '{'}{_quoted(column.name)}:".encode())
        if isinstance(column, CodedColumn):
            bare = isinstance(column.type, Integer | Truth)
            line.append(_values(column, str.encode if bare else _json_value))
        else:
            line += [b'"', column.pieces(_json_escaped), b'"']
    return _lines(blocks, [*line, b"}\n"])


def records(pairs: InterchangePairs, columns: Sequence[FlatColumn]) -> Iterator[dict[str, Any]]:
    """The rows in order as JSON Lines hold them: each column's value under its name."""
    for lines in json_lines([pairs], columns):
        # A value may hold what `splitlines` takes for the end of a line.
        for line in lines.removesuffix(b"\n").split(b"\n"):
            yield json.loads(line)


def csv_lines(blocks: Iterable[InterchangePairs], columns: Sequence[FlatColumn]) -> Iterator[bytes]:
    """Values between commas under the columns' names, quoted as in RFC 4180, lines end in LF, some
    whole lines at a time. Prompts and answers are always quoted.
    """
    line: list[bytes | Rendered] = []
    for number, column in enumerate(columns):
        line += [b","] if number else []
        if isinstance(column, CodedColumn):
            line.append(_values(column, _csv_value))
        else:
            line += [b'"', column.pieces(_csv_escaped), b'"']
    header = b",".join(_csv_value(column.name) for column in columns) + b"\n"
    return chain([header], _lines(blocks, [*line, b"\n"]))


def _lines(blocks: Iterable[InterchangePairs], line: Sequence[bytes | Rendered]) -> Iterator[bytes]:
    for pairs in blocks:
        yield from joined_bytes(list(_pieces(line, pairs)), len(pairs))


def _pieces(line: Sequence[bytes | Rendered], pairs: InterchangePairs) -> Iterator[Piece]:
    """The pieces of a line; neighbours that are the same in every row are one."""
    waiting = b""
    for one in line:
        for piece in [one] if isinstance(one, bytes) else one(pairs):
            if isinstance(piece, bytes):
                waiting += piece
            else:
                yield waiting
                yield piece
                waiting = b""
    yield waiting


def _values(column: CodedColumn, encode: Encode) -> Rendered:
    def texts(codes: Sequence[int]) -> list[bytes]:
        return [encode(column.domain.text(code)) for code in codes]

    values = ValueTexts(column.domain, texts)
    return lambda pairs: [values.of(column.codes(pairs))]


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _json_value(text: str) -> bytes:
    return _quoted(text).encode()


def _json_escaped(text: str) -> bytes:
    return _quoted(text)[1:-1].encode()


def _csv_escaped(text: str) -> bytes:
    return text.replace('"', '""').encode()


def _csv_value(text: str) -> bytes:
    if any(one in text for one in ',"\r\n') or text != text.strip():
        return b'"' + _csv_escaped(text) + b'"'
    return text.encode()
