"""The price tagging game: the labels of `specs/price_tagging` by a program of their own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.helpers.studies import Relabelling, Setting, check_labels


def cents(run: Setting, name: str) -> int:
    dollars, rest = run[name].split(".")
    return 100 * int(dollars) + int(rest)


def answered(yes: bool) -> Setting:
    return {"answer": "Yes" if yes else "No"}


def boundaries(kind: str, base: Setting, sources: Mapping[str, Setting]) -> Setting:
    runs = {"above": base, "below": base}
    runs |= zip(kind.split(", "), sources.values(), strict=True)
    violated = (
        cents(runs["above"], "amount") < cents(runs["above"], "lower"),
        cents(runs["below"], "amount") > cents(runs["below"], "upper"),
    )
    return answered(not any(violated))


def around_the_midpoint(_: str, base: Setting, sources: Mapping[str, Setting]) -> Setting:
    """All of it twice, so that there are no halves."""
    source = sources["source"]
    middle = cents(source, "lower") + cents(source, "upper")
    width = cents(base, "upper") - cents(base, "lower")
    return answered(middle - width <= 2 * cents(base, "amount") <= middle + width)


def in_the_bracket(_: str, base: Setting, sources: Mapping[str, Setting]) -> Setting:
    source = sources["source"]
    prices = range(cents(source, "lower"), cents(source, "upper") + 1)
    return answered(cents(base, "amount") in prices)


@pytest.mark.parametrize(
    ("design", "relabel"),
    [
        ("SwapAbove", boundaries),
        ("SwapEither", boundaries),
        ("SwapMidpoint", around_the_midpoint),
        ("SwapBracket", in_the_bracket),
    ],
)
def test_labels(design: str, relabel: Relabelling, tmp_path: Path) -> None:
    check_labels("price_tagging", design, relabel, tmp_path)


@pytest.mark.parametrize(
    ("file", "design"),
    [("neurons", "Boundary"), ("neurons", "OtherBoundary"), ("maps", "Either")],
)
def test_labels_of_other_files(file: str, design: str, tmp_path: Path) -> None:
    check_labels("price_tagging", design, boundaries, tmp_path, file=file)
