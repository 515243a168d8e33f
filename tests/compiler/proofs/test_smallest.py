"""No witness is smaller than the one that is shown: every setting is tried by the interpreter."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from causalspec.compiler.domains import Numbers, Symbols
from causalspec.compiler.evaluators import interpret
from causalspec.compiler.evidence import Exhaustive, NoWitness, Witness
from causalspec.compiler.expressions import All, Expression
from causalspec.compiler.model import CausalModel, Role, Variable
from causalspec.compiler.proofs import existence, witnesses
from causalspec.compiler.proofs.witnesses import smallest_witness
from tests.helpers.cases import arithmetic, compare, output
from tests.helpers.cases import given as an_input
from tests.helpers.columns_of import LONG
from tests.helpers.generated.models import models


def smallest_by_hand(model: CausalModel, condition: Expression) -> Mapping[str, int] | None:
    """The least setting in the order that `witnesses` defines, of those that are admitted."""
    free = list(model.exogenous)
    found: list[tuple[tuple[int, int, tuple[int, ...]], dict[str, int]]] = []
    likely = {name: likely_codes(model.by_name[name]) for name in free}
    for codes in product(*likely.values()):
        setting = dict(zip(free, codes, strict=True))
        admitted = interpret.satisfies(model, setting)
        if admitted and interpret.evaluate(condition, interpret.solve(model, setting)):
            places = tuple(likely[name].index(code) for name, code in setting.items())
            key = sum(map(bool, places)), sum(places), places
            found.append((key, setting))
    return min(found, key=lambda ranked: ranked[0])[1] if found else None


def likely_codes(variable: Variable) -> list[int]:
    codes = variable.domain.codes()
    weights = variable.weights or [1] * len(codes)
    return [code for code, weight in zip(codes, weights, strict=True) if weight]


@some.composite
def questions(draw: some.DrawFn) -> tuple[CausalModel, Expression]:
    """A generated model, and whether some variable has a value that it can have."""
    model = draw(models())
    name = draw(
        some.sampled_from([variable.name for variable in model.variables if variable.mechanism])
    )
    setting = {
        name: draw(some.sampled_from(model.by_name[name].domain.codes()))
        for name in model.exogenous
    }
    return model, compare(name, "==", interpret.solve(model, setting)[name])


def assert_smallest(model: CausalModel, condition: Expression) -> None:
    expected = smallest_by_hand(model, condition)
    found = smallest_witness(model, condition)
    if expected is None:
        assert isinstance(found, NoWitness) and found.is_certain
    else:
        assert found == Witness(expected)


few = settings(
    max_examples=1_000 if LONG else 60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@few
@given(questions())
def test_no_setting_of_a_generated_model_is_smaller(asked: tuple[CausalModel, Expression]) -> None:
    assert_smallest(*asked)


@settings(few, max_examples=200 if LONG else 15)
@given(questions())
def test_the_solver_finds_the_smallest_where_settings_are_too_many(
    asked: tuple[CausalModel, Expression],
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(witnesses, "CHEAPER_THAN_THE_SOLVER", 0)
        assert_smallest(*asked)


DIGITS = tuple(an_input(name, Numbers(0, 9)) for name in "abc")
SUM = arithmetic(arithmetic("a", "+", "b"), "+", "c")


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (compare(7, "<=", SUM), {"a": 0, "b": 0, "c": 7}),
        (compare(12, "<=", SUM), {"a": 0, "b": 3, "c": 9}),
        (All((compare(12, "<=", SUM), compare("b", "==", 0))), {"a": 3, "b": 0, "c": 9}),
        (compare(arithmetic("a", "*", "b"), "==", 6), {"a": 2, "b": 3, "c": 0}),
    ],
)
@pytest.mark.parametrize("few", [witnesses.CHEAPER_THAN_THE_SOLVER, 0])
def test_few_inputs_then_early_values_then_the_first(
    condition: Expression, expected: dict[str, int], few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(witnesses, "CHEAPER_THAN_THE_SOLVER", few)
    model = CausalModel("Sum", "Sum", (*DIGITS, output("y", Numbers(0, 27), SUM)))
    assert smallest_witness(model, condition) == Witness(expected)


def test_values_that_are_never_drawn_witness_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    shade = Variable("shade", Role.INPUT, Symbols(("Pale", "Dark", "Black")), weights=(0, 1, 2))
    model = CausalModel("Sum", "Sum", (*DIGITS, shade, output("y", Numbers(0, 27), SUM)))
    assert smallest_witness(model, compare("shade", "!=", 1)) == Witness(
        {"a": 0, "b": 0, "c": 0, "shade": 2}
    )
    assert smallest_witness(model, compare("a", "==", 1)) == Witness(
        {"a": 1, "b": 0, "c": 0, "shade": 1}
    )
    assert smallest_witness(model, compare("shade", "==", 0)) == NoWitness(Exhaustive(2))
    monkeypatch.setattr(existence, "CHEAPER_THAN_THE_SOLVER", 0)
    monkeypatch.setattr(existence, "GLANCE", 0)
    monkeypatch.setattr(witnesses, "CHEAPER_THAN_THE_SOLVER", 0)
    assert smallest_witness(model, compare("shade", "!=", 1)) == Witness(
        {"a": 0, "b": 0, "c": 0, "shade": 2}
    )
