"""Methods that an installed package brings: one row of the vocabulary, and a function."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest
import torch

from causalspec.compiler.specification import Method
from causalspec.dsl.diagnostics import ToolFailure
from causalspec.runtime.maps import BUILDERS, AlignmentMap, build_map
from causalspec.runtime.maps.methods.full_vector import Identity
from causalspec.runtime.maps.ownerships.fixed_split import FixedSplit


@dataclass(frozen=True)
class Row:
    implementation: str | None


def first_neurons(methods: Sequence[Method], width: int, seed: int) -> AlignmentMap:
    return AlignmentMap(Identity(width), FixedSplit([1] * len(methods), width))


def dict_of(*_: object) -> dict[str, int]:
    return {}


@pytest.fixture(autouse=True)
def package(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("somebody_elses_maps")
    module.__dict__.update(first_neurons=first_neurons, number=3, nothing=dict_of)
    monkeypatch.setitem(sys.modules, "somebody_elses_maps", module)


def test_a_method_of_somebody_else_is_built() -> None:
    rows = {"first_neurons": Row("somebody_elses_maps:first_neurons")}
    made = build_map([Method("first_neurons")] * 2, 4, 0, rows)
    base, sources = torch.zeros(1, 4), torch.ones(1, 2, 4)
    assert made.swap(base, sources, torch.tensor([[0.0, 1.0]])).tolist() == [[0, 1, 0, 0]]


@pytest.mark.parametrize(
    ("implementation", "message"),
    [
        (
            "nobodys_maps:first_neurons",
            "the method `theirs` can't be had from `nobodys_maps:first_neurons`: "
            "No module named 'nobodys_maps'",
        ),
        (
            "somebody_elses_maps:last_neurons",
            "the method `theirs` can't be had from `somebody_elses_maps:last_neurons`: "
            "module 'somebody_elses_maps' has no attribute 'last_neurons'",
        ),
        (
            "somebody_elses_maps:number",
            "the method `theirs` can't be had from `somebody_elses_maps:number`: "
            "'int' object is not callable",
        ),
        (
            "somebody_elses_maps:nothing",
            "the method `theirs` of `somebody_elses_maps:nothing` is not an alignment map",
        ),
    ],
)
def test_a_package_that_does_not_keep_its_word_is_told(implementation: str, message: str) -> None:
    with pytest.raises(ToolFailure) as failure:
        build_map([Method("theirs")], 4, 0, {"theirs": Row(implementation)})
    assert str(failure.value) == message
    assert failure.value.help is not None


def test_every_method_says_what_it_is_its_source_its_cost_and_its_limits() -> None:
    page = Path(__file__).parents[2].joinpath("docs", "methods.md").read_text(encoding="utf-8")
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
