"""Columns: signs and comments that an author has aligned on neighbouring lines stay aligned.

Aligned anew, each column is as narrow as its widest row allows; so a second pass finds nothing to
change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

CLOSEST_COMMENT = 2
"""Spaces between code and a comment after it, at least."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line: `head` and `tail` meet at the sign that may be aligned, where there is one.

    `anchor_column`, `comment_column` and `comment_gap` say where the author had put these.
    """

    indent: str
    head: str
    tail: str
    anchor_column: int | None
    comment: str
    comment_column: int
    comment_gap: int

    @property
    def code(self) -> str:
        """The line without its comment."""
        parts = [part for part in (self.head, self.tail) if part]
        return f"{self.indent}{' '.join(parts)}" if parts else ""

    @property
    def width(self) -> int:
        """Of the code's last line: a quoted text may hold several."""
        return len(self.code.rpartition("\n")[2])


def aligned(rows: list[Row]) -> Iterator[str]:
    """The text of each row."""
    signs: list[Row] = []
    for run in _runs(rows, _has_sign, lambda row: (row.indent, row.anchor_column)):
        widest = max(len(row.head) for row in run)
        signs += [replace(row, head=row.head.ljust(widest)) if row.tail else row for row in run]
    for run in _runs(signs, _has_comment_after_code, lambda row: row.comment_column):
        space = max(CLOSEST_COMMENT, min(row.comment_gap for row in run))
        widest = max(row.width for row in run)
        for row in run:
            if not row.comment:
                yield row.code
            elif not row.code:
                yield f"{row.indent}{row.comment}"
            else:
                yield f"{row.code}{' ' * (widest - row.width + space)}{row.comment}"


def _has_sign(row: Row) -> bool:
    return row.anchor_column is not None and "\n" not in row.head


def _has_comment_after_code(row: Row) -> bool:
    return bool(row.comment and row.code)


def _runs(
    rows: list[Row], takes_part: Callable[[Row], bool], key: Callable[[Row], object]
) -> Iterator[list[Row]]:
    """Neighbouring rows with equal keys; a row that takes no part is a run of its own."""
    run: list[Row] = []
    for row in rows:
        if run and not (takes_part(row) and takes_part(run[-1]) and key(row) == key(run[-1])):
            yield run
            run = []
        run.append(row)
    if run:
        yield run
