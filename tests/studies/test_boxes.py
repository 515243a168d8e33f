"""Which thing is in the asked box: the labels of `specs/boxes` by a program of their own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.helpers.studies import Setting, check_labels


def content(kind: str, base: Setting, sources: Mapping[str, Setting]) -> Setting:
    source = sources["source"]
    things = {base[f"box[{i}]"]: base[f"item[{i}]"] for i in range(3)}
    place = source["at"]
    if kind == "label":
        return {"answer": things[source[f"box[{place}]"]]}
    return {"answer": base[f"item[{place}]"]}


def test_labels(tmp_path: Path) -> None:
    check_labels("boxes", "Swaps", content, tmp_path)
