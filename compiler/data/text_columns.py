"""Columns of text put together from pieces, without a Python object a row.

A piece is the same in every row, is taken from a table of texts by a number a row, or has arms of
which each renders some of the rows. Rows are laid out side by side in a matrix of bytes, every
piece as wide as its widest text; what is left over is filled by a byte that UTF-8 never uses, and
deleted at the end. So a row costs a few copies of short runs of bytes, whatever its pieces are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from causalspec.compiler.domains import Domain
from causalspec.compiler.evaluators.columns import Column

Bytes: TypeAlias = NDArray[np.uint8]

_FILLER = 0xFF
_MATRIX_BYTES = 1 << 20  # laid out at a time, so that a row is put together while it is in cache
_TABLE_BYTES = 1 << 24  # a table padded to its widest text is kept up to this size


class TextTable:
    """Distinct texts, to be taken by number."""

    def __init__(self, texts: Sequence[bytes]) -> None:
        self._texts = texts
        self.lengths = np.array([len(text) for text in texts], dtype=np.int32)
        self.width = int(self.lengths.max(initial=0))

    @cached_property
    def characters(self) -> NDArray[np.int32]:
        """The length of each text in code points."""
        return np.array([len(text.decode()) for text in self._texts], dtype=np.int32)

    @cached_property
    def _padded(self) -> NDArray[Any] | None:
        """One element a text, as wide as the widest; None where that would take too much room."""
        if not 0 < self.width * len(self._texts) <= _TABLE_BYTES:
            return None
        return _padded(self._texts, self.width)

    def take(self, numbers: NDArray[np.integer[Any]]) -> NDArray[Any]:
        """The texts of the given numbers, each padded to `width` bytes: one element a row."""
        if self._padded is not None:
            return self._padded.take(numbers)
        chosen: list[int] = numbers.tolist()
        return _padded([self._texts[number] for number in chosen], self.width)


def _padded(texts: Sequence[bytes], width: int) -> NDArray[Any]:
    filler = bytes([_FILLER])
    joined = b"".join(text.ljust(width, filler) for text in texts)
    return np.frombuffer(joined, dtype=f"V{width}")


@dataclass(frozen=True, eq=False, slots=True)
class Chosen:
    """A text of the table in every row: `numbers` [rows]."""

    table: TextTable
    numbers: NDArray[np.integer[Any]]


@dataclass(frozen=True, eq=False, slots=True)
class Arm:
    """What stands in the given rows (ascending); its pieces have as many rows as it."""

    rows: NDArray[np.intp]
    pieces: Sequence[Piece]


@dataclass(frozen=True, eq=False, slots=True)
class Arms:
    """Every row is rendered by one arm, and where it is by none, nothing stands."""

    arms: Sequence[Arm]


Piece: TypeAlias = "bytes | Chosen | Arms"


@dataclass(frozen=True, eq=False, slots=True)
class TextColumn:
    """The texts of some rows in UTF-8, one after the other: row i is
    `data[offsets[i] : offsets[i + 1]]`.
    """

    data: Bytes
    offsets: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def texts(self) -> list[str]:
        """Every row's text by itself."""
        ends: list[int] = self.offsets.tolist()
        whole = self.data.tobytes()
        if whole.isascii():
            text = whole.decode()
            return [text[a:b] for a, b in pairwise(ends)]
        return [whole[a:b].decode() for a, b in pairwise(ends)]


def join(pieces: Sequence[Piece], rows: int) -> TextColumn:
    """Every row's pieces, one after the other."""
    lengths = np.zeros(rows, dtype=np.int64)
    for piece in pieces:
        lengths += _lengths(piece, rows)
    offsets = np.zeros(rows + 1, dtype=np.int64)
    np.cumsum(lengths, out=offsets[1:])
    data = np.empty(int(offsets[-1]), dtype=np.uint8)
    if not any(map(_is_ragged, pieces)):
        width = sum(map(_width, pieces))
        matrix = data.reshape(rows, width)
        for start, stop in _stretches(rows, width):
            _fill(matrix[start:stop], pieces, start)
        return TextColumn(data, offsets)
    written = 0
    for part in joined_bytes(pieces, rows):
        data[written : written + len(part)] = np.frombuffer(part, dtype=np.uint8)
        written += len(part)
    return TextColumn(data, offsets)


def joined_bytes(pieces: Sequence[Piece], rows: int) -> Iterator[bytes]:
    """What `join` puts together, some rows at a time."""
    width = sum(map(_width, pieces))
    ragged = any(map(_is_ragged, pieces))
    for start, stop in _stretches(rows, width):
        matrix = np.empty((stop - start, width), dtype=np.uint8)
        _fill(matrix, pieces, start)
        joined = matrix.tobytes()
        yield joined.translate(None, bytes([_FILLER])) if ragged else joined


def _stretches(rows: int, width: int) -> Iterator[tuple[int, int]]:
    """Some rows at a time, none where there is nothing to lay out."""
    step = max(1, _MATRIX_BYTES // max(width, 1))
    for start in range(0, rows if width else 0, step):
        yield start, min(start + step, rows)


def _fill(matrix: Bytes, pieces: Sequence[Piece], start: int) -> None:
    """Lay out the rows from `start` on, as many as the matrix has."""
    column = 0
    for piece in pieces:
        width = _width(piece)
        if not width:
            continue
        here = matrix[:, column : column + width]
        match piece:
            case bytes():
                here[:] = np.frombuffer(piece, dtype=np.uint8)
            case Chosen(table, numbers):
                target: NDArray[Any] = here.view(f"V{width}")[:, 0]
                target[:] = table.take(numbers[start : start + len(matrix)])
            case Arms(arms):
                _fill_arms(here, arms, start)
        column += width


def _fill_arms(matrix: Bytes, arms: Sequence[Arm], start: int) -> None:
    matrix[:] = _FILLER
    for arm in arms:
        first, last = np.searchsorted(arm.rows, [start, start + len(matrix)]).tolist()
        width = sum(map(_width, arm.pieces))
        if first < last and width:
            own = np.empty((last - first, width), dtype=np.uint8)
            _fill(own, arm.pieces, first)
            matrix[arm.rows[first:last] - start, :width] = own


def _width(piece: Piece) -> int:
    match piece:
        case bytes():
            return len(piece)
        case Chosen(table):
            return table.width
        case Arms(arms):
            return max((sum(map(_width, arm.pieces)) for arm in arms), default=0)


def _is_ragged(piece: Piece) -> bool:
    match piece:
        case bytes():
            return False
        case Chosen(table):
            return bool((table.lengths != table.width).any())
        case Arms():
            return True


def _lengths(piece: Piece, rows: int) -> NDArray[np.integer[Any]] | int:
    match piece:
        case bytes():
            return len(piece)
        case Chosen(table, numbers):
            return table.lengths.take(numbers)
        case Arms(arms):
            lengths = np.zeros(rows, dtype=np.int64)
            for arm in arms:
                for one in arm.pieces:
                    lengths[arm.rows] += _lengths(one, len(arm.rows))
            return lengths


class ValueTexts:
    """The texts of a domain's values, each made once however often it is asked for."""

    def __init__(self, domain: Domain, texts: Callable[[Sequence[int]], list[bytes]]) -> None:
        self._codes = domain.codes()
        self._texts = texts
        self._whole: TextTable | None = None

    def of(self, codes: Column) -> Chosen:
        """The text of every row's code."""
        known = self._codes
        if self._whole is None and len(known) <= len(codes):
            self._whole = TextTable(self._texts(known))
        # An intervention can carry a number out of its domain: such a block is done value by value.
        if self._whole is None or (codes < known[0]).any() or (codes > known[-1]).any():
            distinct, numbers = np.unique(codes, return_inverse=True)
            return Chosen(TextTable(self._texts(distinct.tolist())), numbers)
        if known.start == 0 and known.step == 1:
            return Chosen(self._whole, codes)
        return Chosen(self._whole, (codes.astype(np.int64) - known.start) // known.step)
