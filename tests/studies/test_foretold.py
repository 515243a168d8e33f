"""What is to be foretold: the labels of `specs/foretold` by a program of their own."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from tests.helpers.studies import Setting, check_labels


def price(kind: str, base: Setting, sources: Mapping[str, Setting]) -> Setting:
    assert kind == "above"
    source = sources["source"]
    above = Decimal(str(source["lower"])) <= Decimal(str(source["amount"]))
    below = Decimal(str(base["amount"])) <= Decimal(str(base["upper"]))
    return {"answer": "Yes" if above and below else "No"}


def completed(kind: str, base: Setting, sources: Mapping[str, Setting]) -> Setting:
    assert kind == "position"
    return {"answer": base["second" if sources["source"]["repeated"] == "First" else "first"]}


def test_labels_of_prices(tmp_path: Path) -> None:
    check_labels("foretold", "Close", price, tmp_path, file="wider")


def test_labels_of_names(tmp_path: Path) -> None:
    check_labels("foretold", "SwapPosition", completed, tmp_path, file="completed")
