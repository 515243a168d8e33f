"""Which pronoun a name asks for: `specs/counterfactual_text` by a program of its own."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from tests.helpers.spec_files import SPECS
from tests.helpers.studies import Setting, check_labels

with (SPECS / "counterfactual_text" / "people.csv").open(encoding="utf-8") as lines:
    WOMEN = {row["name"] for row in csv.DictReader(lines) if row["gender"] == "Woman"}


def follows(kind: str, base: Setting, sources: Mapping[str, Setting]) -> Setting:
    assert kind == "gender"
    who = sources["source"]["who"]
    assert (who in WOMEN) != (base["who"] in WOMEN)
    return {"pronoun": "she" if who in WOMEN else "he"}


def test_labels(tmp_path: Path) -> None:
    check_labels("counterfactual_text", "OtherGender", follows, tmp_path)
