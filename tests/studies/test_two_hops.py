"""The currency of a city's country: the labels of `specs/two_hops` by a program of their own."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from tests.helpers.spec_files import SPECS
from tests.helpers.studies import Setting, check_labels


def read(name: str) -> dict[str, dict[str, str]]:
    with (SPECS / "two_hops" / name).open(encoding="utf-8") as lines:
        return {row["name"]: row for row in csv.DictReader(lines)}


CITIES, COUNTRIES = read("cities.csv"), read("countries.csv")


def asked_of_country(_: str, base: Setting, sources: Mapping[str, Setting]) -> Setting:
    country = COUNTRIES[CITIES[sources["source"]["city"]]["country"]]
    return {"answer": country[base["asked"].lower()] or "euro"}


def test_labels(tmp_path: Path) -> None:
    check_labels("two_hops", "Bridge", asked_of_country, tmp_path)
