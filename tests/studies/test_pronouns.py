"""A pronoun by two paths: the labels of `specs/pronouns` by a program of their own."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from tests.helpers.spec_files import SPECS
from tests.helpers.studies import Setting, check_labels

with (SPECS / "pronouns" / "professions.csv").open(encoding="utf-8") as lines:
    PROFESSIONS = {row["name"]: row for row in csv.DictReader(lines)}


def referred(kind: str, base: Setting, sources: Mapping[str, Setting]) -> Setting:
    (source,) = sources.values()
    of_form = source if "said" in kind else base
    expecting = source if "expected" in kind else base
    words = PROFESSIONS[of_form["profession"]]
    gender = PROFESSIONS[expecting["profession"]]["expected"] or "Masculine"
    if words["masculine"] != words["feminine"]:
        gender = of_form["gender"]
    return {"pronoun": "she" if gender == "Feminine" else "he"}


def test_labels(tmp_path: Path) -> None:
    check_labels("pronouns", "Effects", referred, tmp_path)


def test_labels_of_effects(tmp_path: Path) -> None:
    check_labels("pronouns", "OtherProfession", referred, tmp_path, file="effects")


def test_labels_of_mediation(tmp_path: Path) -> None:
    def follows(_: str, base: Setting, sources: Mapping[str, Setting]) -> Setting:
        (source,) = sources.values()
        assert base["gender"] == source["gender"]
        return {"pronoun": referred("said and expected", source, sources)["pronoun"]}

    check_labels("pronouns", "OtherProfession", follows, tmp_path, file="mediation")


def test_labels_of_causes(tmp_path: Path) -> None:
    with (SPECS / "pronouns" / "reasons.csv").open(encoding="utf-8") as lines:
        reasons = {row["place"]: row["reason"] for row in csv.DictReader(lines)}

    def follows(_: str, base: Setting, sources: Mapping[str, Setting]) -> Setting:
        (source,) = sources.values()
        assert base["who"] == source["who"] and base["where_to"] != source["where_to"]
        return {"reason": reasons[source["where_to"]]}

    check_labels("pronouns", "OtherPlace", follows, tmp_path, file="cause_and_effect")
