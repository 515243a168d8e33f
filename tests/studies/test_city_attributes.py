"""A city's attributes: the labels of `specs/city_attributes` by a program of their own."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.helpers.spec_files import spec_file
from tests.helpers.studies import Relabelling, Setting, check_labels

with spec_file("city_attributes").with_name("cities.csv").open(encoding="utf-8") as _lines:
    FACTS = {row["name"]: row for row in csv.DictReader(_lines)}


def fact(kind: str, base: Setting, sources: Mapping[str, Setting]) -> Setting:
    """What the table says of the source's city where the swapped attribute is asked about."""
    asked = base["asked"].lower()
    run = sources["source"] if kind == asked else base
    return {"answer": FACTS[run["city"]][asked]}


def changed(kind: str, base: Setting, sources: Mapping[str, Setting]) -> Setting:
    assert base["asked"] == "Country"
    label = fact(kind, base, sources)
    assert label["answer"] != FACTS[base["city"]]["country"]
    return label


def left_alone(_: str, base: Setting, sources: Mapping[str, Setting]) -> Setting:
    assert base["asked"] != "Country"
    return {"answer": FACTS[base["city"]][base["asked"].lower()]}


@pytest.mark.parametrize(
    ("design", "relabel"), [("Cause", changed), ("Isolate", left_alone), ("Each", fact)]
)
def test_labels(design: str, relabel: Relabelling, tmp_path: Path) -> None:
    check_labels("city_attributes", design, relabel, tmp_path)
