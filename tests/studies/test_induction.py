"""What follows an earlier token: the labels of `specs/induction` by a program of their own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.helpers.studies import Setting, check_labels


def following(_: str, base: Setting, sources: Mapping[str, Setting]) -> Setting:
    source = sources["source"]
    tokens = [base[f"token[{i}]"] for i in range(6)]
    return {"next": tokens[source["at"] + 1]}


def test_labels(tmp_path: Path) -> None:
    check_labels("induction", "Swaps", following, tmp_path)
