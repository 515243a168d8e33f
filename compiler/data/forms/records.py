"""Pairs as records: a dictionary a row, as JSON Lines hold them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from causalspec.compiler.data.forms.flat_columns import FlatColumn
from causalspec.compiler.data.forms.text_lines import json_lines
from causalspec.compiler.data.pairs import InterchangePairs


def records(pairs: InterchangePairs, columns: Sequence[FlatColumn]) -> Iterator[dict[str, Any]]:
    """The rows in order: each column's value under its name."""
    for lines in json_lines([pairs], columns):
        # A value may hold what `splitlines` takes for the end of a line.
        for line in lines.removesuffix(b"\n").split(b"\n"):
            yield json.loads(line)
