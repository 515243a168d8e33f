"""Columns of text put together from pieces, without a Python object a row.

A piece is the same in every row, or is taken from a table of texts by a number a row. Rows are laid
out side by side, every piece as wide as its widest text; what is left over is filled by a byte that
UTF-8 never uses, and deleted at the end. So a row costs a few copies of short runs of bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby, pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler.domains import Domain
from causalspec.compiler.evaluators.columns import Column

ABSENT = -1
"""The number of the text that is left out: nothing stands there."""

Escape: TypeAlias = Callable[[str], str]
"""How a text is written in a file of some form."""

_FILLER = b"\xff"
_LAID_OUT = 1 << 20  # bytes at a time, so that a row is put together while it is in cache
_TABLE_BYTES = 1 << 24  # a table padded to its widest text is kept up to this size


class TextTable:
    """Distinct texts, to be taken by number; `ABSENT` takes the empty text."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = [*texts, ""]
        self._bytes = [text.encode() for text in self._texts]
        self.lengths = np.array([len(text) for text in self._bytes], dtype=np.int32)
        self.width = int(self.lengths.max())
        self._escaped: dict[Escape, TextTable] = {}

    @cached_property
    def characters(self) -> NDArray[np.int32]:
        """The length of each text in code points."""
        return np.array([len(text) for text in self._texts], dtype=np.int32)

    @cached_property
    def _padded(self) -> NDArray[Any] | None:
        """One element a text, as wide as the widest; None where that would take too much room."""
        if self.width * len(self._texts) > _TABLE_BYTES:
            return None
        return _padded(self._bytes, self.width)

    def take(self, numbers: NDArray[np.integer[Any]]) -> NDArray[Any]:
        """The texts of the given numbers, each padded to `width` bytes: one element a row."""
        if self._padded is not None:
            return self._padded.take(numbers)
        chosen: list[int] = numbers.tolist()
        return _padded([self._bytes[number] for number in chosen], self.width)

    def escaped(self, escape: Escape) -> TextTable:
        """The table of the escaped texts, made once."""
        if escape not in self._escaped:
            self._escaped[escape] = TextTable(map(escape, self._texts[:-1]))
        return self._escaped[escape]


def _padded(texts: Sequence[bytes], width: int) -> NDArray[Any]:
    return np.frombuffer(b"".join(text.ljust(width, _FILLER) for text in texts), f"V{width}")


@dataclass(frozen=True, eq=False, slots=True)
class Chosen:
    """A text of the table in every row: `numbers` [rows]."""

    table: TextTable
    numbers: NDArray[np.integer[Any]]


Piece: TypeAlias = str | Chosen


def escaped(pieces: Iterable[Piece], escape: Escape) -> list[Piece]:
    """Pieces as they stand in a file."""
    return [
        escape(piece)
        if isinstance(piece, str)
        else Chosen(piece.table.escaped(escape), piece.numbers)
        for piece in pieces
    ]


@dataclass(frozen=True, eq=False, slots=True)
class TextColumn:
    """The texts of some rows in UTF-8, one after the other: row i is
    `data[offsets[i] : offsets[i + 1]]`.
    """

    data: bytes
    offsets: NDArray[np.int64]

    def texts(self) -> list[str]:
        """Every row's text by itself."""
        ends: list[int] = self.offsets.tolist()
        if self.data.isascii():
            text = self.data.decode()
            return [text[start:end] for start, end in pairwise(ends)]
        return [self.data[start:end].decode() for start, end in pairwise(ends)]


def join(pieces: Sequence[Piece], rows: int) -> TextColumn:
    """Every row's pieces, one after the other."""
    lengths = np.zeros(rows, dtype=np.int64)
    for piece in pieces:
        lengths += (
            len(piece.encode())
            if isinstance(piece, str)
            else piece.table.lengths.take(piece.numbers)
        )
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    return TextColumn(b"".join(joined_bytes(pieces, rows)), offsets)


def joined_bytes(pieces: Sequence[Piece], rows: int) -> Iterator[bytes]:
    """What `join` puts together, some rows at a time."""
    parts = [part for part in _merged(pieces) if _width(part)]
    layout = np.dtype([(str(number), f"V{_width(part)}") for number, part in enumerate(parts)])
    step = max(1, _LAID_OUT // max(layout.itemsize, 1))
    for start in range(0, rows if parts else 0, step):
        table: NDArray[Any] = np.empty(min(step, rows - start), layout)
        for number, part in enumerate(parts):
            table[str(number)] = (
                np.void(part)
                if isinstance(part, bytes)
                else part.table.take(part.numbers[start : start + step])
            )
        joined = table.tobytes()
        yield joined.translate(None, _FILLER) if _FILLER in joined else joined


def _merged(pieces: Iterable[Piece]) -> Iterator[bytes | Chosen]:
    """The pieces; neighbours that are the same in every row are one."""
    for is_chosen, neighbours in groupby(pieces, lambda piece: isinstance(piece, Chosen)):
        if is_chosen:
            yield from (piece for piece in neighbours if isinstance(piece, Chosen))
        else:
            yield "".join(map(str, neighbours)).encode()


def _width(part: bytes | Chosen) -> int:
    return len(part) if isinstance(part, bytes) else part.table.width


class ValueTexts:
    """The texts of a domain's values, each made once however often it is asked for."""

    def __init__(self, domain: Domain, texts: Callable[[Sequence[int]], Iterable[str]]) -> None:
        self._codes = domain.codes()
        self._texts = texts

    @cached_property
    def _whole(self) -> TextTable:
        return TextTable(self._texts(self._codes))

    def of(self, codes: Column) -> Chosen:
        """The text of every row's code."""
        known = self._codes
        # What has no value is some code, in its domain or not: such a block is done code by code.
        if len(known) > len(codes) or codes.min() < known[0] or codes.max() > known[-1]:
            distinct, numbers = np.unique(codes, return_inverse=True)
            return Chosen(TextTable(self._texts(distinct.tolist())), numbers)
        if known.start == 0 and known.step == 1:
            return Chosen(self._whole, codes)
        return Chosen(self._whole, (codes.astype(np.int64) - known.start) // known.step)
