"""Three terms: the labels of `specs/three_terms` by a program of their own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.helpers.studies import Relabelling, Setting, check_labels


def first_two(_kind: str, base: Setting, sources: Mapping[str, Setting]) -> Setting:
    (source,) = sources.values()
    return {"total": source["x"] + source["y"] + base["z"]}


def whole(_kind: str, _base: Setting, sources: Mapping[str, Setting]) -> Setting:
    (source,) = sources.values()
    return {"total": source["x"] + source["y"] + source["z"]}


@pytest.mark.parametrize(("design", "relabel"), [("FirstTwo", first_two), ("Whole", whole)])
def test_labels(design: str, relabel: Relabelling, tmp_path: Path) -> None:
    check_labels("three_terms", design, relabel, tmp_path)
