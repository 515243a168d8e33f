"""A letter by its place: the labels of `specs/multiple_choice` by a program of their own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.helpers.studies import Setting, check_labels


def at_the_sources_place(_: str, base: Setting, sources: Mapping[str, Setting]) -> Setting:
    """Only texts are compared: where the told colour stands in the source, the base's letter."""
    (source,) = sources.values()
    choices = [source[f"choice[{i}]"] for i in range(4)]
    traded = [base[f"choice[{i}]"] for i in (1, 0, 3, 2)]
    assert choices == traded
    assert len({source[f"letter[{i}]"] for i in range(4)}) == 4
    told = base[f"choice[{base['right']}]"]
    assert source[f"choice[{source['right']}]"] == told
    assert source["thing"] == base["thing"]
    return {"answer": base[f"letter[{choices.index(told)}]"]}


def the_sources_letter(_: str, base: Setting, sources: Mapping[str, Setting]) -> Setting:
    """It is one that the base has, too, at another place."""
    (source,) = sources.values()
    said = source[f"letter[{source['right']}]"]
    assert said in {base[f"letter[{i}]"] for i in range(4)}
    assert said != at_the_sources_place("", base, sources)["answer"]
    return {"answer": said}


def test_labels(tmp_path: Path) -> None:
    check_labels("multiple_choice", "TradedPlaces", at_the_sources_place, tmp_path)
    check_labels("multiple_choice", "Traded", at_the_sources_place, tmp_path, file="pointer")
    check_labels("multiple_choice", "Letters", the_sources_letter, tmp_path, file="pointer")
