"""Entailment under negation: the labels of `specs/negation` by a program of their own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.helpers.studies import Setting, check_labels


def follows(kind: str, base: Setting, sources: Mapping[str, Setting]) -> Setting:
    def wider(run: Setting) -> bool:
        return run["direction"] == "Wider"

    def negated(run: Setting) -> bool:
        return run["adverb"] == "never"

    if kind == "wider":
        entailed = wider(sources["source"]) != negated(base)
    elif kind == "negation":
        entailed = wider(base) != negated(sources["source"])
    else:
        entailed = wider(sources["s2"]) != negated(sources["s1"])
    return {"follows": "Yes" if entailed else "No"}


def test_labels(tmp_path: Path) -> None:
    check_labels("negation", "Swaps", follows, tmp_path)


@pytest.mark.parametrize("design", ["Nouns", "Negations"])
def test_labels_of_one_source(design: str, tmp_path: Path) -> None:
    check_labels("negation", design, follows, tmp_path, file="one_source")
