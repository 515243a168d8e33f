"""The solver agrees with the interpreter, and witnesses are minimal and known honestly."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from causalspec.compiler.derived_models import (
    differs,
    interchanged,
    of_task,
    side_by_side,
    with_noise_at_rest,
)
from causalspec.compiler.evaluators import interpret, prove
from causalspec.compiler.evaluators.prove import solve_for
from causalspec.compiler.evidence import (
    Exhaustive,
    NoWitness,
    Proved,
    Sampled,
    Unknown,
    Witness,
)
from causalspec.compiler.expressions import All, Constant, Not, Reference
from causalspec.compiler.model import CausalModel
from causalspec.compiler.proofs.witnesses import smallest_witness
from causalspec.compiler.specification import SwapKind
from tests.helpers.cases import (
    ADDITION,
    BEYOND_64_BITS,
    BRACKET_IDENTITY,
    CARRY_CHAIN,
    LEFT_BOUNDARY,
    MIDPOINT_DISTANCE,
    NO_CARRY,
    NOISY,
    POSITION_THEN_NAME,
    PRICE_TAGGING,
    Case,
    compare,
    computed_cases,
)
from tests.helpers.columns_of import LONG, drawn_settings
from tests.helpers.generated.models import models


def disagreement(model: CausalModel, task: CausalModel) -> Witness | NoWitness:
    outputs = {name: of_task(name) for name in task.outputs}
    return smallest_witness(side_by_side(model, task), differs(outputs))


def assert_solver_finds_the_interpreters_values(
    model: CausalModel, setting: dict[str, int]
) -> None:
    """Asked for a solution with these inputs, the solver has no other than the interpreter's."""
    solution = interpret.solve(model, setting)
    inputs = [compare(name, "==", code) for name, code in setting.items()]
    same = All(tuple(compare(name, "==", code) for name, code in solution.items()))
    unrequired = CausalModel(model.name, model.task, model.variables)
    assert solve_for(unrequired, All((*inputs, Not(same)))) == NoWitness(Proved())


@pytest.mark.parametrize("case", list(computed_cases()), ids=lambda case: case.name)
def test_the_solver_agrees(case: Case) -> None:
    for setting in drawn_settings(case.model, 9, 10 if LONG else 2):
        assert_solver_finds_the_interpreters_values(case.model, setting)


@settings(
    max_examples=500 if LONG else 25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(models())
def test_the_solver_agrees_on_generated_models(model: CausalModel) -> None:
    for setting in drawn_settings(model, 0, 2):
        assert_solver_finds_the_interpreters_values(model, setting)


def test_equal_models_over_a_thousand_million_inputs_are_proved_equal() -> None:
    assert disagreement(LEFT_BOUNDARY, PRICE_TAGGING) == NoWitness(Proved())
    assert disagreement(MIDPOINT_DISTANCE, PRICE_TAGGING) == NoWitness(Proved())


def test_few_inputs_are_all_tried() -> None:
    assert disagreement(CARRY_CHAIN, ADDITION) == NoWitness(Exhaustive(10_000))


def test_a_witness_is_minimal() -> None:
    assert disagreement(NO_CARRY, ADDITION) == Witness({"x[0]": 0, "x[1]": 1, "y[0]": 0, "y[1]": 9})


def test_a_witness_of_the_solver_is_minimal() -> None:
    condition = All((compare("lower", "==", 200), compare("amount", "==", 777)))
    assert smallest_witness(BRACKET_IDENTITY, condition) == Witness(
        {"lower": 200, "upper": 450, "amount": 777}
    )


def test_a_condition_over_a_pair() -> None:
    pair = interchanged(POSITION_THEN_NAME, SwapKind(("position",), (0,)))
    assert smallest_witness(pair, differs({"result.answer": "base.answer"})) == Witness(
        {
            "base.first": 0,
            "base.second": 1,
            "base.repeated": 0,
            "base.place": 0,
            "source 0.first": 0,
            "source 0.second": 1,
            "source 0.repeated": 1,
            "source 0.place": 0,
        }
    )


def test_noise_takes_part_unless_it_rests() -> None:
    condition = All((compare("x", "==", 5), Not(Reference("high"))))
    assert smallest_witness(NOISY, condition) == Witness({"x": 5, "slips": 1, "by": -1})
    assert smallest_witness(with_noise_at_rest(NOISY), condition) == NoWitness(Exhaustive(10))


def test_beyond_64_bits_only_the_solver_answers() -> None:
    assert smallest_witness(BEYOND_64_BITS, compare("y", "==", 3 * 2**64)) == Witness({"x": 3})
    assert smallest_witness(BEYOND_64_BITS, compare("y", "==", 1)) == NoWitness(Proved())


def test_an_undecided_question_is_sampled_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def undecided(model: CausalModel, condition: object, seconds: float = 0) -> NoWitness:
        return NoWitness(Unknown())

    monkeypatch.setattr(prove, "solve_for", undecided)
    answer = disagreement(LEFT_BOUNDARY, PRICE_TAGGING)
    assert answer == NoWitness(Sampled(1_048_576, 0))
    assert not answer.is_certain
    assert answer.evidence.text == "sampled (1,048,576, seed 0)"


def test_no_inputs_matter() -> None:
    assert smallest_witness(PRICE_TAGGING, Constant(0)) == NoWitness(Proved())
