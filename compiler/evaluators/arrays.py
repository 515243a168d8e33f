"""NumPy arrays and torch tensors behind one small interface, so that one program runs on both.

Torch is never imported here: whoever hands over a tensor has imported it already.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import numpy

BOOLEAN = 1
"""The width in bits of a truth value; integers have 8, 16, 32 or 64."""

_CACHED_ROWS = 1 << 15  # a column of 16-bit codes then takes 64 KiB: a few of them stay in L2


def width_of(low: int, high: int) -> int | None:
    """The fewest bits that hold every integer of `low..high`; None where 64 do not."""
    if low >= 0 and high <= 1:
        return BOOLEAN
    for width in (8, 16, 32, 64):
        if -(1 << (width - 1)) <= low and high < 1 << (width - 1):
            return width
    return None


class ArrayLibrary(Protocol):
    """What a program asks of an array library; arrays and scalars are the library's own.

    Operators (`+`, `//`, `<=`, `&`, …) are taken from the arrays themselves: NumPy and torch
    agree on them for integers, floored division and remainder included.
    """

    rows_a_chunk: int

    def scalar(self, value: int, width: int) -> Any:
        """A single value."""
        ...

    def table(self, values: Sequence[int], width: int) -> Any:
        """An array that `take` reads."""
        ...

    def cast(self, array: Any, width: int) -> Any:
        """The array in another width; itself where it has that width."""
        ...

    def empty(self, rows: int, width: int) -> Any:
        """An array to write results to."""
        ...

    def minimum(self, left: Any, right: Any) -> Any:
        """Row by row."""
        ...

    def maximum(self, left: Any, right: Any) -> Any:
        """Row by row."""
        ...

    def choose(self, condition: Any, then: Any, otherwise: Any) -> Any:
        """`then` where the condition is true, else `otherwise`."""
        ...

    def take(self, table: Any, index: Any) -> Any:
        """The entries of a table at the positions of `index`, the nearest where that is outside."""
        ...

    def width(self, array: Any) -> int:
        """The bits of the array's type."""
        ...


_NUMPY_TYPES: dict[int, Any] = {
    BOOLEAN: numpy.bool_,
    8: numpy.int8,
    16: numpy.int16,
    32: numpy.int32,
    64: numpy.int64,
}


class _NumpyArrays:
    """The NumPy side of `ArrayLibrary`."""

    rows_a_chunk = _CACHED_ROWS

    def scalar(self, value: int, width: int) -> Any:
        return _NUMPY_TYPES[width](value)

    def table(self, values: Sequence[int], width: int) -> Any:
        return numpy.array(values, _NUMPY_TYPES[width])

    def cast(self, array: Any, width: int) -> Any:
        wanted = _NUMPY_TYPES[width]
        if array.dtype == wanted:
            return array
        if width == 8 and array.dtype == numpy.bool_:
            return array.view(numpy.int8)  # the same bytes
        return array.astype(wanted)

    def empty(self, rows: int, width: int) -> Any:
        return numpy.empty(rows, _NUMPY_TYPES[width])

    def minimum(self, left: Any, right: Any) -> Any:
        return numpy.minimum(left, right)

    def maximum(self, left: Any, right: Any) -> Any:
        return numpy.maximum(left, right)

    def choose(self, condition: Any, then: Any, otherwise: Any) -> Any:
        # NumPy's annotation of `where` is only partly known to the type checker.
        where: Any = numpy.where
        return where(condition, then, otherwise)

    def take(self, table: Any, index: Any) -> Any:
        return table.take(index, mode="clip")

    def width(self, array: Any) -> int:
        return BOOLEAN if array.dtype == numpy.bool_ else 8 * array.dtype.itemsize


NUMPY: ArrayLibrary = _NumpyArrays()


class _TorchArrays:
    """The torch side of `ArrayLibrary`, on the device of the tensors given."""

    def __init__(self, device: Any) -> None:
        self._torch: Any = sys.modules["torch"]
        self._device = device
        on_host = device.type == "cpu"
        self.rows_a_chunk = _CACHED_ROWS if on_host else sys.maxsize
        torch = self._torch
        self._types: dict[int, Any] = {
            BOOLEAN: torch.bool,
            8: torch.int8,
            16: torch.int16,
            32: torch.int32,
            64: torch.int64,
        }

    def scalar(self, value: int, width: int) -> Any:
        return self._torch.tensor(value, dtype=self._types[width], device=self._device)

    def table(self, values: Sequence[int], width: int) -> Any:
        return self._torch.tensor(values, dtype=self._types[width], device=self._device)

    def cast(self, array: Any, width: int) -> Any:
        return array.to(self._types[width])

    def empty(self, rows: int, width: int) -> Any:
        return self._torch.empty(rows, dtype=self._types[width], device=self._device)

    def minimum(self, left: Any, right: Any) -> Any:
        return self._torch.minimum(left, right)

    def maximum(self, left: Any, right: Any) -> Any:
        return self._torch.maximum(left, right)

    def choose(self, condition: Any, then: Any, otherwise: Any) -> Any:
        return self._torch.where(condition, then, otherwise)

    def take(self, table: Any, index: Any) -> Any:
        return table[index.long().clamp(0, len(table) - 1)]

    def width(self, array: Any) -> int:
        return BOOLEAN if array.dtype == self._torch.bool else 8 * array.dtype.itemsize


def library_of(columns: Iterable[Any]) -> ArrayLibrary:
    """The library of the first array among `columns`; NumPy where there is none."""
    for column in columns:
        if isinstance(column, numpy.ndarray):
            return NUMPY
        if type(column).__module__.partition(".")[0] == "torch":
            return _TorchArrays(column.device)
    return NUMPY
