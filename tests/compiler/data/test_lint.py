"""Warnings about what data and prompts can show, and how a file accepts them."""

from __future__ import annotations

import pytest

from causalspec.compiler.compile import check_source
from causalspec.dsl import catalogue
from causalspec.dsl.diagnostics import Diagnostics
from causalspec.dsl.source import Source


def warnings(text: str) -> list[str]:
    diagnostics = Diagnostics()
    check_source(Source("case.causal", text), None, diagnostics)
    return [f"{diagnostic.code} {diagnostic.message}" for diagnostic in diagnostics]


def test_the_pair_that_would_tell_rivals_apart_is_printed() -> None:
    diagnostics = Diagnostics()
    text = catalogue.page("CS503").fails
    assert text is not None
    check_source(Source("case.causal", text), None, diagnostics)
    (found,) = diagnostics
    assert found.message == (
        "no pair of `Pairs` tells `Hypothesis` from `Rival`, though others would"
    )
    assert found.help == (
        "they part at base `a = 0, b = 0`, source `a = 0, b = 1`: `Hypothesis` says "
        "`same = false`, `Rival` `same = true`; let the filters admit such pairs, or write "
        "`distinguish from Rival`"
    )


PROMPTED = """language 1
task Sum {
  input a, b : 0..99
  output total : 0..198 = a + b
  prompt main "PROMPT"
}
"""


@pytest.mark.parametrize(
    ("prompt", "pair"),
    [
        ("{a} and {b}", None),
        ("{a} and", ("a = 0, b = 0", "a = 0, b = 1")),
        ("{a:.0f} and {b:03}", None),
        ("{a}{b}", ("a = 1, b = 20", "a = 12, b = 0")),
    ],
)
def test_prompts_that_collide(prompt: str, pair: tuple[str, str] | None) -> None:
    found = warnings(PROMPTED.replace("PROMPT", prompt))
    expected = [
        f"CS605 `main` reads the same at `{here}` and at `{other}`, whose answers differ"
        for here, other in ([pair] if pair else [])
    ]
    assert found == expected


def test_answers_that_are_said_alike_do_not_collide() -> None:
    text = PROMPTED.replace('"PROMPT"\n', '"{a}"\n  say total { 0..198 => "a sum" }\n')
    assert warnings(text) == []


UNCHANGED = (
    (catalogue.page("CS504").fixed or "")
    + """
counterfactuals Pairs of Hypothesis {
  swap equal
  split train 100
}
"""
)


def test_a_warning_is_accepted_with_a_reason() -> None:
    assert [finding[:5] for finding in warnings(UNCHANGED)] == ["CS502"]
    assert warnings(f'{UNCHANGED}\nallow CS502 "half of the pairs are meant to stay"\n') == []


def test_an_error_cannot_be_accepted() -> None:
    text = 'language 1\nallow CS323 "no"\ntask T { input a : bool  output y : bool = a }\n'
    text += "model M of T { output y = not a }\n"
    assert [finding[:5] for finding in warnings(text)] == ["CS323"]
    assert warnings(text.replace("not a", "a")) == ["CS504 `allow CS323` silences nothing"]


def test_a_code_that_does_not_exist() -> None:
    text = 'language 1\nallow CS52 "no"\ntask T { input a : bool  output y : bool = a }\n'
    assert warnings(text) == ["CS504 there is no warning `CS52` to allow"]
