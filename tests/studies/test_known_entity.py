"""Recognising names: the labels of `specs/known_entity` by a program of its own, which reads the
table itself.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from tests.helpers.spec_files import spec_file
from tests.helpers.studies import Setting, check_labels

with spec_file("known_entity").with_name("people.csv").open(encoding="utf-8") as lines:
    PEOPLE = {row["name"]: row for row in csv.DictReader(lines)}


def is_known(run: Setting) -> bool:
    return PEOPLE[run["person"]]["known"] == "yes"


def recognised(_kind: str, _base: Setting, sources: Mapping[str, Setting]) -> Setting:
    return {"answers": is_known(sources["source"])}


def forgotten(_kind: str, base: Setting, sources: Mapping[str, Setting]) -> Setting:
    assert is_known(base)
    fact = PEOPLE[base["person"]][base["asked"].lower()]
    return {"fact": fact if is_known(sources["source"]) else "unknown"}


def test_half_is_known_whatever_the_first_name_or_the_last() -> None:
    for part in (0, 1):
        known: dict[str, list[bool]] = {}
        for name, row in PEOPLE.items():
            known.setdefault(name.split()[part], []).append(row["known"] == "yes")
        assert all(sum(members) * 2 == len(members) for members in known.values())


def test_labels(tmp_path: Path) -> None:
    check_labels("known_entity", "Recognition", recognised, tmp_path)
    check_labels("known_entity", "Forgetting", forgotten, tmp_path)
