"""Balanced brackets: the labels of `specs/brackets` by a program of their own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.helpers.studies import Setting, check_labels

LENGTHS = [8, 12] if os.environ.get("CAUSALSPEC_LONG") else [8]


def _brackets(run: Setting, length: int) -> str:
    return "".join("(" if run[f"b[{place}]"] == "Open" else ")" for place in range(length))


def _height(brackets: str) -> int:
    return brackets.count("(") - brackets.count(")")


@pytest.mark.parametrize("length", LENGTHS)
def test_labels(length: int, tmp_path: Path) -> None:
    def balanced(kind: str, base: Setting, sources: Mapping[str, Setting]) -> Setting:
        written, other = _brackets(base, length), _brackets(sources["source"], length)
        place = int(kind.removeprefix("depth[").removesuffix("]"))
        # Up to the swap the base's own heights hold; from there on they start at the source's.
        heights = [_height(written[:end]) for end in range(place)]
        heights += [
            _height(other[:place]) + _height(written[place:end]) for end in range(place, length + 1)
        ]
        return {"balanced": min(heights) >= 0 and heights[-1] == 0}

    options = ["--set", f"length={length}"] if length != 8 else []
    check_labels("brackets", "Halfway", balanced, tmp_path, options=options)
