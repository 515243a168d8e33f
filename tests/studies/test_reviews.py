"""Edited reviews: the edits and labels of `specs/reviews` by a program of their own."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from tests.helpers.spec_files import spec_file
from tests.helpers.studies import Setting, check_labels

POINTS = {"Negative": -1, "Mixed": 0, "Positive": 1}
SAID_OF = {"eating": "food", "serving": "service", "place": "ambiance", "quietness": "sound"}


def test_labels(tmp_path: Path) -> None:
    with (spec_file("reviews").parent / "adjectives.csv").open(encoding="utf-8") as lines:
        points = {row["word"]: POINTS[row["opinion"]] for row in csv.DictReader(lines)}

    def stars(review: Setting) -> int:
        return min(5, max(1, 3 + sum(points[review[name]] for name in SAID_OF.values())))

    def edited(kind: str, base: Setting, sources: Mapping[str, Setting]) -> Setting:
        names = [SAID_OF[variable] for variable in kind.split(", ")]
        assert set(sources) == {f"new_{name}" for name in names}
        review = {name: base[name] for name in SAID_OF.values()}
        for name in names:
            source = sources[f"new_{name}"]
            assert all(source[other] == base[other] for other in review if other != name)
            review[name] = source[name]
        assert stars(review) != stars(base)
        return {"stars": stars(review)}

    check_labels("reviews", "Edits", edited, tmp_path)
