"""Blocks of rows that stand where they stand whatever chunks the rows come in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from causalspec.compiler.data.pairs import InterchangePairs

BLOCK_ROWS = 1 << 16
"""Every form writes so many rows at a time: a row group of Parquet, a batch of Arrow."""


def in_blocks(
    chunks: Iterable[InterchangePairs], rows: int = BLOCK_ROWS
) -> Iterator[InterchangePairs]:
    """The rows of the chunks in blocks of `rows`, the last one shorter, none empty."""
    waiting: list[InterchangePairs] = []
    missing = rows
    for chunk in chunks:
        start = 0
        while start < len(chunk):
            part = chunk.select(slice(start, start + missing))
            waiting.append(part)
            start += len(part)
            missing -= len(part)
            if not missing:
                yield InterchangePairs.concatenated(waiting)
                waiting, missing = [], rows
    if waiting:
        yield InterchangePairs.concatenated(waiting)
