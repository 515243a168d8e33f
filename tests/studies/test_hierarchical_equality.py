"""Two pairs in one relation: the labels of `specs/hierarchical_equality`, and of the same at two
sites, by a program of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.helpers.studies import Setting, check_labels

PAIRS = {"left": "ab", "right": "cd"}


def related(kind: str, base: Setting, sources: Mapping[str, Setting]) -> Setting:
    """By the number of symbols in each pair, of the run that it is taken from."""
    runs = dict.fromkeys(PAIRS, base) | dict(zip(kind.split(", "), sources.values(), strict=True))
    symbols = {len({runs[pair][name] for name in names}) for pair, names in PAIRS.items()}
    return {"same": len(symbols) == 1}


@pytest.mark.parametrize("study", ["hierarchical_equality", "equality_at_two_sites"])
def test_labels(study: str, tmp_path: Path) -> None:
    check_labels(study, "OneOrBoth", related, tmp_path)


def middle_and_either(kind: str, base: Setting, sources: Mapping[str, Setting]) -> Setting:
    """Whether the middle two are alike, and the first or the last two, each in its own run."""
    runs = dict.fromkeys(["middle", "either"], base)
    runs |= dict(zip(kind.split(", "), sources.values(), strict=True))
    outer = [runs["either"][first] == runs["either"][second] for first, second in ("ab", "ef")]
    return {"holds": runs["middle"]["c"] == runs["middle"]["d"] and True in outer}


def test_labels_of_the_distributive_law(tmp_path: Path) -> None:
    check_labels(
        "hierarchical_equality", "OfAndOr", middle_and_either, tmp_path, file="distributive"
    )
