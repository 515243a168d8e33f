"""A line of JSON as values, whatever lies in fields that nothing reads."""

from __future__ import annotations

import json
import re
from typing import Any

MOST_NESTED = 64
"""So deep a column may lie; what lies deeper is left out."""

_MARK = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]')

_plain = json.JSONDecoder().raw_decode


def decoded(text: str) -> tuple[Any, int]:
    """The value that a text starts with, and how long it is there.

    Numbers of more digits than Python reads are the texts that they are; lists and objects inside
    more than `MOST_NESTED` others are `None`. Raises `ValueError` for what is not JSON.
    """
    try:
        return _plain(text)
    except json.JSONDecodeError:
        raise
    except (ValueError, RecursionError):  # too many digits, too deep: rare, and slower to read
        shallow = _shallow(text)
        value, end = json.JSONDecoder(parse_int=_integer).raw_decode(shallow)
        return value, len(text) if end == len(shallow) else end


def _integer(digits: str) -> int | str:
    try:
        return int(digits)
    except ValueError:
        return digits


def _shallow(text: str) -> str:
    """The text with `null` for what lies too deep."""
    kept: list[str] = []
    depth = start = 0
    for found in _MARK.finditer(text):
        if found[0] in "[{":
            depth += 1
            if depth == MOST_NESTED + 1:
                kept += [text[start : found.start()], "null"]
        elif found[0] in "]}":
            if depth == MOST_NESTED + 1:
                start = found.end()
            depth -= 1
    if depth > MOST_NESTED:
        raise ValueError("it ends inside a list or an object")
    return "".join([*kept, text[start:]])
