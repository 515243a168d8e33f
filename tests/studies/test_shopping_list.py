"""A place in a list: the labels and texts of `specs/shopping_list` by a program of their own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from causalspec.command_line import main
from tests.helpers.spec_files import spec_file
from tests.helpers.studies import Setting, check_labels


def bought(kind: str, base: Setting, sources: Mapping[str, Setting]) -> Setting:
    assert kind == "place"
    return {"thing": base[f"item[{sources['source']['asked']}]"]}


def test_labels(tmp_path: Path) -> None:
    check_labels("shopping_list", "Places", bought, tmp_path)


def test_texts(tmp_path: Path) -> None:
    """What is read and what is to be said, written by a slow program row by row."""
    options = ["--split", "test", "--rows", "300", "--form", "jsonl", "--out", str(tmp_path)]
    assert main(["data", str(spec_file("shopping_list")), "Places", *options]) == 0
    lines = (tmp_path / "Places.test.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 300
    for row in map(json.loads, lines):
        clauses: list[str] = []
        for place in range(3):
            thing = row[f"base.item[{place}]"]
            article = "an" if thing in ("apple", "egg", "orange") else "a"
            clauses.append(f"{row[f'base.who[{place}]']} buys {article} {thing}")
        name = row[f"base.who[{row['base.asked']}]"]
        hurried = row["base.mood"] == "Hurried"
        start = "Quick" if hurried else "Well"
        listed = ", ".join(clauses)
        text = f"{start}: {listed}. What {name} buys is called"
        assert row["prompt.list.base"] == text
        manner = ", and quickly" if hurried else ""
        assert row["prompt.talk.base"] == (
            f"system: Say only what is asked{manner}.\n"
            f"user: {listed}. Of what does {name} need one?\n"
            f"assistant: The answer: {name} needs one\n"
        )
        label = row["label.thing"]
        assert row["say.thing"] == f" {label}"
        assert row["say.thing.list"] == f" {label}s"
