"""Mechanisms as people read them."""

from __future__ import annotations

import pytest
import sympy
from hypothesis import given, settings

from causalspec.compiler.domains import Numbers, Truths
from causalspec.compiler.evaluators import interpret
from causalspec.compiler.expressions import (
    All,
    Any,
    Arithmetic,
    ArithmeticOperator,
    Compare,
    ComparisonOperator,
    Constant,
    Expression,
    Not,
    Reference,
)
from causalspec.compiler.model import CausalModel
from causalspec.compiler.views.symbolic import (
    TooLargeToShowError,
    condition_latex,
    mechanism_formula,
    mechanism_latex,
)
from tests.helpers.cases import (
    CARRY_CHAIN,
    DEEP,
    EVERY_NODE,
    FLOORED,
    LEFT_BOUNDARY,
    MIDPOINT_DISTANCE,
    POSITION_THEN_NAME,
    SEPARATE_ATTRIBUTES,
)
from tests.helpers.columns_of import covered_settings
from tests.helpers.generated.models import models


def test_values_are_in_the_units_of_the_spec() -> None:
    assert mechanism_latex(MIDPOINT_DISTANCE, "midpoint") == (
        r"\mathit{midpoint} = \frac{\mathit{lower}}{2} + \frac{\mathit{upper}}{2}"
    )


def test_symbols_are_words() -> None:
    assert mechanism_latex(LEFT_BOUNDARY, "answer") == (
        r"\mathit{answer} = \begin{cases} \text{Yes} & \text{if}\: \mathit{above} \wedge "
        r"\mathit{amount} \leq \mathit{upper} \\\text{No} & \text{otherwise} \end{cases}"
    )
    assert mechanism_latex(POSITION_THEN_NAME, "answer") == (
        r"\mathit{answer} = \begin{cases} \mathit{second} & \text{if}\: \mathit{position} = "
        r"\text{First} \\\mathit{first} & \text{otherwise} \end{cases}"
    )


def test_a_change_of_codes_is_not_shown() -> None:
    assert mechanism_latex(SEPARATE_ATTRIBUTES, "answer") == (
        r"\mathit{answer} = \begin{cases} \mathit{country} & \text{if}\: \mathit{asked} = "
        r"\text{Country} \\\mathit{language} & \text{otherwise} \end{cases}"
    )


def test_members_of_families_have_indices() -> None:
    assert mechanism_latex(CARRY_CHAIN, "carry[1]") == (
        r"\mathit{carry}_{1} = \left\lfloor{\frac{\mathit{carry}_{0} + x_{0} + y_{0}}{10}}"
        r"\right\rfloor"
    )


def test_what_nobody_would_read_is_not_shown() -> None:
    assert mechanism_latex(DEEP, "y") == r"y = \ldots"


def test_an_input_has_no_mechanism() -> None:
    with pytest.raises(ValueError, match="`x` has no mechanism"):
        mechanism_latex(DEEP, "x")


@pytest.mark.parametrize("model", [FLOORED, EVERY_NODE], ids=lambda model: model.name)
def test_formulas_have_the_interpreters_values(model) -> None:
    """Where everything is a number or a truth value, and no table is read."""
    names = [
        variable.name
        for variable in model.variables
        if variable.mechanism and variable.name != "looked"
    ]
    same_values(model, {name: mechanism_formula(model, name) for name in names}, 37)


@settings(max_examples=60, deadline=None)
@given(models())
def test_simplified_formulas_have_the_interpreters_values(model: CausalModel) -> None:
    formulas = {}
    for variable in model.variables:
        if variable.mechanism is not None:
            try:
                formula = mechanism_formula(model, variable.name)
            except TooLargeToShowError:
                continue
            if "table" not in str(formula):
                formulas[variable.name] = formula
    same_values(model, formulas, 7)


class Chosen(sympy.Function):
    """A choice that is made as soon as its condition is known: `Min` takes no open ones."""

    @classmethod
    def eval(cls, which, expression, other):
        if which in (sympy.true, sympy.false):
            return expression if which else other
        return None


def same_values(model: CausalModel, formulas, step: int) -> None:
    for setting in covered_settings(model)[::step]:
        solution = interpret.solve(model, setting)
        for name, formula in formulas.items():
            values = {
                symbol: bool(code) if isinstance(domain, Truths) else code
                for symbol in formula.free_symbols
                for variable in [str(symbol).removeprefix("variable ")]
                for code, domain in [(solution[variable], model.by_name[variable].domain)]
            }
            assert isinstance(model.by_name[name].domain, Numbers | Truths)
            result = formula.replace(sympy.Function("choose"), Chosen).subs(values)
            assert int(bool(result) if result.is_Boolean else result) == solution[name]


ABOVE = Compare(ComparisonOperator.LESS_OR_EQUAL, Reference("lower"), Reference("amount"))


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (Not(All((ABOVE, Not(ABOVE)))), r"\text{True}"),
        (
            Any((ABOVE, All((ABOVE, Not(Not(ABOVE)))))),
            r"\mathit{lower} \leq \mathit{amount}",
        ),
        (
            Compare(
                ComparisonOperator.LESS,
                Arithmetic(ArithmeticOperator.SUBTRACT, Reference("upper"), Reference("lower")),
                Constant(250),
            ),
            r"- \mathit{lower} + \mathit{upper} < \frac{5}{2}",
        ),
    ],
)
def test_truth_values_are_shortened(expression: Expression, text: str) -> None:
    assert condition_latex(LEFT_BOUNDARY, expression) == text
