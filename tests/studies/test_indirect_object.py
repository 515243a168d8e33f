"""Who receives the gift: the labels of `specs/indirect_object` by a program of their own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.helpers.studies import Setting, check_labels

NAMES = ("first", "second")


def at_the_other_position(_: str, base: Setting, sources: Mapping[str, Setting]) -> Setting:
    source = sources["source"]
    assert all(base[name] != source[name] for name in NAMES)
    repeated = ("First", "Second").index(source["repeated"])
    return {"answer": base[NAMES[1 - repeated]]}


def name_not_repeated(_: str, base: Setting, sources: Mapping[str, Setting]) -> Setting:
    """The one that the source's prompt has once, counted."""
    source = sources["source"]
    told = [source["first"], source["second"], source[source["repeated"].lower()]]
    (once,) = (name for name in told if told.count(name) == 1)
    assert once != base["answer"]
    return {"answer": once}


def test_labels_of_positions(tmp_path: Path) -> None:
    check_labels("indirect_object", "SwapPosition", at_the_other_position, tmp_path)


def test_labels_of_names(tmp_path: Path) -> None:
    check_labels("indirect_object", "SwapName", name_not_repeated, tmp_path)


def test_labels_of_heads(tmp_path: Path) -> None:
    def follows(kind: str, base: Setting, sources: Mapping[str, Setting]) -> Setting:
        (source,) = sources.values()
        if kind == "position":
            assert {name: base[name] for name in NAMES} == {name: source[name] for name in NAMES}
        assert base["repeated"] != source["repeated"] or kind == "name"
        return {"answer": source[NAMES[("Second", "First").index(source["repeated"])]]}

    for design in ("OtherPosition", "OtherNames"):
        check_labels("indirect_object", design, follows, tmp_path / design, file="heads")


def test_labels_of_names_held_out(tmp_path: Path) -> None:
    for design, follows in (("Positions", at_the_other_position), ("Names", name_not_repeated)):
        check_labels("indirect_object", design, follows, tmp_path / design, file="held_out")
