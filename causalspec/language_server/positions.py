"""Offsets in a text and the positions that editors speak of.

Editors count lines and, within a line, units of an encoding that both sides agreed on: UTF-16 where
nothing else was said, so that an emoji counts twice. Lines end as the protocol says, at a line
feed, a carriage return or both.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Final

from lsprotocol import types

from causalspec.dsl.source import Span

LINE_END: Final = re.compile(r"\r\n|\n|\r")
UNIT_BYTES: Final = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}


class Positions:
    """The positions of one text."""

    def __init__(self, text: str, encoding: str = "utf-16") -> None:
        self._text = text
        self._codec, self._bytes = UNIT_BYTES[encoding]
        ends = list(LINE_END.finditer(text))
        self._starts = [0, *(end.end() for end in ends)]
        self._stops = [*(end.start() for end in ends), len(text)]

    def units(self, text: str) -> int:
        """How long a text is in the units of the encoding."""
        if text.isascii():
            return len(text)
        return len(text.encode(self._codec, "surrogatepass")) // self._bytes

    def position(self, offset: int) -> types.Position:
        """Where a character offset is; between the two characters of a line end, before both."""
        line = bisect_right(self._starts, offset) - 1
        start = self._starts[line]
        end = min(offset, self._stops[line])
        return types.Position(line, self.units(self._text[start:end]))

    def offset(self, position: types.Position) -> int:
        """The character offset of a position; one past a line's end means the end.

        A position inside a character means the place before it.
        """
        if position.line >= len(self._starts):
            return len(self._text)
        start, stop = self._starts[position.line], self._stops[position.line]
        line = self._text[start:stop]
        if line.isascii():
            return start + min(position.character, len(line))
        units = 0
        for index, character in enumerate(line):
            units += self.units(character)
            if units > position.character:
                return start + index
        return stop

    def range(self, span: Span) -> types.Range:
        """The range that a span covers."""
        return types.Range(self.position(span.start), self.position(span.end))

    def between(self, start: int, end: int) -> types.Range:
        """The range between two offsets."""
        return types.Range(self.position(start), self.position(end))

    @property
    def whole(self) -> types.Range:
        """The range of the whole text."""
        return self.between(0, len(self._text))

    def pieces(self, start: int, end: int) -> list[tuple[int, int]]:
        """The parts of a stretch of text line by line, line ends left out."""
        first = bisect_right(self._starts, start) - 1
        found: list[tuple[int, int]] = []
        for line in range(first, len(self._starts)):
            low, high = max(start, self._starts[line]), min(end, self._stops[line])
            if self._starts[line] >= end:
                break
            if low < high:
                found.append((low, high))
        return found
