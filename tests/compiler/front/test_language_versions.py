"""Versions of the language: what was written in an earlier one is read as it was meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from causalspec.compiler.specification import Method, Metric, PlacedSite, Specification, TokenRange
from causalspec.dsl.formatter import format_source
from causalspec.dsl.source import Source
from tests.helpers.compiled import attempt

EARLY = Path(__file__).with_name("language_1.txt")
"""The first study that was ever written in language 1, as it was."""


TEXT = EARLY.read_text(encoding="utf-8")


def read(text: str) -> Specification:
    specification, diagnostics = attempt(text, version=False)
    assert diagnostics.found == []
    assert specification is not None
    return specification


def test_an_early_file_says_what_it_said() -> None:
    specification = read(TEXT)
    assert list(specification.models) == [
        *("LeftBoundary", "LeftAndRightBoundary", "MidpointDistance", "BracketIdentity"),
    ]
    (placement,) = specification.alignments["Grid"].placements
    assert (placement.variable, placement.site) == ("above", PlacedSite("residual", first_layer=0))
    assert (placement.receiver, placement.together, placement.write) == (None, False, None)
    assert placement.method == Method("boundless_das", (("dim", 64),))
    (tokens,) = placement.tokens
    assert isinstance(tokens, TokenRange)
    assert (tokens.first.text, tokens.last.text) == ("slot(amount).first", "last")
    assert specification.claims["LeftBoundaryIsComputed"].metrics == (
        Metric("iia"), Metric("iia", of="MidpointDistance"), Metric("iia", of="random_subspace"),
    )  # fmt: skip
    assert specification.claims["HoldsUnderAHeadline"].fitted_on == "instruction"


def test_an_early_file_is_laid_out_as_it_was() -> None:
    assert format_source(Source(EARLY.name, TEXT)) == TEXT


@pytest.mark.parametrize("word", ["together", "writing"])
def test_words_that_came_later_are_still_names(word: str) -> None:
    specification = read(TEXT.replace("above", word))
    assert specification.alignments["Grid"].placements[0].variable == word
    assert specification.models["LeftBoundary"].intermediates == (word,)


@pytest.mark.parametrize(
    ("version", "newer"), [("2", True), ("10", True), ("0", False), ("1.0", False), ("01", False)]
)
def test_a_version_that_is_not_known(version: str, newer: bool) -> None:
    text = TEXT.replace("language 1", f"language {version}")
    specification, diagnostics = attempt(text, version=False)
    assert specification is None
    first = diagnostics.found[0]
    assert (first.code, first.message) == ("CS112", f"unknown version `{version}` of the language")
    rest = ": a newer one may read this file" if newer else ""
    assert first.help == f"this causalspec reads `language 1`{rest}"
