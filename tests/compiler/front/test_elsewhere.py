"""Scores on other data and under other prompts: `iia(OtherCities)`."""

from __future__ import annotations

import pytest

from causalspec.compiler.specification import Metric
from tests.compiler.front.test_scores import TASK
from tests.helpers.compiled import compiled, findings

OTHER = 'prompt main "{a} plus {b} plus {c} is"'
MORE = """
counterfactuals Small of Chain { swap left  keep where base.a < 5  split test 50 }
counterfactuals Untested of Chain { swap left  split validation 50 }
counterfactuals Fronts of Other { swap front  split test 50 }
"""


def text(expect: str, of: str = "Pairs.test", placed: str = "left, right, both") -> str:
    task = TASK.replace(OTHER, f'{OTHER}\n  prompt asked "what is {{a}} + {{b}} + {{c}}?"')
    return (
        f"{task}{MORE}align A of Chain {{ var {placed} at residual token last by das(dim = 2) }}\n"
        f"claim C {{ of Chain on {of} with A  expect {expect} }}\n"
    )


@pytest.mark.parametrize("name", ["Small", "asked", "Both"])
def test_other_data_and_prompts_can_be_asked(name: str):
    [line] = compiled(text(f"iia({name}) - iia >= -0.05")).claims["C"].expectations
    assert Metric("iia", of=name) in compiled(text(f"iia({name}) >= 0.5")).claims["C"].metrics
    assert line.text == f"iia({name}) - iia >= -0.05"


def test_under_another_prompt_the_first_one_is_another():
    asked = text("iia(main) >= 0.5", "Pairs.test prompt asked")
    assert compiled(asked).claims["C"].metrics == (Metric("iia", of="main"),)


@pytest.mark.parametrize(
    ("written", "of", "message"),
    [
        ("iia(Pairs) >= 0.5", "Pairs.test", "CS751 `Pairs` is the claim's own data"),
        ("iia(main) >= 0.5", "Pairs.test", "CS751 `main` is the claim's own prompt"),
        ("iia(asked) >= 0.5", "Pairs.test prompt asked", "CS751 `asked` is the claim's own prompt"),
        ("iia(Untested) >= 0.5", "Pairs.test", "CS752 `Untested` has no split `test` to be scored"),
        (
            "iia(Fronts) >= 0.5",
            "Pairs.test",
            "CS710 `Fronts` is data of `Other`, the claim is about `Chain`",
        ),
    ],
)
def test_what_is_refused(written: str, of: str, message: str):
    [found] = findings(text(written, of))
    code, _, rest = found.split(maxsplit=2)
    assert f"{code} {rest}".startswith(message)


def test_its_variables_need_a_place():
    [found] = findings(text("iia(Both) >= 0.5", placed="left, right"))
    assert "CS711" in found
    assert "`Both` swaps `both`, which `A` does not place" in found
