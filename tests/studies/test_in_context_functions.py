"""Functions shown by examples: `specs/in_context_functions` labelled by a program of its own."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from tests.helpers.spec_files import SPECS
from tests.helpers.studies import Setting, check_labels

with (SPECS / "in_context_functions" / "verbs.csv").open(encoding="utf-8") as lines:
    FORMS = {row["verb"]: row for row in csv.DictReader(lines)}


def follows(kind: str, base: Setting, sources: Mapping[str, Setting]) -> Setting:
    assert kind == "meant"
    for run in (base, sources["source"]):
        assert run["asked"] not in {run[f"shown[{i}]"] for i in range(3)}
    return {"answer": FORMS[base["asked"]][sources["source"]["way"].lower()]}


def test_labels(tmp_path: Path) -> None:
    check_labels("in_context_functions", "SwapFunction", follows, tmp_path)


def test_labels_of_function_vectors(tmp_path: Path) -> None:
    following = {"Past": "gerund", "Gerund": "third", "Third": "past"}

    def shifted(_: str, base: Setting, sources: Mapping[str, Setting]) -> Setting:
        (source,) = sources.values()
        assert base["asked"] == source["asked"]
        return {"answer": FORMS[base["asked"]][following[base["way"]]]}

    check_labels(
        "in_context_functions", "OtherFunction", shifted, tmp_path, file="function_vectors"
    )
