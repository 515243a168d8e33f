"""Coloured objects: the labels of `specs/coloured_objects` by a program of their own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.helpers.studies import Setting, check_labels


def follows(kind: str, base: Setting, sources: Mapping[str, Setting]) -> Setting:
    assert kind == "place"
    for run in (base, sources["source"]):
        assert len({run[f"object[{i}]"] for i in range(3)}) == 3
        assert len({run[f"colour[{i}]"] for i in range(3)}) == 3
    return {"answer": base[f"colour[{sources['source']['asked']}]"]}


def test_labels(tmp_path: Path) -> None:
    check_labels("coloured_objects", "SwapPlace", follows, tmp_path)
