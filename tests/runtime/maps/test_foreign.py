"""Methods that an installed package brings: one row of the vocabulary, and a function."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import pytest
import torch

from causalspec.compiler import extensions
from causalspec.compiler.specification import Method
from causalspec.compiler.vocabulary import MethodEntry
from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime.maps import BUILDERS, AlignmentMap, build_map
from causalspec.runtime.maps.methods.full_vector import Identity
from causalspec.runtime.maps.ownerships.fixed_split import FixedSplit


def first_neurons(methods: Sequence[Method], width: int, seed: int) -> AlignmentMap:
    return AlignmentMap(Identity(width), FixedSplit([1] * len(methods), width))


def dict_of(*_: object) -> dict[str, int]:
    return {}


def failing(*_: object) -> float:
    return 1 / 0


@pytest.fixture(autouse=True)
def package(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("somebody_elses_maps")
    module.__dict__.update(first_neurons=first_neurons, number=3, nothing=dict_of, fails=failing)
    monkeypatch.setitem(sys.modules, "somebody_elses_maps", module)


def bring(monkeypatch: pytest.MonkeyPatch, name: str, implementation: str) -> None:
    """Let an installed package bring a method."""
    row = MethodEntry(name, "Theirs.", implementation=implementation)
    monkeypatch.setattr(extensions, "installed_entries", lambda: (row,))


def test_a_method_of_somebody_else_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    bring(monkeypatch, "first_neurons", "somebody_elses_maps:first_neurons")
    made = build_map([Method("first_neurons")] * 2, 4, 0)
    base, sources = torch.zeros(1, 4), torch.ones(1, 2, 4)
    assert made.swap(base, sources, torch.tensor([[0.0, 1.0]])).tolist() == [[0, 1, 0, 0]]


@pytest.mark.parametrize(
    ("implementation", "message"),
    [
        (
            "nobodys_maps:first_neurons",
            "`theirs` cannot be imported from `nobodys_maps:first_neurons`: "
            "ModuleNotFoundError: No module named 'nobodys_maps'",
        ),
        (
            "somebody_elses_maps:last_neurons",
            "`theirs` cannot be imported from `somebody_elses_maps:last_neurons`: "
            "AttributeError: module 'somebody_elses_maps' has no attribute 'last_neurons'",
        ),
        (
            "somebody_elses_maps:number",
            "`somebody_elses_maps:number`, named by `theirs`, can't be called",
        ),
        (
            "somebody_elses_maps:fails",
            "`somebody_elses_maps:fails`, named by `theirs`, fails: "
            "ZeroDivisionError: division by zero",
        ),
        (
            "somebody_elses_maps:nothing",
            "`somebody_elses_maps:nothing`, named by `theirs`, gives a `dict` instead of a "
            "`AlignmentMap`",
        ),
    ],
)
def test_a_package_that_does_not_keep_its_word_is_told(
    monkeypatch: pytest.MonkeyPatch, implementation: str, message: str
) -> None:
    bring(monkeypatch, "theirs", implementation)
    with pytest.raises(ToolFailure) as failure:
        build_map([Method("theirs")], 4, 0)
    assert str(failure.value) == message
    assert failure.value.help == "install its package again, or ask who wrote it"


def test_every_method_says_what_it_is_its_source_its_cost_and_its_limits() -> None:
    page = Path(__file__).parents[3].joinpath("docs", "methods.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## `(\w+).*?`\n(.*?)(?=^## |\Z)", page, re.M | re.S))
    assert set(sections) == set(BUILDERS)
    for name, builder in BUILDERS.items():
        text = builder.__doc__ or ""
        for paper in re.findall(r"\d{4}\.\d{5}", text):
            assert paper in sections[name], name
        for part in ("**When.**", "**Cost.**", "**Cannot.**", "**Source.**"):
            assert part in sections[name], name
        for part in ("\n    Source: ", "\n    Cost: ", "\n    Cannot: ", "\n    What it is: "):
            assert part in text, name
