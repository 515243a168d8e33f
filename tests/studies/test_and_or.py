"""Three equalities: the labels of `specs/and_or` by a program of their own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.helpers.studies import Setting, check_labels

PAIRS = {"first": "ab", "second": "cd", "third": "ef"}


def held(kind: str, base: Setting, sources: Mapping[str, Setting]) -> Setting:
    """By the number of symbols of each pair, of the run that it is taken from."""
    runs = dict.fromkeys(PAIRS, base) | dict(zip(kind.split(", "), sources.values(), strict=True))
    symbols = {pair: len({runs[pair][name] for name in names}) for pair, names in PAIRS.items()}
    return {"holds": symbols["third"] == 1 or symbols["first"] + symbols["second"] == 2}


def test_labels(tmp_path: Path) -> None:
    check_labels("and_or", "OneOrAll", held, tmp_path)
