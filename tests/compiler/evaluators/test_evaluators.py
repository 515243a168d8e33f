"""Interpreter and columns give the same solution to every case."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy
import pytest

from causalspec.compiler.derived_models import interchanged, on_pair, on_sides
from causalspec.compiler.evaluators import interpret
from causalspec.compiler.evaluators.columns import with_definedness
from causalspec.compiler.evaluators.intervals import UnsupportedModelError
from causalspec.compiler.evaluators.vectorize import (
    ColumnProgram,
    interchange_columns,
    solve_columns,
)
from causalspec.compiler.expressions import ArithmeticOperator, Reference
from causalspec.compiler.model import CausalModel, Role
from causalspec.compiler.specification import SwapKind
from tests.helpers.cases import (
    CASES,
    FLOORED,
    LEFT_AND_RIGHT_BOUNDARY,
    LEFT_BOUNDARY,
    Case,
    arithmetic,
    compare,
    computed_cases,
)
from tests.helpers.columns_of import (
    Setting,
    as_columns,
    as_settings,
    covered_settings,
    drawn_settings,
)
from tests.helpers.spec_files import each_spec, loaded

computed = pytest.mark.parametrize("case", list(computed_cases()), ids=lambda case: case.name)


def narrow_columns(settings: Sequence[Mapping[str, int]]) -> dict[str, Any]:
    return {
        n: c.astype(numpy.min_scalar_type(-1 - abs(c).max()))
        for n, c in as_columns(settings).items()
    }


LIBRARIES: tuple[Callable[[Sequence[Mapping[str, int]]], dict[str, Any]], ...] = (
    as_columns,
    narrow_columns,
)


@computed
def test_solutions(case: Case) -> None:
    assert_solutions_agree(case.model)


def assert_solutions_agree(model: CausalModel) -> None:
    settings = covered_settings(model)
    expected = [interpret.solve(model, setting) for setting in settings]
    for columns in LIBRARIES:
        assert as_settings(solve_columns(model, columns(settings))) == expected


def interventions_on(model: CausalModel, count: int) -> list[tuple[str, list[int]]]:
    """For every variable with a mechanism, random codes of its domain."""
    generator = random.Random(1)
    found: list[tuple[str, list[int]]] = []
    for variable in model.variables:
        if variable.role in (Role.VARIABLE, Role.OUTPUT):
            codes = variable.domain.codes()
            picks = [codes[generator.randrange(variable.domain.size)] for _ in range(count)]
            found.append((variable.name, picks))
    return found


@computed
def test_interventions_on_every_variable(case: Case) -> None:
    model = case.model
    settings = drawn_settings(model, 2, 40)
    for name, codes in interventions_on(model, len(settings)):
        varying = [
            interpret.solve(model, setting, {name: code})
            for setting, code in zip(settings, codes, strict=True)
        ]
        constant = [interpret.solve(model, setting, {name: codes[0]}) for setting in settings]
        for columns in LIBRARIES:
            given = columns(settings)
            put_in = columns([{name: code} for code in codes])
            assert as_settings(solve_columns(model, given, put_in)) == varying
            assert as_settings(solve_columns(model, given, {name: codes[0]})) == constant


def kinds_of(model: CausalModel) -> list[SwapKind]:
    """Each variable alone; all of them from two sources in turn; all from one source."""
    names = model.intermediates
    kinds = [SwapKind((name,), (0,)) for name in names]
    if len(names) > 1:
        kinds.append(SwapKind(names, tuple(k % 2 for k in range(len(names)))))
        kinds.append(SwapKind(names, (1,) * len(names)))
    return kinds


@computed
def test_interchanges(case: Case) -> None:
    assert_interchanges_agree(case.model)


def assert_interchanges_agree(model: CausalModel) -> None:
    base, *sources = (drawn_settings(model, seed, 40) for seed in (3, 4, 5))
    everything = [variable.name for variable in model.total.variables]
    labels = with_definedness(model, model.outputs)
    for kind in kinds_of(model):
        expected = [
            interpret.interchange(model, own, several, kind)
            for own, *several in zip(base, *sources, strict=True)
        ]
        for columns in LIBRARIES:
            given = [columns(source) for source in sources]
            all_of_it = interchange_columns(model, columns(base), given, kind, wanted=everything)
            assert as_settings(all_of_it) == expected
            assert list(interchange_columns(model, columns(base), given, kind)) == list(
                model.outputs
            )
            outputs = interchange_columns(model, columns(base), given, kind, wanted=labels)
            assert as_settings(outputs) == [
                {n: solution[n] for n in model.outputs if n in solution} for solution in expected
            ]


@each_spec
def test_the_library(path: Path) -> None:
    specification = loaded(path)
    tasks = [task.model for task in specification.tasks.values()]
    for model in (*tasks, *specification.models.values()):
        if not model.cyclic:
            assert_solutions_agree(model)
            assert_interchanges_agree(model)


@pytest.mark.parametrize("case", [c for c in CASES if c.refused], ids=lambda case: case.name)
def test_refusals(case: Case) -> None:
    settings = covered_settings(case.model)
    with pytest.raises(UnsupportedModelError) as refusal:
        solve_columns(case.model, as_columns(settings))
    assert str(refusal.value) == case.refused


@pytest.mark.parametrize("columns", LIBRARIES)
def test_pairs(columns: Any) -> None:
    """Expressions over base, source and result agree with three runs of the interpreter."""
    model = LEFT_AND_RIGHT_BOUNDARY
    base, first, second = (drawn_settings(model, seed, 500) for seed in (6, 7, 8))
    kind = SwapKind(("above", "below"), (0, 1))
    wanted = [
        compare("base.answer", "!=", "result.answer"),
        arithmetic("s1.lower", "-", "s2.upper"),
        Reference("result.below"),
    ]
    given = [columns(first), columns(second)]
    pair = interchanged(model, kind)
    program = ColumnProgram(pair, [on_pair(expression, ("s1", "s2")) for expression in wanted])
    result = program.columns(on_sides(columns(base), given))
    expected: list[list[int]] = []
    for own, s1, s2 in zip(base, first, second, strict=True):
        solution = interpret.solve(model, own)
        under = interpret.interchange(model, own, (s1, s2), kind)
        changed = int(solution["answer"] != under["answer"])
        expected.append([changed, s1["lower"] - s2["upper"], under["below"]])
    assert [
        list(row) for row in zip(*(column.tolist() for column in result), strict=True)
    ] == expected


def test_only_what_is_wanted_needs_inputs() -> None:
    columns = {"lower": numpy.array([0, 500]), "amount": numpy.array([100, 100])}
    assert as_settings(solve_columns(LEFT_BOUNDARY, columns, wanted=["above"])) == [
        {"above": 1},
        {"above": 0},
    ]


def test_results_are_as_wide_as_the_columns_given() -> None:
    columns = {name: numpy.zeros(2, numpy.int16) for name in LEFT_BOUNDARY.inputs}
    solution = solve_columns(LEFT_BOUNDARY, columns)
    assert {column.dtype for column in solution.values()} == {numpy.dtype(numpy.int16)}


def test_a_constant_for_every_input_gives_as_many_rows() -> None:
    columns = {name: numpy.zeros(3, numpy.int64) for name in LEFT_BOUNDARY.inputs}
    done = dict.fromkeys(LEFT_BOUNDARY.inputs, 1)
    assert solve_columns(LEFT_BOUNDARY, columns, done)["above"].tolist() == [1, 1, 1]


def test_many_chunks() -> None:
    """Rows beyond one chunk, and a last chunk that is not full."""
    rows = 100_001
    generator = numpy.random.default_rng(0)
    columns = {name: generator.integers(1000, size=rows) for name in LEFT_BOUNDARY.inputs}
    above = columns["lower"] <= columns["amount"]
    answer = 1 - (above & (columns["amount"] <= columns["upper"]))
    solution = solve_columns(LEFT_BOUNDARY, columns)
    assert (solution["above"] == above).all()
    assert (solution["answer"] == answer).all()


TRUNCATED = {
    ArithmeticOperator.FLOOR_DIVIDE: lambda left, right: int(left / right),
    ArithmeticOperator.REMAINDER: lambda left, right: left - int(left / right) * right,
}
"""Division as C has it: the mistake that the table of cases must catch."""


def test_a_planted_mistake_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpret, "OPERATIONS", {**interpret.OPERATIONS, **TRUNCATED})
    wrong: list[Setting] = [
        interpret.solve(FLOORED, setting) for setting in covered_settings(FLOORED)
    ]
    assert as_settings(solve_columns(FLOORED, as_columns(covered_settings(FLOORED)))) != wrong
