"""The large questions that proofs are promised for, and sums in their normal form."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from causalspec.compiler.domains import Numbers
from causalspec.compiler.evaluators import interpret
from causalspec.compiler.evaluators.prove import solve_for
from causalspec.compiler.evidence import NoWitness, Proved, Witness
from causalspec.compiler.expressions import All, Constant, Expression
from causalspec.compiler.model import CausalModel, Role, Variable
from causalspec.compiler.proofs.witnesses import find_witness, smallest_witness
from tests.helpers import large_questions
from tests.helpers.cases import arithmetic, compare
from tests.helpers.cases import given as an_input
from tests.helpers.large_questions import PRICE_MODELS, output_differs, specification_of


@pytest.mark.parametrize("name", PRICE_MODELS)
def test_price_tagging_is_proved(name: str) -> None:
    specification = specification_of(large_questions.price_tagging())
    question = output_differs(specification, name, "PriceTagging")
    assert find_witness(*question) == NoWitness(Proved())


def test_addition_of_ten_digits_is_proved() -> None:
    specification = specification_of(large_questions.ten_digits())
    question = output_differs(specification, "CarryChain", "Addition")
    assert find_witness(*question) == NoWitness(Proved())


def test_a_carry_off_by_one_is_refuted_by_a_minimal_input() -> None:
    specification = specification_of(large_questions.ten_digits_with_a_wrong_carry())
    found = smallest_witness(*output_differs(specification, "CarryChain", "Addition"))
    assert isinstance(found, Witness)
    assert {name: code for name, code in found.setting.items() if code} == {"y[9]": 9}


@settings(max_examples=60, deadline=None)
@given(
    some.lists(some.integers(-120, 120), min_size=3, max_size=3),
    some.integers(-50, 50),
    some.sampled_from([1, 2, 6, 10, 12, 60, 100]),
    some.sampled_from([1, 5, 10]),
)
def test_the_normal_form_of_divided_sums_keeps_their_value(
    factors: list[int], constant: int, by: int, again: int
) -> None:
    """The solver finds no input at which the sum, divided and reduced, is not what Python says."""
    names = ("a", "b", "c")
    total: Expression = Constant(constant)
    for name, factor in zip(names, factors, strict=True):
        part = arithmetic(name, "*", factor)
        total = arithmetic(total, "+", part)
    value = arithmetic(arithmetic(total, "//", by), "%", again)
    model = CausalModel(
        "M",
        "M",
        (
            *(an_input(name, Numbers(-7, 9)) for name in names),
            Variable("y", Role.OUTPUT, Numbers(-5000, 5000), value),
        ),
    )
    for setting in ({"a": -7, "b": 9, "c": 3}, {"a": 5, "b": -1, "c": -6}):
        expected = interpret.solve(model, setting)["y"]
        fixed = [compare(name, "==", code) for name, code in setting.items()]
        wrong = All((*fixed, compare("y", "!=", expected)))
        assert solve_for(model, wrong) == NoWitness(Proved())


def test_a_thousand_variables_compile() -> None:
    specification = specification_of(large_questions.a_thousand_variables())
    assert len(specification.models["M"].intermediates) == 1000
