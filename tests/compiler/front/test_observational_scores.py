"""What is told of `auroc`, `precision` and `recall` that no claim gives a meaning."""

from __future__ import annotations

from pathlib import Path

import pytest

from causalspec.compiler.compile import check_file

SPEC = """\
language 1

task Sum {{
  input a, b : 0..9
  output big : bool = a + b > 9
  prompt main "{{a}} plus {{b}} is"
}}

model Direct of Sum {{
  var total = a + b
  var large = total > 9
  output big = large
}}

counterfactuals Pairs of Direct {{
{swaps}
  split train 100, validation 50, test 50
}}

align Last of Direct {{
  var {variables} at {place}
}}

claim Fires {{
  of Direct on Pairs.test with Last
  expect {expected}
}}
"""
NEURON = "neuron[7] layers 3 token last by full_vector"


def told(
    folder: Path,
    variables: str = "large",
    place: str = NEURON,
    expected: str = "auroc >= 0.9",
    swaps: str = "  swap large",
) -> list[tuple[str, str]]:
    path = folder / "sum.causal"
    text = SPEC.format(variables=variables, place=place, expected=expected, swaps=swaps)
    path.write_text(text, encoding="utf-8")
    return [(found.code, found.message) for found in check_file(path).diagnostics]


@pytest.mark.parametrize(
    "place",
    [
        NEURON,
        "residual layers 0..* token last by das(dim = 1)",
        "residual layers 3 token last by probe",
        "residual layers 3 token last by mean_difference",
        "mlp_activation layers 3 token last by pca(dim = 1)",
    ],
)
@pytest.mark.parametrize("score", ["auroc", "lower(auroc)", "precision", "recall"])
def test_one_number_and_one_boolean(tmp_path: Path, place: str, score: str) -> None:
    assert told(tmp_path, place=place, expected=f"{score} >= 0.9") == []


@pytest.mark.parametrize(
    "place",
    [
        "residual layers 3 token last by full_vector",
        "residual layers 3 token last by das(dim = 2)",
        "neuron[7] layers 3 token last by mask",
        "residual layers 3 token last by boundless_das(dim = 1)",
    ],
)
def test_more_than_one_number(tmp_path: Path, place: str) -> None:
    message = "`recall` needs one number, and `large` is placed at more"
    assert told(tmp_path, place=place, expected="recall >= 0.9") == [("CS766", message)]


def test_a_variable_that_is_not_boolean_or_two(tmp_path: Path) -> None:
    found = told(tmp_path, variables="total", swaps="  swap total")
    message = "`auroc` asks where `total` is true, and it is not boolean"
    assert found == [("CS765", message)]
    both = told(tmp_path, variables="large, total", swaps="  swap large\n  swap total")
    assert both == [("CS765", "`auroc` is of one variable, and the data swaps `large`, `total`")]


@pytest.mark.parametrize("of", ["no_swap", "random_subspace", "large"])
def test_of_nothing_else(tmp_path: Path, of: str) -> None:
    message = "`precision` is of what the claim's own map reads, and of nothing else"
    assert told(tmp_path, expected=f"precision({of}) >= 0.5") == [("CS767", message)]
