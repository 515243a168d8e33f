"""Pairs as records: a dictionary a row, as JSON Lines hold them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from ..pairs import InterchangePairs
from .flat_columns import FlatColumn
from .text_lines import json_lines


def records(pairs: InterchangePairs, columns: Sequence[FlatColumn]) -> Iterator[dict[str, Any]]:
    """The rows in order: each column's value under its name."""
    for lines in json_lines([pairs], columns):
        # A value may hold what `splitlines` takes for the end of a line.
        for line in lines.removesuffix(b"\n").split(b"\n"):
            yield json.loads(line)
