"""The questions that proofs are promised for, each in its time, and sums in their normal form."""

from __future__ import annotations

from pathlib import Path
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from causalspec.compiler.domains import Numbers
from causalspec.compiler.evaluators import interpret
from causalspec.compiler.expressions import All, Constant, Expression
from causalspec.compiler.model import CausalModel, Role, Variable
from causalspec.compiler.proofs.derived_models import differs, of_task, side_by_side
from causalspec.compiler.proofs.evidence import NoWitness, Proved, Witness
from causalspec.compiler.proofs.prove import solve_for
from causalspec.compiler.proofs.witnesses import find_witness, smallest_witness

from .cases import arithmetic, compare
from .cases import given as an_input
from .compiled import attempt, compiled

SPECS = Path(__file__).parents[2] / "specs"
SECONDS = 5
ADDITION = (SPECS / "addition" / "addition.causal").read_text(encoding="utf-8")
TEN_DIGITS = "\n".join(
    line
    for line in ADDITION.replace("digits = 3", "digits = 10").splitlines()
    if not line.lstrip().startswith(("example", "derive", "language"))
)


@pytest.mark.parametrize(
    "name", ["LeftBoundary", "LeftAndRightBoundary", "MidpointDistance", "BracketIdentity"]
)
def test_price_tagging_is_proved_in_time(name: str) -> None:
    text = (SPECS / "price_tagging" / "price_tagging.causal").read_text(encoding="utf-8")
    specification = compiled(text.replace("language 1", ""))
    task = specification.tasks["PriceTagging"].model
    model = specification.models[name]
    both = side_by_side(model, task)
    started = process_time()
    found = find_witness(both, differs({one: of_task(one) for one in task.outputs}))
    assert found == NoWitness(Proved())
    assert process_time() - started < SECONDS


def test_addition_of_ten_digits_is_proved_in_time() -> None:
    specification = compiled(TEN_DIGITS)
    task = specification.tasks["Addition"].model
    both = side_by_side(specification.models["CarryChain"], task)
    started = process_time()
    found = find_witness(both, differs({one: of_task(one) for one in task.outputs}))
    assert found == NoWitness(Proved())
    assert process_time() - started < SECONDS


def test_a_carry_off_by_one_is_refuted_in_time_by_a_minimal_input() -> None:
    planted = TEN_DIGITS.replace("carry[i - 1]) // 10", "carry[i - 1] + 1) // 10")
    assert planted != TEN_DIGITS
    specification = compiled(planted)
    task = specification.tasks["Addition"].model
    both = side_by_side(specification.models["CarryChain"], task)
    started = process_time()
    found = smallest_witness(both, differs({one: of_task(one) for one in task.outputs}))
    assert process_time() - started < SECONDS
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


def test_a_thousand_variables_compile_in_time() -> None:
    lines = ["task T { input a, b, c : 0..9  output y : 0..9 = a }", "model M of T approximately {"]
    names = ["a", "b", "c"]
    for number in range(1000):
        first, second, third = (names[-1 - (number * k) % min(len(names), 40)] for k in (1, 7, 11))
        lines.append(f"  var v{number} : 0..9 = ({first} + {second} * 3 + {third}) % 10")
        names.append(f"v{number}")
    lines.append(f"  output y = max({names[-1]}, min({', '.join(names[-20:])}))\n}}")
    text = "\n".join(lines)
    started = process_time()
    specification, _ = attempt(text)
    assert process_time() - started < 2  # under 1 s where nothing else runs
    assert specification is not None
    assert len(specification.models["M"].intermediates) == 1000
