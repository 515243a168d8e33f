"""Agreement across a relative clause: the minimal pairs and labels of `specs/minimal_pairs` by a
program of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.helpers.studies import Setting, check_labels


def form(kind: str, base: Setting, sources: Mapping[str, Setting]) -> Setting:
    edited = sources["edited"]
    assert kind == "carried"
    assert {base["subject"], edited["subject"]} == {
        base["subject"].removesuffix("s"),
        base["subject"].removesuffix("s") + "s",
    }
    assert (edited["verb"], edited["other"]) == (base["verb"], base["other"])
    assert base["other"].removesuffix("s") != base["subject"].removesuffix("s")
    return {"form": "Plural" if edited["subject"].endswith("s") else "Singular"}


def test_labels(tmp_path: Path) -> None:
    check_labels("minimal_pairs", "MinimalPairs", form, tmp_path)
