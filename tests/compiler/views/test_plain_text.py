"""Mechanisms in one line, in the words and units of the spec."""

from __future__ import annotations

import pytest

from causalspec.compiler.model import CausalModel
from causalspec.compiler.views.plain_text import UNICODE, condition_text, mechanism_text
from tests.helpers.cases import (
    BRACKET_IDENTITY,
    CARRY_CHAIN,
    DEEP,
    LEFT_BOUNDARY,
    MIDPOINT_DISTANCE,
    PRICE_TAGGING,
    SEPARATE_ATTRIBUTES,
    SHARED,
)
from tests.helpers.compiled import compiled
from tests.helpers.spec_files import loaded, spec_file


def model(spec: str, name: str) -> CausalModel:
    return loaded(spec_file(spec)).models[name]


@pytest.mark.parametrize(
    ("path", "name", "variable", "text"),
    [
        ("price_tagging", "LeftBoundary", "above", "lower <= amount"),
        (
            "price_tagging",
            "LeftBoundary",
            "answer",
            "if above and amount <= upper then Yes else No",
        ),
        ("price_tagging", "MidpointDistance", "midpoint", "(lower + upper) / 2"),
        (
            "price_tagging",
            "MidpointDistance",
            "answer",
            "if abs(amount - midpoint) <= (upper - lower) / 2 then Yes else No",
        ),
        ("addition", "CarryChain", "carry[1]", "(x[0] + y[0] + carry[0]) // 10"),
        ("addition", "CarryChain", "carry[0]", "0"),
        ("hierarchical_equality", "LeftEquality", "same", "left == (c == d)"),
        ("city_attributes", "SeparateAttributes", "country", "city.country"),
        (
            "city_attributes",
            "SeparateAttributes",
            "answer",
            "if asked == Country then country else if asked == Continent then continent "
            "else language",
        ),
        (
            "indirect_object",
            "PositionThenName",
            "answer",
            "if position == First then second else first",
        ),
        ("firing_squad", "TwoRiflemen", "first", "signal or nervous"),
    ],
)
def test_the_librarys_mechanisms_read_as_written(
    path: str, name: str, variable: str, text: str
) -> None:
    assert mechanism_text(model(path, name), variable) == text


@pytest.mark.parametrize(
    "text",
    [
        "(a + b) * c",
        "a + b * c",
        "a - (b - c)",
        "a - b - c",
        "(a + b) % 3",
        "min(a, b) + max(b, c)",
        "abs(a - b)",
        "if a < b then c else 2",
    ],
)
def test_brackets_stand_where_they_are_needed(text: str) -> None:
    spec = f"task T {{ input a, b, c : 0..3  output y : -9..99 = {text} }}"
    assert mechanism_text(compiled(spec).tasks["T"].model, "y") == text


@pytest.mark.parametrize(
    "text",
    [
        "p and (q or r)",
        "p and q or r",
        "not p and q",
        "not (p and q)",
        "(p == q) == r",
        "a < b and p",
        "a in 1..2",
        "a != b",
    ],
)
def test_conditions(text: str) -> None:
    spec = f"task T {{ input p, q, r : bool  input a, b : 0..3  output y : bool = {text} }}"
    assert mechanism_text(compiled(spec).tasks["T"].model, "y") == text


def test_a_requirement_is_in_the_units_of_the_spec() -> None:
    requirement = PRICE_TAGGING.requirement
    assert requirement is not None
    assert condition_text(PRICE_TAGGING, requirement) == "upper - lower in 2.50..7.50"


def test_nobody_reads_more_than_a_few_lines() -> None:
    (name, *_) = DEEP.outputs
    assert mechanism_text(DEEP, name) == "…"
    (name, *_) = SHARED.outputs
    assert mechanism_text(SHARED, name) == "…"


def test_what_is_just_short_enough_is_written() -> None:
    half = " + ".join(["a"] * 100)
    many = f"{half} - ({half})"
    spec = f"task T {{ input a : 0..1  output y : -99..99 = {many} }}"
    assert mechanism_text(compiled(spec).tasks["T"].model, "y") == many
    more = spec.replace("a + a", "a + a + a", 1)
    assert mechanism_text(compiled(more).tasks["T"].model, "y") == "…"


@pytest.mark.parametrize(
    ("model", "name", "text"),
    [
        (MIDPOINT_DISTANCE, "midpoint", "(lower + upper)/2"),
        (
            MIDPOINT_DISTANCE,
            "answer",
            "if |amount - midpoint| ≤ (upper - lower)/2 then Yes else No",
        ),
        (LEFT_BOUNDARY, "answer", "if above and amount ≤ upper then Yes else No"),
        (CARRY_CHAIN, "carry[1]", "⌊(x[0] + y[0] + carry[0])/10⌋"),
        (CARRY_CHAIN, "z[0]", "(x[0] + y[0] + carry[0]) mod 10"),
        (BRACKET_IDENTITY, "bracket", "(lower, upper)"),
        (
            BRACKET_IDENTITY,
            "answer",
            "if bracket.low ≤ amount and amount ≤ bracket.high then Yes else No",
        ),
        (SEPARATE_ATTRIBUTES, "country", "city.country"),
        (DEEP, "y", "…"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_mathematics_in_unicode(model: CausalModel, name: str, text: str) -> None:
    assert mechanism_text(model, name, UNICODE) == text


def test_inputs_have_none() -> None:
    with pytest.raises(ValueError, match="`lower` has no mechanism"):
        mechanism_text(PRICE_TAGGING, "lower")
